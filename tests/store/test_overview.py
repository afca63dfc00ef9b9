"""A long run opens from its overview at once, with the same numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from perftui.analysis.record import complete_record
from perftui.metrics.histogram import Histogram
from perftui.metrics.timeline import Timeline
from perftui.model.interval import Cell, Counts, Event, Interval
from perftui.model.journal import End, Header, JournalLine
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.model.record import Environment
from perftui.report.formats import FORMATS, export
from perftui.store.journal import JOURNAL_NAME
from perftui.store.journal_format import encode_line
from perftui.store.loading import load_folder
from perftui.store.overview import MOST_BLOCKS, OVERVIEW_NAME, overview_lines, write_overview
from perftui.store.records import write_record

pytestmark = pytest.mark.xdist_group("one long run")

SECONDS = 3 * MOST_BLOCKS
END = End(status="finished", ended_at="y")
PLAN = Plan(
    name="soak",
    target=Target(url="http://127.0.0.1:8000"),
    load=Load(stages=(Stage(duration_s=SECONDS, to=20),), start_level=20),
    operations=(Operation(name="list", path="/"),),
)

HEADER = Header(id="soak", plan=PLAN, started_at="x", environment=Environment())


@pytest.fixture(scope="module")
def timeline() -> Timeline:
    made = Timeline(PLAN)
    for line in journal_lines():
        made.add(line)
    return made


def journal_lines() -> Iterator[JournalLine]:
    """The run, second by second."""
    yield HEADER
    yield Event(at_s=0, kind="phase", detail="measure")
    cells = []
    for variant in range(20):
        times = Histogram.of(range(1000 + variant, 3000 + variant, 100)).data
        delays = Histogram.of(range(20)).data
        counts = Counts(scheduled=20, started=20, ok=20)
        cells.append(Cell(counts=counts, service_time=times, response_time=times, start_delay=delays))
    for second in range(SECONDS):
        cell = cells[second % 20]
        yield Interval(
            at_s=second, duration_s=1, phase="measure", level=20, asked=20, cells={"measure": {"list": cell}}
        )
    yield END


def test_the_overview_says_the_same(tmp_path: Path, timeline: Timeline) -> None:
    assert overview_lines(tmp_path) is None
    write_overview(tmp_path, timeline)
    read = overview_lines(tmp_path)
    assert read is not None
    lines = list(read)
    assert sum(isinstance(line, Interval) for line in lines) <= MOST_BLOCKS + 1
    opened = Timeline()
    for line in lines:
        opened.add(line)
    summary = opened.run()
    assert summary == timeline.run()
    assert (
        opened.whole_run()
        == timeline.whole_run()
        == Counts(scheduled=20 * SECONDS, started=20 * SECONDS, ok=20 * SECONDS)
    )
    assert opened.intervals_count <= MOST_BLOCKS + 1
    assert opened.events == timeline.events
    assert opened.end == timeline.end


def test_a_damaged_overview_is_not_used(tmp_path: Path, timeline: Timeline) -> None:
    write_overview(tmp_path, timeline)
    path = tmp_path / OVERVIEW_NAME
    data = path.read_bytes()
    path.write_bytes(data[:-5])
    assert overview_lines(tmp_path) is None
    path.write_bytes(data[:1000] + b"x" + data[1001:])
    assert overview_lines(tmp_path) is None


@pytest.mark.slow
def test_formats_without_seconds_need_no_journal(tmp_path: Path, timeline: Timeline) -> None:
    journal = b"".join(encode_line(number, line) for number, line in enumerate(journal_lines()))
    (tmp_path / JOURNAL_NAME).write_bytes(journal)
    write_record(tmp_path, complete_record(HEADER, timeline, END))
    write_overview(tmp_path, timeline)
    full, short = load_folder(tmp_path), load_folder(tmp_path, in_full=False)
    assert len(full.intervals) == SECONDS
    assert len(short.intervals) <= MOST_BLOCKS + 1
    for style, each in FORMATS.items():
        assert (export(short, style) != export(full, style)) == each.needs_seconds, style
