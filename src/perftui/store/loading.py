"""A run with everything that was measured, from its folder or from an exported file."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from perftui.model.errors import UsageError
from perftui.model.interval import ErrorSample, Event, Interval
from perftui.model.journal import JournalLine
from perftui.model.record import Record
from perftui.model.text import safe_path, safe_text
from perftui.store.files import read_limited, without_mark
from perftui.store.interchange import read_document
from perftui.store.journal import JOURNAL_NAME, read_journal
from perftui.store.library import RunLibrary
from perftui.store.overview import overview_lines
from perftui.store.plausible import check_plausible
from perftui.store.records import RECORD_NAME, parse_record, read_record
from perftui.store.safe_reading import safe_json

MOST_FILE_BYTES = 256 * 1024 * 1024


class LoadedRun(Struct, frozen=True, kw_only=True):
    """A run in memory."""

    record: Record
    intervals: tuple[Interval, ...] = ()
    events: tuple[Event, ...] = ()
    error_samples: tuple[ErrorSample, ...] = ()
    path: Path
    foreign_lacks: tuple[str, ...] = ()
    """What a result of another tool does not say, in words."""
    problem: str | None = None
    """What is wrong with the journal."""
    is_saved: bool = True
    """False: the disk refused it, and what is in memory is all there is."""

    @property
    def where(self) -> str:
        """Where it was saved, in a line to print."""
        shown = safe_path(self.path)
        return f"Saved: {shown}" if self.is_saved else f"Not saved, the disk refused it: {shown}"


def load_run(reference: str, library: RunLibrary | None = None, *, in_full: bool = True) -> LoadedRun:
    """The run behind an id, a unique prefix, `latest`, a run folder or an exported file; `in_full`: see load_folder.

    Raises:
        UsageError: there is no such run, or it is damaged, too large, or of a newer schema.
    """
    path = (library or RunLibrary()).find(reference)
    return load_folder(path, in_full=in_full) if path.is_dir() else load_file(path)


def load_folder(path: Path, *, in_full: bool = True) -> LoadedRun:
    """A run folder. Without run.toml the run is unfinished: analysis.recovery completes it.

    Args:
        path: the folder.
        in_full: every second of it; else a long run comes in blocks of a few minutes, and in less than a second.

    Raises:
        UsageError: it holds no record, or it is damaged.
    """
    if not (path / RECORD_NAME).exists():
        raise UsageError(f"{path}: {_without_record(path / JOURNAL_NAME)}")
    record = read_record(path)
    overview = None if in_full else overview_lines(path)
    lines, problem = read_journal(path) if overview is None else (list(overview), None)
    run = loaded(record, lines, path, problem)
    check_plausible(record, run.intervals, safe_text(str(path)))
    return run


def _without_record(journal: Path) -> str:
    """What a folder without run.toml is."""
    try:
        is_empty = journal.stat().st_size == 0
    except OSError:
        return "is no run"
    if is_empty:
        return "nothing of the run was saved: the disk took no line of its journal"
    return "is unfinished; complete it with `perftui runs recover`"


def load_made(record: Record, path: Path, *, in_full: bool = True) -> LoadedRun:
    """A run that has just been made here, as it was saved.

    Args:
        record: what came of it.
        path: the folder that it began in; it ended in another one where somebody took that away.
        in_full: as load_folder.

    Raises:
        UsageError: the disk refused it.
    """
    saved = load_folder(path.with_name(record.id), in_full=in_full)
    # a disk that was full at the end has kept the record of the start
    return replace(saved, record=record) if saved.record.status == "running" else saved


def loaded(record: Record, lines: list[JournalLine], path: Path, problem: str | None = None) -> LoadedRun:
    """A record with the lines of its journal."""
    return LoadedRun(
        record=record,
        intervals=tuple(line for line in lines if isinstance(line, Interval)),
        events=tuple(line for line in lines if isinstance(line, Event)),
        error_samples=tuple(line for line in lines if isinstance(line, ErrorSample)),
        path=path,
        problem=problem,
    )


def load_file(path: Path) -> LoadedRun:
    """An exported run: JSON with its intervals, or TOML without.

    Raises:
        UsageError: it is no exported run, damaged, too large, or of a newer schema.
    """
    source = safe_text(str(path))
    data = without_mark(read_limited(path.resolve(), MOST_FILE_BYTES), source)
    if data.lstrip()[:1] != b"{":
        record = parse_record(data, source)
        check_plausible(record, (), source)
        return LoadedRun(record=record, path=path)
    try:
        document = msgspec.json.decode(safe_json(data))
    except (msgspec.DecodeError, RecursionError, ValueError) as error:
        raise UsageError(f"{source}: not a run of perftui: {safe_text(str(error))}") from error
    record, intervals, events, error_samples = read_document(document, source)
    check_plausible(record, intervals, source)
    return LoadedRun(record=record, intervals=intervals, events=events, error_samples=error_samples, path=path)
