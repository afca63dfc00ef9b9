"""Result, errors, trust and replay on recorded runs: what they say, and what their keys do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import pytest
from textual.pilot import Pilot
from textual.screen import Screen

from perftui.model.error_classes import error_class
from perftui.model.interval import Event, Interval
from perftui.model.units import format_ms
from perftui.report.text import summary_text
from perftui.store.journal import read_journal
from perftui.store.records import read_record
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.errors import ErrorsScreen
from perftui.tui.screens.replay import ReplayScreen
from perftui.tui.screens.replay_clock import SPEEDS, ReplayClock
from perftui.tui.screens.result import ResultScreen
from perftui.tui.screens.result_load import class_spans, read_result, read_run
from perftui.tui.screens.trust import TrustScreen
from perftui.tui.widgets.cells import fit
from perftui.tui.widgets.trust_lines import draw_watched
from perftui.tui.widgets.verdict import draw_verdict
from support.pilot import panel_text, still, until
from support.recorded_runs import RECORDED

Finished = Callable[[str], Path]
Shown = TypeVar("Shown", bound=Screen[None])
NAMES = sorted(path.name for path in RECORDED.iterdir() if path.is_dir())
pytestmark = pytest.mark.anyio


async def opened(pilot: Pilot[Any], screen: Shown) -> Shown:
    """The screen in front, once it is drawn and at rest."""
    await pilot.app.push_screen(screen)
    await still(pilot)
    return screen


@pytest.mark.parametrize("name", NAMES)
async def test_the_result_says_what_the_record_says(app: PerftuiApp, finished: Finished, name: str) -> None:
    path = finished(name)
    record = read_record(path)
    assert record.whole_run.conserved
    async with app.run_test(size=(120, 60)) as pilot:
        screen = await opened(pilot, ResultScreen(path))
        shown = panel_text(screen)
        word = "invalid" if record.trust.verdict == "invalid" else record.verdict
        assert f" {word.upper()} " in shown or word == "none"
        assert f"trust {record.trust.verdict}" in shown
        assert f"saved in ~/data/runs/{record.id}" in shown
        for objective in record.objectives:
            assert objective.metric.split(".")[-1].replace("_", " ") in shown
        for finding in record.findings[:2]:
            assert finding.detail[:30] in " ".join(shown.split())
        assert f"{record.whole_run.scheduled:,} scheduled" in shown
        for operation in list(record.summary.operations)[:5]:
            assert operation[:20] in shown


@pytest.mark.parametrize("width", [38, 58, 78, 118])
def test_the_verdict_is_never_cut(finished: Finished, width: int) -> None:
    """What came out and whether it is believed stand in front; where there is no room, numbers and date go."""
    path = finished("errors")
    first, second = draw_verdict(read_result(path), width, 2).lines
    line = fit(first, width).plain
    assert line.startswith(" ✗ FAIL   FINISHED  trust valid")
    assert line.rstrip().endswith(("valid", "ok/s", "ms", "%"))
    assert path.name in fit(second, width).plain


@pytest.mark.parametrize("name", NAMES)
def test_the_worst_that_is_shown_is_that_of_a_second(finished: Finished, name: str) -> None:
    """Its limits are those of a second: the percentile of the whole run would hide the one that was late."""
    run, timeline = read_run(finished(name))
    worst_ms = max(worker.start_delay_p99_ms for interval in timeline.intervals for worker in interval.workers)
    shown = [fit(line, 80).plain.split() for line in draw_watched((run.record, timeline), 80, 30).lines]
    lines = [words for words in shown if words[:2] == ["start", "delay"]]
    assert [words[3] for words in lines] == ([format_ms(worst_ms)] if run.record.plan.load.mode == "rate" else [])
    at_cap = "100" if name == "invalid" else "0"
    assert [words[3] for words in shown if words[:3] == ["at", "in-flight", "cap"]] == [at_cap]


async def test_the_summary_is_copied(app: PerftuiApp, finished: Finished) -> None:
    path = finished("read")
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, ResultScreen(path))
        await pilot.press("y")
        assert app.clipboard == summary_text(read_record(path))


@pytest.mark.slow
async def test_the_way_from_a_result_and_back(app: PerftuiApp, finished: Finished) -> None:
    path = finished("errors")
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, ResultScreen(path))
        for key, kind in (("e", ErrorsScreen), ("t", TrustScreen), ("p", ReplayScreen)):
            await pilot.press(key)
            await until(pilot, lambda kind=kind: isinstance(app.screen, kind))  # type: ignore[misc]  # mypy infers no lambda with a default
            await pilot.press("escape")
            await until(pilot, lambda: app.screen is screen)


@pytest.mark.slow
async def test_a_run_without_its_record_is_completed(app: PerftuiApp, finished: Finished) -> None:
    """The runner died before it wrote the record: the journal says what there is."""
    path = finished("read")
    lines = (path / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (path / "journal.jsonl").write_bytes(b"".join(lines[:20]))
    (path / "run.toml").unlink()
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, ResultScreen(path))
        assert "INTERRUPTED" in panel_text(screen)


async def test_what_is_no_run_is_said(app: PerftuiApp, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await opened(pilot, ResultScreen(tmp_path / "empty"))
        await until(pilot, lambda: any("is no run" in note.message for note in app._notifications))


async def test_error_classes_have_their_counts_and_times(app: PerftuiApp, finished: Finished) -> None:
    path = finished("errors")
    run, timeline = read_run(path)
    spans = class_spans(timeline)
    whole = run.record.whole_run
    assert sum(count for count, _, _ in spans.values()) == whole.errors + whole.timeouts + whole.dropped
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, ErrorsScreen(path))
        assert set(screen.classes_table.keys) == set(spans)
        assert spans[screen.classes_table.keys[0]][0] == max(count for count, _, _ in spans.values())


async def test_a_sample_is_copied_as_curl(app: PerftuiApp, finished: Finished) -> None:
    path = finished("errors")
    async with app.run_test(size=(120, 36)) as pilot:
        screen = await opened(pilot, ErrorsScreen(path))
        shown = panel_text(screen)
        assert error_class(screen.classes_table.keys[0]).meaning in shown
        assert "HTTP/1.1" in shown
        await pilot.press("y")
        assert app.clipboard.startswith("curl -i ")
        assert "http://127.0.0.1:8000/" in app.clipboard
        await pilot.press("right")
        assert panel_text(screen) != shown


async def test_no_errors_are_said(app: PerftuiApp, finished: Finished) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        screen = await opened(pilot, ErrorsScreen(finished("read")))
        assert "No exchange was kept" in panel_text(screen)


async def test_every_reason_of_the_trust_is_shown(app: PerftuiApp, finished: Finished) -> None:
    path = finished("invalid")
    record = read_record(path)
    assert record.trust.verdict == "invalid"
    assert record.trust.reasons
    async with app.run_test(size=(120, 50)) as pilot:
        screen = await opened(pilot, TrustScreen(path))
        shown = " ".join(panel_text(screen).split())
        for reason in record.trust.reasons:
            assert reason.detail[:40] in shown


@pytest.mark.parametrize("name", ["steered", "errors"])
def test_a_replay_ends_with_the_whole_run(name: str) -> None:
    """In any number of steps, forth and back: at the end every line was shown, and the sums are those of the record."""
    run, timeline = read_run(RECORDED / name)
    clock = ReplayClock(run.record.plan, timeline)
    for at_s in (3.0, 17.5, 5.0, 30.0, 12.0, 1e9):
        clock.seek(at_s)
        ended = [view for view in timeline.intervals if view.at_s + view.duration_s <= clock.at_s + 1e-6]
        assert clock.timeline.intervals_count == len(ended)
    assert clock.timeline.run() == run.record.summary
    assert clock.timeline.whole_run() == run.record.whole_run
    lines, _ = read_journal(RECORDED / name)
    assert clock.timeline.intervals_count == sum(isinstance(line, Interval) for line in lines)
    assert len(clock.timeline.events) == sum(isinstance(line, Event) for line in lines)


def test_replay_plays_pauses_and_changes_its_speed() -> None:
    run, timeline = read_run(RECORDED / "steered")
    clock = ReplayClock(run.record.plan, timeline)
    assert clock.advance(2.0)
    assert clock.at_s == 2.0
    clock.faster(2)
    assert clock.speed == SPEEDS[2]
    clock.advance(1.0)
    assert clock.at_s == 7.0
    clock.toggle()
    assert not clock.advance(5.0)
    assert clock.at_s == 7.0
    clock.seek(clock.end_s)
    clock.toggle()
    assert clock.playing
    assert clock.at_s == 0.0
    for _ in range(9):
        clock.faster(1)
    assert clock.speed == SPEEDS[-1]


async def test_replay_keys(app: PerftuiApp, finished: Finished) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        screen = ReplayScreen(finished("steered"))
        await app.push_screen(screen)
        await until(pilot, lambda: "REPLAY" in panel_text(screen))
        assert screen.clock is not None
        await pilot.press("space")
        assert "REPLAY PAUSED" in panel_text(screen)
        await pilot.press("home", "full_stop")
        assert screen.clock.at_s == 11.0
        await pilot.press("left", "left")
        assert screen.clock.at_s == 9.0
        await pilot.press("end")
        assert screen.clock.at_s == screen.clock.end_s
        await pilot.press("plus")
        assert "2×" in screen.title_bar.detail.plain
        await pilot.press("space")
        assert screen.clock.playing
