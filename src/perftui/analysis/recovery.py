"""Completes a run whose runner ended before it could: from its journal, which is never rewritten."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from perftui.analysis.record import complete_record
from perftui.metrics.timeline import Timeline
from perftui.model.errors import UsageError
from perftui.model.interval import Cell, Counts, Interval
from perftui.model.journal import End, Header, JournalLine
from perftui.model.plan import Phase
from perftui.model.record import Finding, Record
from perftui.model.text import safe_text
from perftui.store.journal import JOURNAL_NAME, JournalFollower
from perftui.store.leftovers import has_leftovers
from perftui.store.liveness import is_live
from perftui.store.overview import WORTH_IT_S, write_overview
from perftui.store.paths import runs_directory, socket_path
from perftui.store.plausible import check_record
from perftui.store.records import RECORD_NAME, read_record, write_record

_SHORTEST_S = 0.001


def recover(folder: Path) -> Record:
    """Write the run.toml that a journal implies. A second recovery gives the same record.

    Raises:
        UsageError: the run is still going on, or its journal has no beginning.
    """
    shown = safe_text(folder.name)
    if is_live(folder):
        raise UsageError(f"{shown}: is still running; watch it with `perftui watch {shown}`")
    try:
        record, timeline = _read(folder)
        check_record(record)
    except (
        ValueError,
        OverflowError,
        ArithmeticError,
    ) as error:  # checksums are right and the histograms are not: made up
        raise UsageError(f"{shown}: its journal is damaged: {safe_text(str(error))}") from error
    try:
        if folder.absolute().parent == runs_directory().absolute():
            socket_path(folder.name).unlink(missing_ok=True)  # left behind by a runner that was killed
        write_record(folder, record)
        if timeline.at_s >= WORTH_IT_S:
            write_overview(folder, timeline)
    except OSError as error:
        raise UsageError(f"{folder}: the record cannot be written: {error.strerror}") from error
    return record


def recover_if_unfinished(folder: Path) -> bool:
    """Complete a run that is opened, when its runner ended before it; whether that was so.

    Raises:
        UsageError: its journal has no beginning, or its record is damaged or cannot be written.
    """
    if is_live(folder) or not (folder / JOURNAL_NAME).exists():
        return False
    if (folder / RECORD_NAME).exists() and read_record(folder).status != "running":
        return False
    recover(folder)
    return True


def _read(folder: Path) -> tuple[Record, Timeline]:
    header: Header | None = None
    end: End | None = None
    timeline = Timeline()
    unanswered = Unanswered()
    for line in JournalFollower(folder).lines():
        unanswered.add(line)
        if isinstance(line, Header):
            header = header or line
        elif isinstance(line, End):
            end = line
        timeline.add(line)
    if header is None:
        shown = safe_text(folder.name)
        raise UsageError(f"{shown}: its journal has no first line; there is nothing to recover, delete the run")
    if end is None:
        timeline.add(unanswered.cancelled)
    return _with_leftovers(complete_record(header, timeline, end), folder), timeline


def _with_leftovers(record: Record, folder: Path) -> Record:
    if not has_leftovers(folder):
        return record
    detail = (
        "the runner ended before its clean-up: what the run made is still on the target; "
        f"`perftui runs recover --clean {record.id}` removes it"
    )
    return replace(record, findings=(Finding(code="not_cleaned_up", detail=detail), *record.findings))


class Unanswered:
    """Requests of a cut-off run that were due and whose outcome nobody saw."""

    def __init__(self) -> None:
        self._counts: dict[tuple[Phase, str], int] = {}
        self._at_s = 0.0

    def add(self, line: JournalLine) -> None:
        """Count a line of the journal."""
        if not isinstance(line, Interval):
            return
        self._at_s = line.at_s + line.duration_s
        for phase, operations in line.cells.items():
            for operation, cell in operations.items():
                key = (phase, operation)
                self._counts[key] = self._counts.get(key, 0) + cell.counts.scheduled - cell.counts.finished

    @property
    def cancelled(self) -> Interval:
        """An interval that gives each of them an outcome: cancelled."""
        cells: dict[Phase, dict[str, Cell]] = {}
        for (phase, operation), count in self._counts.items():
            if count > 0:
                cells.setdefault(phase, {})[operation] = Cell(counts=Counts(cancelled=count))
        return Interval(at_s=self._at_s, duration_s=_SHORTEST_S, phase="drain", cells=cells)
