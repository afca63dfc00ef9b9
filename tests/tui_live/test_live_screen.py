"""The live screen on recorded runs: it follows, holds, looks back, notices an end and a loss."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from perftui.model.interval import Interval
from perftui.store.journal_writer import JournalWriter
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.errors import ErrorsScreen
from perftui.tui.screens.live import LiveScreen
from perftui.tui.screens.result import ResultScreen
from perftui.tui.screens.trust import TrustScreen
from perftui.tui.widgets.panel import LinePanel
from support.pilot import screen_of, until
from support.recorded_runs import lines_after

Running = Callable[[str, float], tuple[Path, JournalWriter]]
pytestmark = pytest.mark.anyio
SIZE = (120, 36)


def text_of(screen: LiveScreen, panel: str) -> str:
    """What stands on a panel."""
    shown = screen.query_one(f"#{panel}", LinePanel)
    return "\n".join(shown.render_line(line).text for line in range(shown.size.height))


async def test_follows_the_journal(app: PerftuiApp, live: Running) -> None:
    path, writer = live("read", 20.0)
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: "00:20" in text_of(screen, "progress"))
        assert "RUNNING" in text_of(screen, "progress")
        for line in lines_after("read", 20.0)[:6]:
            writer.append(line)
        await until(pilot, lambda: "00:20" not in text_of(screen, "progress"))
        assert "list items" in text_of(screen, "operations")


async def test_the_whole_run_agrees_with_the_journal(app: PerftuiApp, live: Running) -> None:
    """What the screen counts is what the intervals hold, and no request is missing."""
    path, _ = live("errors", 24.0)
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.picture is not None)
        assert screen.picture is not None
        counts = screen.picture.counts
        intervals = [view for view in screen.follower.timeline.intervals if isinstance(view, Interval)]
        scheduled = sum(
            cell.counts.scheduled for view in intervals for cells in view.cells.values() for cell in cells.values()
        )
        assert counts.scheduled == scheduled > 0
        assert counts.errors > 0


async def test_becomes_the_result(app: PerftuiApp, live: Running) -> None:
    path, writer = live("read", 30.0)
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.picture is not None)
        for line in lines_after("read", 30.0):
            writer.append(line)
        result = await screen_of(pilot, ResultScreen)
        await until(pilot, lambda: result.picture is not None)
        assert result.picture is not None
        assert result.picture.record.status == "finished"
        assert result.picture.record.whole_run.conserved


async def test_a_held_view_stands_still_while_the_run_goes_on(app: PerftuiApp, live: Running) -> None:
    path, writer = live("read", 20.0)
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: "00:20" in text_of(screen, "progress"))
        await pilot.press("f")
        assert "VIEW HELD at 00:20" in text_of(screen, "progress")
        held = text_of(screen, "response")
        for line in lines_after("read", 20.0)[:8]:
            writer.append(line)
        count = screen.follower.timeline.intervals_count
        await until(pilot, lambda: screen.follower.timeline.intervals_count > count)
        assert text_of(screen, "response") == held
        await pilot.press("escape")
        assert "VIEW HELD" not in text_of(screen, "progress")
        assert "00:20" not in text_of(screen, "progress")


async def test_looks_back_in_time(app: PerftuiApp, live: Running) -> None:
    path, _ = live("errors", 24.0)
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.picture is not None)
        assert screen.picture is not None
        now = screen.picture.counts.scheduled
        await pilot.press("comma", "left")
        assert "VIEW HELD at 00:13" in text_of(screen, "progress")
        assert screen.picture.counts.scheduled < now
        assert "▲" in text_of(screen, "throughput")
        await pilot.press("full_stop", "right")
        assert "VIEW HELD" not in text_of(screen, "progress")
        assert screen.picture.counts.scheduled == now


async def test_a_run_whose_engine_died_is_called_lost(app: PerftuiApp, live: Running) -> None:
    path, writer = live("read", 12.0)
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: "RUNNING" in text_of(screen, "progress"))
        writer.close()
        await until(pilot, lambda: "ENGINE LOST" in text_of(screen, "progress"))
        assert "q saves the run" in text_of(screen, "progress")
        assert not screen.check_action("stop", ())


async def test_keys_of_the_view(app: PerftuiApp, live: Running) -> None:
    path, _ = live("many", 7.0)
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: "▼share" in text_of(screen, "operations"))
        await pilot.press("w")
        assert "last 10 s | run" in text_of(screen, "response")
        await pilot.press("o")
        assert "name▲" in text_of(screen, "operations")
        assert "1–" in text_of(screen, "operations")
        assert "of 30" in text_of(screen, "operations")
        await pilot.press("down", "down")
        assert "3–" in text_of(screen, "operations")
        await pilot.press("e")
        await screen_of(pilot, ErrorsScreen)
        await pilot.press("escape", "t")
        await screen_of(pilot, TrustScreen)
        await pilot.press("escape")
        assert app.screen is screen


async def test_who_only_watches_cannot_steer(app: PerftuiApp, live: Running) -> None:
    path, _ = live("read", 12.0)
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(LiveScreen(path, readonly=True))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.picture is not None)
        actions = {active.binding.action for active in screen.active_bindings.values() if active.enabled}
        assert not actions & {"pause", "level(1)", "level(-1)", "mark", "stop", "stop_now"}
        assert "hold" in actions


async def test_every_size_is_drawn(app: PerftuiApp, live: Running) -> None:
    """From one cell to a wall: nothing is refused, nothing breaks, and what is wanted first is there."""
    path, _ = live("errors", 24.0)
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.picture is not None)
        for size in ((1, 1), (20, 5), (40, 10), (59, 20), (60, 15), (60, 16), (80, 24), (99, 30), (100, 16), (300, 90)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            tiny = size[0] < 60 or size[1] < 16
            shown = screen.query_one("#tiny" if tiny else "#throughput", LinePanel)
            assert shown.display
            assert all(shown.render_line(line).cell_length == shown.size.width for line in range(shown.size.height))


async def test_a_damaged_journal_is_said(app: PerftuiApp, live: Running) -> None:
    path, writer = live("read", 12.0)
    writer.close()
    journal = path / "journal.jsonl"
    data = bytearray(journal.read_bytes())
    data[len(data) // 2] ^= 0xFF
    journal.write_bytes(bytes(data))
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.picture is not None and bool(screen.picture.problem))
        assert "journal damaged" in text_of(screen, "progress")


@pytest.mark.parametrize("key", ["e", "m", "question_mark"])
async def test_an_end_below_another_screen_waits_for_it(app: PerftuiApp, live: Running, key: str) -> None:
    """Errors, a dialog or the help is open when the run ends: it stays; the result comes when it is closed."""
    path, writer = live("read", 30.0)
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.picture is not None)
        await pilot.press(key)
        await until(pilot, lambda: app.screen is not screen)
        above = app.screen
        for line in lines_after("read", 30.0):
            writer.append(line)
        await until(pilot, lambda: screen.follower.ended)
        await pilot.pause(0.6)
        assert app.screen is above
        await pilot.press("escape")
        await screen_of(pilot, ResultScreen)


async def test_back_before_the_next_screen_is_there(app: PerftuiApp, live: Running) -> None:
    """Esc right after e: the live screen goes on following."""
    path, writer = live("read", 30.0)
    async with app.run_test(size=SIZE) as pilot:
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.picture is not None)
        app.simulate_key("e")
        app.simulate_key("escape")
        await until(pilot, lambda: app.screen is screen or isinstance(app.screen, ErrorsScreen))
        await pilot.pause(0.3)
        if app.screen is not screen:
            await pilot.press("escape")
        for line in lines_after("read", 30.0):
            writer.append(line)
        await screen_of(pilot, ResultScreen)
