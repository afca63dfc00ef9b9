"""Keys of the live screen against a real runner: each command becomes an event of the run and is drawn."""

from __future__ import annotations

from pathlib import Path

import pytest
from anyio import to_thread

from perftui.demo.server import Demo
from perftui.engine.launch import start_runner
from perftui.engine.runner_request import RunRequest
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.store.records import read_record
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.live import LiveScreen
from perftui.tui.screens.result import ResultScreen
from perftui.tui.widgets.panel import LinePanel
from support.conservation import assert_conserved
from support.pilot import screen_of, until

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
        assert screen.picture is not None
        await until(pilot, lambda: screen.picture is not None and screen.picture.state == "paused")
        await pilot.press("space")
        await until(pilot, lambda: "resume" in kinds(screen))
        events = {event.kind: event for event in timeline.events}
        assert {events[kind].origin for kind in ("pause", "resume", "level", "mark")} == {"tui"}
        assert events["mark"].detail == "deploy"
        axis = screen.query_one("#throughput", LinePanel)
        drawn = "\n".join(axis.render_line(line).text for line in range(axis.size.height))
        assert any(glyph in drawn for glyph in "◆‖▸↕")
        await pilot.press("s")
        if timeline.at_s > 10:
            await pilot.press("y")
        result = await screen_of(pilot, ResultScreen, 20)
        await until(pilot, lambda: result.picture is not None)
    record = await to_thread.run_sync(read_record, path)
    assert record.status == "stopped"
    assert record.steered
    assert_conserved(record)


async def test_stop_now_cancels_what_is_in_flight(app: PerftuiApp, demo: Demo) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        path = await started(app, demo)
        app.push_screen(LiveScreen(path))
        screen = await screen_of(pilot, LiveScreen)
        await until(pilot, lambda: screen.follower.timeline.intervals_count >= 1)
        await pilot.press("S")
        await screen_of(pilot, ResultScreen, 20)
    record = await to_thread.run_sync(read_record, path)
    assert record.status == "aborted"
    assert_conserved(record)


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
