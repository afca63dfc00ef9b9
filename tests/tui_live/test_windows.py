"""Two moments of a run beside each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from perftui.store.journal_writer import JournalWriter
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.live import LiveScreen
from perftui.tui.screens.live_picture import Look, axis
from support.pilot import panel_text, screen_of, still, until

Running = Callable[[str, float], tuple[Path, JournalWriter]]


@pytest.mark.slow
@pytest.mark.anyio
async def test_a_and_b_say_what_changed_between_them(app: PerftuiApp, live: Running) -> None:
    """The service stood still at 38 s: before it p95 is 250 ms, within it seconds."""
    path, _ = live("modes", 50.0)
    async with app.run_test(size=(120, 36)) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.picture is not None)
        await pilot.press("comma", "comma", "left", "left", "left", "w", "a")
        await still(pilot)
        assert "b sets B" in panel_text(screen, "response")
        await pilot.press("full_stop", "b")
        await still(pilot)
        text = panel_text(screen, "response")
        assert "00:27" in text
        assert "00:37" in text
        assert "%" in next(line for line in text.splitlines() if "p95" in line)
        assert "A" in panel_text(screen, "heat")
        picture = screen.picture
        assert picture is not None
        assert {letter: window.seconds for letter, window in picture.windows.items()} == {"A": 10, "B": 10}
        assert picture.windows["A"].summary.duration_s == pytest.approx(10, abs=0.01)
        await pilot.press("escape")
        await still(pilot)
        assert "Percentiles" in panel_text(screen, "response")
        assert app.screen is screen


@pytest.mark.slow
@pytest.mark.anyio
async def test_a_number_shows_one_panel_alone_and_brings_all_back(app: PerftuiApp, live: Running) -> None:
    path, _ = live("errors", 24.0)
    async with app.run_test(size=(80, 24)) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.picture is not None)
        for number, name in enumerate(("heat", "response", "operations", "errors", "times", "host"), 1):
            await pilot.press(str(number))
            await still(pilot)
            shown = [panel.id for panel in screen.panels.query("#panels LinePanel") if panel.region.height > 0]
            assert shown == [name]
            assert screen.query_one(f"#{name}").region.height >= 20
            await pilot.press(str(number))
            await still(pilot)
        assert screen.query_one("#heat").region.height >= 8
        assert screen.query_one("#operations").region.height >= 4


@pytest.mark.anyio
async def test_h_takes_the_map_away_and_leaves_its_lines(app: PerftuiApp, live: Running) -> None:
    path, _ = live("modes", 30.0)
    async with app.run_test(size=(120, 36)) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.picture is not None)
        await still(pilot)
        assert "▀" in panel_text(screen, "heat")
        await pilot.press("h")
        await still(pilot)
        lines = panel_text(screen, "heat")
        assert "▀" not in lines
        assert "p99" in lines


@pytest.mark.parametrize("newest_s", [61.0, 74.9, 75.1, 300.0])
def test_a_part_of_the_axis_moves_on_in_steps(newest_s: float) -> None:
    from perftui.model.plan import Load, Stage

    load = Load(stages=(Stage(duration_s=600, to=10),), start_level=10)
    start_s, end_s = axis(load, newest_s, Look(zoom_s=60.0))
    assert start_s <= newest_s <= end_s
    assert end_s - start_s == 60.0
    assert end_s % 15.0 == 0.0
