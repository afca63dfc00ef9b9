"""The live screen on recorded runs: it follows, holds, looks back, notices an end and a loss."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from perftui.model.interval import Interval
from perftui.store.journal_writer import JournalWriter
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.errors import ErrorsScreen
from perftui.tui.screens.live import LiveScreen
from perftui.tui.screens.result import ResultScreen
from perftui.tui.screens.trust import TrustScreen
from perftui.tui.widgets.panel import LinePanel
from support.pilot import panel_text, screen_of, still, until
from support.recorded_runs import lines_after

Running = Callable[[str, float], tuple[Path, JournalWriter]]
Watch = Callable[..., AbstractAsyncContextManager["Watched"]]
pytestmark = pytest.mark.anyio
SIZE = (120, 36)


@dataclass(frozen=True)
class Watched:
    """A recorded run on the live screen, as it was at a moment."""

    pilot: Pilot[Any]
    screen: LiveScreen
    writer: JournalWriter
    name: str
    until_s: float

    def text(self, panel: str) -> str:
        """What stands on a panel."""
        return panel_text(self.screen, panel)

    def goes_on(self, most: int | None = None) -> None:
        """The rest of the recording comes into the journal, or some lines of it."""
        for line in lines_after(self.name, self.until_s)[:most]:
            self.writer.append(line)


@pytest.fixture
def watch(app: PerftuiApp, live: Running) -> Watch:
    """Opens a recorded run as it was at a moment; everything of it is read and drawn."""

    @asynccontextmanager
    async def opened(name: str, until_s: float, *, readonly: bool = False) -> AsyncIterator[Watched]:
        path, writer = live(name, until_s)
        async with app.run_test(size=SIZE) as pilot:
            app.push_screen(LiveScreen(path, readonly=readonly))
            screen = await screen_of(pilot, LiveScreen)
            await until(pilot, lambda: screen.picture is not None)
            await still(pilot)
            yield Watched(pilot, screen, writer, name, until_s)

    return opened


async def test_follows_the_journal(watch: Watch) -> None:
    async with watch("read", 20.0) as run:
        pilot = run.pilot
        assert "RUNNING  00:20" in run.text("progress")
        run.goes_on(6)
        await until(pilot, lambda: "00:20" not in run.text("progress"))
        assert "list items" in run.text("operations")


async def test_the_whole_run_agrees_with_the_journal(watch: Watch) -> None:
    """What the screen counts is what the intervals hold, and no request is missing."""
    async with watch("errors", 24.0) as run:
        screen = run.screen
        assert screen.picture is not None
        counts = screen.picture.counts
        intervals = [view for view in screen.follower.timeline.intervals if isinstance(view, Interval)]
        scheduled = sum(
            cell.counts.scheduled for view in intervals for cells in view.cells.values() for cell in cells.values()
        )
        assert counts.scheduled == scheduled > 0
        assert counts.errors > 0


async def test_becomes_the_result(watch: Watch) -> None:
    async with watch("read", 30.0) as run:
        pilot = run.pilot
        run.goes_on()
        result = await screen_of(pilot, ResultScreen)
        await until(pilot, lambda: result.picture is not None)
        assert result.picture is not None
        assert result.picture.record.status == "finished"
        assert result.picture.record.whole_run.conserved


async def test_a_held_view_stands_still_while_the_run_goes_on(watch: Watch) -> None:
    async with watch("read", 20.0) as run:
        pilot, screen = run.pilot, run.screen
        await pilot.press("f")
        assert "VIEW HELD at 00:20" in run.text("progress")
        held = run.text("response")
        run.goes_on(8)
        count = screen.follower.timeline.intervals_count
        await until(pilot, lambda: screen.follower.timeline.intervals_count > count)
        assert run.text("response") == held
        await pilot.press("escape")
        assert "VIEW HELD" not in run.text("progress")
        assert "00:20" not in run.text("progress")


@pytest.mark.slow
async def test_a_held_view_says_that_the_run_has_ended(watch: Watch) -> None:
    """What can no longer be done has no key; the way to the result is named."""
    async with watch("read", 20.0) as run:
        await run.pilot.press("f")
        assert run.text("progress").split()[0] == "RUNNING"
        run.goes_on()
        await until(run.pilot, lambda: run.text("progress").split()[0] == "FINISHED")
        assert "VIEW HELD at 00:20  f: its result" in run.text("progress")
        shown = {active.binding.action for active in run.screen.active_bindings.values()}
        assert not shown & {"pause", "stop", "mark", "detach", "level(1)"}
        await run.pilot.press("f")
        await screen_of(run.pilot, ResultScreen)


@pytest.mark.slow
async def test_looks_back_in_time(watch: Watch) -> None:
    async with watch("errors", 24.0) as run:
        pilot, screen = run.pilot, run.screen
        assert screen.picture is not None
        now = screen.picture.counts.scheduled
        await pilot.press("comma", "left")
        assert "VIEW HELD at 00:13" in run.text("progress")
        assert screen.picture.counts.scheduled < now
        assert "▲" in run.text("heat")
        await pilot.press("full_stop", "right")
        assert "VIEW HELD" not in run.text("progress")
        assert screen.picture.counts.scheduled == now


async def test_a_run_whose_engine_died_is_called_lost(watch: Watch) -> None:
    async with watch("read", 12.0) as run:
        pilot, screen = run.pilot, run.screen
        run.writer.close()
        await until(pilot, lambda: "ENGINE LOST" in run.text("progress"))
        assert "q saves the run" in run.text("progress")
        assert not screen.check_action("stop", ())


async def test_keys_of_the_view(watch: Watch) -> None:
    async with watch("many", 7.0) as run:
        pilot, screen = run.pilot, run.screen
        await pilot.press("w")
        assert "10 s" in run.text("response").splitlines()[1]
        await pilot.press("o")
        assert "name▲" in run.text("operations")
        assert "1–" in run.text("operations")
        assert "of 30" in run.text("operations")
        await pilot.press("down", "down")
        assert "3–" in run.text("operations")
        await pilot.press("e")
        await screen_of(pilot, ErrorsScreen)
        await pilot.press("escape", "t")
        await screen_of(pilot, TrustScreen)
        await pilot.press("escape")
        assert pilot.app.screen is screen


async def test_who_only_watches_cannot_steer(watch: Watch) -> None:
    async with watch("read", 12.0, readonly=True) as run:
        screen = run.screen
        actions = {active.binding.action for active in screen.active_bindings.values() if active.enabled}
        assert not actions & {"pause", "level(1)", "level(-1)", "mark", "stop", "stop_now"}
        assert "hold" in actions


@pytest.mark.slow
async def test_every_size_is_drawn(watch: Watch) -> None:
    """From one cell to a wall: nothing is refused, nothing breaks, and what is wanted first is there."""
    async with watch("errors", 24.0) as run:
        pilot, screen = run.pilot, run.screen
        for size in ((1, 1), (20, 5), (40, 10), (59, 20), (60, 15), (60, 16), (80, 24), (99, 30), (100, 16), (300, 90)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            tiny = size[0] < 60 or size[1] < 16
            shown = screen.query_one("#tiny" if tiny else "#heat", LinePanel)
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
        await until(pilot, lambda: "journal damaged" in panel_text(screen, "progress"))
        assert screen.picture is not None
        assert screen.picture.problem


@pytest.mark.slow
@pytest.mark.parametrize("key", ["e", "m", "question_mark"])
async def test_an_end_below_another_screen_waits_for_it(watch: Watch, key: str) -> None:
    """Errors, a dialog or the help is open when the run ends: it stays; the result comes when it is closed."""
    async with watch("read", 30.0) as run:
        pilot, screen = run.pilot, run.screen
        await pilot.press(key)
        await until(pilot, lambda: pilot.app.screen is not screen)
        above = pilot.app.screen
        run.goes_on()
        await until(pilot, lambda: screen.follower.ended)
        await pilot.pause(0.6)
        assert pilot.app.screen is above
        await pilot.press("escape")
        await screen_of(pilot, ResultScreen)


@pytest.mark.slow
async def test_back_before_the_next_screen_is_there(watch: Watch) -> None:
    """Esc right after e: the live screen goes on following."""
    async with watch("read", 30.0) as run:
        pilot, screen = run.pilot, run.screen
        pilot.app.simulate_key("e")
        pilot.app.simulate_key("escape")
        await still(pilot)
        if pilot.app.screen is not screen:
            await pilot.press("escape")
        run.goes_on()
        await screen_of(pilot, ResultScreen)
