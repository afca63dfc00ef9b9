"""Keys of the live screen against a real runner: each command becomes an event of the run and is drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from anyio import to_thread
from textual.pilot import Pilot

from perftui.demo.server import Demo
from perftui.engine.runner.launch import start_runner
from perftui.engine.runner.request import RunRequest
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.store.records import read_record
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.live import LiveScreen
from perftui.tui.screens.question import Question
from perftui.tui.screens.result import ResultScreen
from support.conservation import assert_conserved
from support.pilot import panel_text, screen_of, until

pytestmark = pytest.mark.anyio


def plan_for(demo: Demo, seconds: float = 60.0) -> Plan:
    """A hundred requests per second for longer than any test."""
    load = Load(stages=(Stage(duration_s=seconds, to=100),), start_level=100)
    return Plan(
        name="steer", target=Target(url=demo.url), load=load, operations=(Operation(name="list", path="/api/items"),)
    )


def kinds(screen: LiveScreen) -> list[str]:
    """The events so far."""
    return [event.kind for event in screen.follower.timeline.events]


async def end(pilot: Pilot[Any], screen: LiveScreen, key: str) -> None:
    """Stop the run; say yes when the app asks, which it does once the run is more than ten seconds old."""
    await pilot.press(key)
    await until(pilot, lambda: isinstance(pilot.app.screen, Question) or {"stop", "abort"} & {*kinds(screen)})
    if isinstance(pilot.app.screen, Question):
        await pilot.press("y")


async def started(app: PerftuiApp, demo: Demo, seconds: float = 60.0) -> Path:
    """A run in a runner of its own."""
    handle = await start_runner(RunRequest(plan=plan_for(demo, seconds)))
    app.session.started.append(handle.path)
    return handle.path


async def test_pause_level_mark_and_stop(app: PerftuiApp, demo: Demo) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        path = await started(app, demo)
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        timeline = screen.follower.timeline
        await until(pilot, lambda: timeline.intervals_count >= 2)
        await pilot.press("plus")
        await until(pilot, lambda: "level" in kinds(screen))
        await until(pilot, lambda: timeline.last_interval is not None and timeline.last_interval.level == 110)
        await pilot.press("m")
        await until(pilot, lambda: app.screen is not screen)
        await pilot.press(*"deploy", "enter")
        await until(pilot, lambda: "mark" in kinds(screen))
        await pilot.press("space")
        await until(pilot, lambda: timeline.last_interval is not None and timeline.last_interval.paused)
        await until(pilot, lambda: screen.picture is not None and screen.picture.state == "paused")
        await pilot.press("space")
        await until(pilot, lambda: "resume" in kinds(screen))
        events = {event.kind: event for event in timeline.events}
        assert {events[kind].origin for kind in ("pause", "resume", "level", "mark")} == {"tui"}
        assert events["mark"].detail == "deploy"
        await until(pilot, lambda: any(glyph in panel_text(screen, "heat") for glyph in "◆‖▸↕"))
        await end(pilot, screen, "s")
        result = await screen_of(pilot, ResultScreen, 20)
        await until(pilot, lambda: result.picture is not None)
    record = await to_thread.run_sync(read_record, path)
    assert record.status == "stopped"
    assert record.steered
    assert_conserved(record)


@pytest.mark.slow
async def test_stop_now_cancels_what_is_in_flight(app: PerftuiApp, demo: Demo) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        path = await started(app, demo)
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.follower.timeline.intervals_count >= 1)
        await end(pilot, screen, "S")
        await screen_of(pilot, ResultScreen, 20)
    record = await to_thread.run_sync(read_record, path)
    assert record.status == "aborted"
    assert_conserved(record)


@pytest.mark.slow
async def test_a_run_to_its_end_is_followed(app: PerftuiApp, demo: Demo) -> None:
    """Nobody presses a key: the same screen becomes the result, and its numbers are those of the record."""
    async with app.run_test(size=(120, 36)) as pilot:
        path = await started(app, demo, 3.0)
        app.push_screen(LiveScreen(path))
        result = await screen_of(pilot, ResultScreen, 20)
        await until(pilot, lambda: result.picture is not None)
        assert result.picture is not None
        shown = result.picture.record
    record = await to_thread.run_sync(read_record, path)
    assert record.status == "finished"
    assert record.summary == shown.summary
    assert record.whole_run == shown.whole_run
    assert_conserved(record)
