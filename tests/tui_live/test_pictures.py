"""Pictures of the live screens from recorded runs, at the two sizes people have and a few odd ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from perftui.store.baselines import set_baseline
from perftui.store.journal_writer import JournalWriter
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.errors import ErrorsScreen
from perftui.tui.screens.live import LiveScreen
from perftui.tui.screens.replay import ReplayScreen
from perftui.tui.screens.result import ResultScreen
from perftui.tui.screens.trust import TrustScreen
from perftui.tui.start import Start
from support.pilot import screen_of, still, until

Snap = Callable[..., bool]
Finished = Callable[[str], Path]
Running = Callable[[str, float], tuple[Path, JournalWriter]]
Steps = Callable[[Pilot[Any]], Awaitable[None]]
SIZES = ((80, 24), (120, 36))
sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def live_steps(path: Path, *keys: str, readonly: bool = False) -> Steps:
    """Open a live run; press keys."""

    async def run(pilot: Pilot[Any]) -> None:
        pilot.app.push_screen(LiveScreen(path, readonly=readonly))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.picture is not None)
        # the baseline is read after the first picture, and compared with
        reading = {"follow", "against"}
        await until(pilot, lambda: not any(each.group in reading and each.is_running for each in pilot.app.workers))
        await still(pilot)
        await pilot.press(*keys)

    return run


def opened(screen: Screen[None], ready: Callable[[], object], *keys: str) -> Steps:
    """Open a screen, wait until it has read its run and drawn it, press keys."""

    async def run(pilot: Pilot[Any]) -> None:
        await pilot.app.push_screen(screen)
        await until(pilot, ready)
        await still(pilot)
        await pilot.press(*keys)

    return run


@sizes
def test_live(app: PerftuiApp, live: Running, finished: Finished, snap_compare: Snap, size: tuple[int, int]) -> None:
    """With a baseline as a ghost, and a mark."""
    set_baseline(finished("read-before").name)
    path, _ = live("read", 24.0)
    assert snap_compare(app, terminal_size=size, run_before=live_steps(path))


@sizes
def test_live_with_errors(app: PerftuiApp, live: Running, snap_compare: Snap, size: tuple[int, int]) -> None:
    path, _ = live("errors", 24.0)
    assert snap_compare(app, terminal_size=size, run_before=live_steps(path))


@sizes
def test_live_invalid(app: PerftuiApp, live: Running, snap_compare: Snap, size: tuple[int, int]) -> None:
    path, _ = live("invalid", 15.0)
    assert snap_compare(app, terminal_size=size, run_before=live_steps(path))


@sizes
def test_live_steered(app: PerftuiApp, live: Running, snap_compare: Snap, size: tuple[int, int]) -> None:
    """Stages, a pause, another level, a mark, each on the time axis."""
    path, _ = live("steered", 26.0)
    assert snap_compare(app, terminal_size=size, run_before=live_steps(path))


@sizes
def test_live_long_names(app: PerftuiApp, live: Running, snap_compare: Snap, size: tuple[int, int]) -> None:
    """A very long URL and a very long operation; watched by somebody else."""
    path, _ = live("long-url", 7.0)
    assert snap_compare(app, terminal_size=size, run_before=live_steps(path, readonly=True))


@sizes
def test_live_thirty_operations(app: PerftuiApp, live: Running, snap_compare: Snap, size: tuple[int, int]) -> None:
    """Ordered by name, scrolled."""
    path, _ = live("many", 7.0)
    assert snap_compare(app, terminal_size=size, run_before=live_steps(path, "o", "down", "down"))


@sizes
def test_live_users(app: PerftuiApp, live: Running, snap_compare: Snap, size: tuple[int, int]) -> None:
    """A closed loop: no asked rate, no start delay."""
    path, _ = live("users", 15.0)
    assert snap_compare(app, terminal_size=size, run_before=live_steps(path))


@sizes
def test_live_held(app: PerftuiApp, live: Running, snap_compare: Snap, size: tuple[int, int]) -> None:
    """The view stands ten seconds back."""
    path, _ = live("errors", 26.0)
    assert snap_compare(app, terminal_size=size, run_before=live_steps(path, "f", "comma"))


@pytest.mark.slow
def test_live_resized_in_the_middle(app: PerftuiApp, live: Running, snap_compare: Snap) -> None:
    path, _ = live("errors", 24.0)
    first = live_steps(path)

    async def steps(pilot: Pilot[Any]) -> None:
        await first(pilot)
        for size in ((80, 24), (40, 10), (120, 36), (100, 30)):
            await pilot.resize_terminal(*size)
            await pilot.pause()

    assert snap_compare(app, terminal_size=(120, 36), run_before=steps)


@pytest.mark.slow
@sizes
def test_live_without_colour(
    place: object, live: Running, snap_compare: Snap, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    path, _ = live("errors", 24.0)
    assert snap_compare(PerftuiApp(Start()), terminal_size=size, run_before=live_steps(path))


@pytest.mark.parametrize("theme", ["perftui-light", "perftui-contrast"])
def test_live_in_other_themes(app: PerftuiApp, live: Running, snap_compare: Snap, theme: str) -> None:
    path, _ = live("errors", 24.0)
    app.theme = theme
    assert snap_compare(app, terminal_size=(120, 36), run_before=live_steps(path))


@pytest.mark.parametrize("size", [(40, 10), (59, 12), (200, 50)], ids=lambda size: f"{size[0]}x{size[1]}")
def test_live_odd_sizes(app: PerftuiApp, live: Running, snap_compare: Snap, size: tuple[int, int]) -> None:
    path, _ = live("read", 24.0)
    assert snap_compare(app, terminal_size=size, run_before=live_steps(path))


@sizes
@pytest.mark.parametrize("name", ["read", "errors", "invalid"])
def test_result(app: PerftuiApp, finished: Finished, snap_compare: Snap, size: tuple[int, int], name: str) -> None:
    screen = ResultScreen(finished(name))
    assert snap_compare(app, terminal_size=size, run_before=opened(screen, lambda: screen.picture))


@pytest.mark.slow
@sizes
def test_result_at_its_end(app: PerftuiApp, finished: Finished, snap_compare: Snap, size: tuple[int, int]) -> None:
    screen = ResultScreen(finished("steered"))
    assert snap_compare(app, terminal_size=size, run_before=opened(screen, lambda: screen.picture, "end"))


@sizes
def test_errors(app: PerftuiApp, finished: Finished, snap_compare: Snap, size: tuple[int, int]) -> None:
    """The second class, its second sample."""
    screen = ErrorsScreen(finished("errors"))
    steps = opened(screen, lambda: screen.classes_table.keys, "down", "right")
    assert snap_compare(app, terminal_size=size, run_before=steps)


@sizes
@pytest.mark.parametrize("name", ["read", "invalid"])
def test_trust(app: PerftuiApp, finished: Finished, snap_compare: Snap, size: tuple[int, int], name: str) -> None:
    screen = TrustScreen(finished(name))
    steps = opened(screen, lambda: screen.title_bar.detail.plain)
    assert snap_compare(app, terminal_size=size, run_before=steps)


@sizes
def test_replay(app: PerftuiApp, finished: Finished, snap_compare: Snap, size: tuple[int, int]) -> None:
    """Paused at 24 seconds, at five times the speed."""
    screen = ReplayScreen(finished("steered"))

    async def steps(pilot: Pilot[Any]) -> None:
        await pilot.app.push_screen(screen)
        await until(pilot, lambda: screen.clock)
        await pilot.press("space", "plus", "plus", "home", "full_stop", "full_stop", "right", "right", "right")

    assert snap_compare(app, terminal_size=size, run_before=steps)
