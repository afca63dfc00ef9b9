"""Reads a run for the screens that look at finished ones. Blocks: call it in a thread."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from perftui.analysis.record import complete_record
from perftui.analysis.recovery import recover_if_unfinished
from perftui.metrics.timeline import Timeline
from perftui.model.errors import UsageError
from perftui.model.interval import Interval
from perftui.model.journal import JournalLine
from perftui.model.record import Record
from perftui.store.journal import JournalFollower
from perftui.store.library import RunLibrary
from perftui.store.loading import LoadedRun, load_run
from perftui.store.overview import overview_lines
from perftui.store.records import read_record, record_path
from perftui.tui.screens.live_baseline import baseline_timeline
from perftui.tui.screens.live_picture import Look, take_picture
from perftui.tui.widgets.result_picture import ResultPicture


def read_run(path: Path) -> tuple[LoadedRun, Timeline]:
    """A run folder (finished, cut off, or just ending) or an exported file, with its timeline.

    Raises:
        UsageError: there is no such run, or it is damaged.
    """
    if not path.is_dir():
        run = load_run(str(path))
        return run, _timeline_of(run)
    with suppress(UsageError):  # of a folder that cannot be written, what the journal says is shown
        recover_if_unfinished(path)
    journal = JournalFollower(path)
    timeline = Timeline()
    for line in overview_lines(path) or journal.lines():
        timeline.add(line)
    header = timeline.header
    record = _saved(path)
    if record is None:
        if header is None:
            raise UsageError(f"{path}: is no run")
        record = complete_record(header, timeline, timeline.end)
    run = LoadedRun(
        record=record,
        events=tuple(timeline.events),
        error_samples=tuple(timeline.error_samples),
        path=path,
        problem=journal.problem,
    )
    return run, timeline if header is not None else Timeline(record.plan)


def _saved(path: Path) -> Record | None:
    """The record, once it says how the run ended: at the end of a run the journal is ahead of it."""
    if not record_path(path).exists():
        return None
    record = read_record(path)
    return record if record.status != "running" else None


def _timeline_of(run: LoadedRun) -> Timeline:
    timeline = Timeline(run.record.plan)
    lines: list[JournalLine] = [*run.intervals, *run.events, *run.error_samples]
    for line in lines:
        timeline.add(line)
    return timeline


def read_result(path: Path) -> ResultPicture:
    """Everything the result screen shows.

    Raises:
        UsageError: there is no such run, or it or its baseline is damaged.
    """
    run, timeline = read_run(path)
    record = run.record
    baseline = baseline_timeline(record.plan, record.id, RunLibrary())
    look = Look(
        state=record.status,
        baseline=baseline[1].series("throughput") if baseline else (),
        baseline_id=baseline[0] if baseline else "",
    )
    return ResultPicture(
        run=run,
        timeline=timeline,
        live=take_picture(timeline, look, plan=record.plan, run_id=record.id, label=record.label),
        curve=timeline.curve() if timeline.intervals_count else (),
        baseline_curve=baseline[1].curve() if baseline else (),
        baseline_id=look.baseline_id,
    )


def class_spans(timeline: Timeline) -> dict[str, tuple[int, float, float]]:
    """Count, first and last second of every error class over the whole run."""
    found: dict[str, tuple[int, float, float]] = {}
    for interval in timeline.intervals:
        for name, count in _classes(interval).items():
            total, first_s, _ = found.get(name, (0, interval.at_s, interval.at_s))
            found[name] = (total + count, first_s, interval.at_s + interval.duration_s)
    return found


def _classes(interval: Interval) -> dict[str, int]:
    counts: dict[str, int] = {}
    for cells in interval.cells.values():
        for cell in cells.values():
            for name, count in cell.error_classes.items():
                counts[name] = counts.get(name, 0) + count
    return counts
