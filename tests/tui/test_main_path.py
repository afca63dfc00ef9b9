"""From a preset to a comparison, with a real runner against the real demo service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from anyio.abc import TaskStatus
from textual.pilot import Pilot
from textual.widgets import Button

from perftui.demo.server import Demo
from perftui.engine.control.client import ControlClient
from perftui.store.liveness import is_live
from perftui.store.records import read_record
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.compare import CompareScreen
from perftui.tui.screens.confirm import ConfirmScreen
from perftui.tui.screens.home import HomeScreen
from perftui.tui.screens.live import LiveScreen
from perftui.tui.screens.question import Question
from perftui.tui.screens.quit import QuitDialog
from perftui.tui.screens.result import ResultScreen
from perftui.tui.screens.runs import RunsScreen
from support.conservation import assert_conserved
from support.home import Home
from support.pilot import screen_of, until
from support.waiting import wait_until

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(90)]
Make = Callable[..., PerftuiApp]

_PRESET = """
schema = 1
name = "quick"
title = "Quick look"
kind = "read"
[load]
mode = "rate"
rate = 40
duration = "{duration}"
on_disconnect = "{on_disconnect}"
[[operations]]
name = "health"
path = "/health"
[[operations]]
name = "list items"
path = "/api/items"
[[objectives]]
metric = "error_rate"
target = "< 1%"
"""


@pytest.fixture
def quick(place: Home) -> Home:
    """A home with a preset of two seconds."""
    write_preset(place, "2s")
    return place


def write_preset(home: Home, duration: str, on_disconnect: str = "finish") -> None:
    """The preset `quick` in the working directory."""
    folder = home.path / "presets"
    folder.mkdir(exist_ok=True)
    (folder / "quick.toml").write_text(_PRESET.format(duration=duration, on_disconnect=on_disconnect))


async def start(pilot: Pilot[Any]) -> None:
    """From home to the live screen, as a person would."""
    home = await screen_of(pilot, HomeScreen)
    await until(pilot, lambda: home.form.entry is not None and home.form.entry.name == "quick")
    await pilot.press("right", "enter")
    await agree(pilot)


async def agree(pilot: Pilot[Any]) -> None:
    """Say yes once the target is known."""
    confirm = await screen_of(pilot, ConfirmScreen)
    await until(pilot, lambda: confirm.query_one("#start", Button).has_focus)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, (LiveScreen, ResultScreen)), 30)


async def test_home_confirm_live_result_again_runs_compare(app: Make, quick: Home, demo: Demo) -> None:
    made = app(preset="quick", url=demo.url)
    async with made.run_test(size=(120, 36)) as pilot:
        await start(pilot)
        result = await screen_of(pilot, ResultScreen, 30)
        await until(pilot, lambda: result.picture is not None)

        await pilot.press("r")
        await agree(pilot)
        await screen_of(pilot, ResultScreen, 30)
        assert len(quick.run_folders()) == 2

        while not isinstance(made.screen, HomeScreen):
            await pilot.press("escape")
            await pilot.pause()
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: len(home.newest.keys) == 2)
        assert home.presets.has_focus

        await pilot.press("r")
        runs = await screen_of(pilot, RunsScreen)
        await until(pilot, lambda: len(runs.table.keys) == 2)
        await pilot.press("down", "space", "up", "space", "c")
        compare = await screen_of(pilot, CompareScreen)
        await until(pilot, lambda: compare._comparison is not None, 30)
        older, newer = sorted(folder.name for folder in quick.run_folders())
        assert compare._comparison is not None
        assert (compare._comparison.baseline_id, compare._comparison.run_id) == (older, newer)
        assert "|response_time.p95" in compare.table.keys

    for folder in quick.run_folders():
        record = read_record(folder)
        assert record.status == "finished"
        assert record.whole_run.scheduled == 80
        assert record.whole_run.ok == 80
        assert_conserved(record)
    assert str(quick.run_folders()[-1]) in made.session.farewell()


@pytest.mark.slow
async def test_quitting_while_live_asks_and_a_run_that_is_kept_goes_on(app: Make, place: Home, demo: Demo) -> None:
    write_preset(place, "10s")
    made = app(preset="quick", url=demo.url)
    async with made.run_test() as pilot:
        await start(pilot)
        await pilot.press("q")
        await screen_of(pilot, QuitDialog)
        await pilot.press("escape")
        await screen_of(pilot, LiveScreen)
        await pilot.press("q")
        await screen_of(pilot, QuitDialog)
        await pilot.press("k")
        await until(pilot, lambda: made._exit)
    (folder,) = place.run_folders()
    assert is_live(folder)
    farewell = made.session.farewell()
    assert f"perftui watch {folder.name}" in farewell
    again = app(screen="watch", run=folder.name)
    async with again.run_test() as pilot:
        await screen_of(pilot, LiveScreen)
        await screen_of(pilot, ResultScreen, 30)
    assert read_record(folder).status == "finished"
    assert again.session.farewell().endswith(f"\n\nSaved: {folder}")


@pytest.mark.slow
async def test_quitting_with_stop_saves_what_there_is(app: Make, place: Home, demo: Demo) -> None:
    write_preset(place, "60s")
    made = app(preset="quick", url=demo.url)
    async with made.run_test() as pilot:
        await start(pilot)
        await pilot.press("q")
        await screen_of(pilot, QuitDialog)
        await pilot.press("s")
        await until(pilot, lambda: made._exit, 30)
    (folder,) = place.run_folders()
    assert not is_live(folder)
    record = read_record(folder)
    assert record.status == "stopped"
    assert_conserved(record)


@pytest.mark.slow
async def test_a_running_run_is_joined_from_home(app: Make, place: Home, demo: Demo) -> None:
    write_preset(place, "60s")
    made = app(preset="quick", url=demo.url)
    async with made.run_test() as pilot:
        await start(pilot)
        made.leave()
    again = app()
    async with again.run_test() as pilot:
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: len(home.newest.keys) == 1)
        assert "live" in str(home.newest.border_subtitle)
        await pilot.press("n", "enter")
        live = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: live.picture is not None)
        await pilot.press("S")
        await until(pilot, lambda: again.screen is not live)
        if isinstance(again.screen, Question):  # it asks once the run is more than ten seconds old
            await pilot.press("y")
        await screen_of(pilot, ResultScreen, 30)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Set once the runner knows that somebody watches its run."""
    known = asyncio.Event()
    hold = ControlClient.hold

    class Status(TaskStatus[None]):
        def started(self, value: None = None) -> None:
            known.set()

    monkeypatch.setattr(ControlClient, "hold", lambda client: hold(client, task_status=Status()))
    return known


@pytest.mark.slow
async def test_a_run_whose_plan_says_so_stops_when_its_viewer_is_lost(
    app: Make, place: Home, demo: Demo, held: asyncio.Event
) -> None:
    write_preset(place, "60s", "stop")
    made = app(preset="quick", url=demo.url)
    async with made.run_test() as pilot:
        await start(pilot)
        await until(pilot, held.is_set)
        made.leave(143)
    (folder,) = place.run_folders()
    wait_until(lambda: not is_live(folder), 30)
    record = read_record(folder)
    assert record.status != "finished"
    assert_conserved(record)


@pytest.mark.slow
async def test_it_goes_on_when_its_viewer_leaves_on_purpose(
    app: Make, place: Home, demo: Demo, held: asyncio.Event
) -> None:
    write_preset(place, "8s", "stop")
    made = app(preset="quick", url=demo.url)
    async with made.run_test() as pilot:
        await start(pilot)
        await until(pilot, held.is_set)
        await pilot.press("d")
        await until(pilot, lambda: made._exit)
    (folder,) = place.run_folders()
    wait_until(lambda: not is_live(folder), 30)
    assert read_record(folder).status == "finished"
