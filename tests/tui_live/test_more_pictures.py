"""Pictures of the screens that come and go: before a run, in a search; and of a regression as it is found."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from perftui.engine.series.messages import Message, Second, Tried, Trying
from perftui.model.search import SearchStep
from perftui.store.baselines import set_baseline
from perftui.store.journal_writer import JournalWriter
from perftui.store.records import read_record
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.live import LiveScreen
from perftui.tui.screens.replay import ReplayScreen
from perftui.tui.screens.result import ResultScreen
from perftui.tui.screens.search import SearchScreen
from perftui.tui.screens.starting import StartingScreen
from perftui.tui.start import Start
from support.pilot import screen_of, still, until
from support.recorded_runs import RECORDED

Snap = Callable[..., bool]
Finished = Callable[[str], Path]
Running = Callable[[str, float], tuple[Path, JournalWriter]]
sizes = pytest.mark.parametrize("size", [(80, 24), (120, 36)], ids=lambda size: f"{size[0]}x{size[1]}")


class Said:
    """What a search said so far; it goes on."""

    async def messages(self) -> AsyncIterator[Message]:
        levels = ((100.0, True, 12.0), (200.0, True, 14.5), (400.0, False, 913.0))
        for level, holds, p95_ms in levels:
            why = "" if holds else "response_time.p95 913 ms misses < 500 ms"
            rate = min(level, 310.0)
            yield Tried(
                step=SearchStep(
                    level=level, kind="rise", holds=holds, why=why, throughput_per_s=rate, p95_ms=p95_ms, p50_ms=8.0
                )
            )
        yield Trying(level=280.0, kind="narrow", seconds=30.0)
        yield Second(at_s=12.0, ok_per_s=279.0, failed_per_s=0.0)

    def stop(self) -> None:
        """Nothing runs."""


@sizes
def test_search(app: PerftuiApp, snap_compare: Snap, size: tuple[int, int]) -> None:
    screen = SearchScreen(Said(), read_record(RECORDED / "read").plan)

    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.app.push_screen(screen)
        await until(pilot, lambda: "280" in str(screen.now.render()))

    assert snap_compare(app, terminal_size=size, run_before=steps)


@sizes
def test_starting(app: PerftuiApp, snap_compare: Snap, size: tuple[int, int]) -> None:
    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.app.push_screen(StartingScreen(read_record(RECORDED / "targets").plan))
        await still(pilot)

    assert snap_compare(app, terminal_size=size, run_before=steps)


@pytest.mark.slow
@sizes
def test_a_regression_while_the_run_goes_on(
    app: PerftuiApp, live: Running, finished: Finished, snap_compare: Snap, size: tuple[int, int]
) -> None:
    """Joined late, it is compared with its baseline at once; the worst operation stands first."""
    set_baseline(finished("report-before").name)
    path, _ = live("report", 50.0)

    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.look.against is not None and screen.look.against.comparison, 40)

    assert snap_compare(app, terminal_size=size, run_before=steps)


@pytest.mark.slow
@sizes
def test_a_regression_in_a_replay(
    app: PerftuiApp, finished: Finished, snap_compare: Snap, size: tuple[int, int]
) -> None:
    """At its end every operation stands against the baseline as it did then."""
    set_baseline(finished("report-before").name)
    screen = ReplayScreen(finished("report"), at_s=60.0)

    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.app.push_screen(screen)
        await until(pilot, lambda: screen.look.against is not None and screen.look.against.comparison, 40)

    assert snap_compare(app, terminal_size=size, run_before=steps)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["modes", "targets"])
def test_a_result_on_a_large_screen(app: PerftuiApp, finished: Finished, snap_compare: Snap, name: str) -> None:
    screen = ResultScreen(finished(name))

    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.app.push_screen(screen)
        await until(pilot, lambda: screen.picture)

    assert snap_compare(app, terminal_size=(200, 50), run_before=steps)


@sizes
def test_an_app_that_only_looks(place: object, finished: Finished, snap_compare: Snap, size: tuple[int, int]) -> None:
    finished("modes")

    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.press("r")
        await still(pilot)

    assert snap_compare(PerftuiApp(Start(is_read_only=True)), terminal_size=size, run_before=steps)
