"""The list of runs, quickly: what a row shows of each, remembered until its files change."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import msgspec
from msgspec import Struct

from perftui.model.errors import PerftuiError, UsageError
from perftui.model.interval import TrustVerdict
from perftui.model.journal import Header
from perftui.model.record import Outcome, Record, Status, Verdict, outcome_of
from perftui.store.files import read_limited, write_atomic
from perftui.store.journal import JOURNAL_NAME, JournalFollower
from perftui.store.liveness import is_live
from perftui.store.records import RECORD_NAME, read_record
from perftui.store.safe_reading import safe_json

INDEX_NAME = ".index.json"
MOST_INDEX_BYTES = 64 * 1024 * 1024
_SCHEMA = 2
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
UNFINISHED = "unfinished: its runner ended before the run; `perftui runs recover` completes it"


class RunRow(Struct, frozen=True, kw_only=True):
    """A run as one line of a list."""

    id: str
    path: Path
    label: str = ""
    preset: str = ""
    url: str = ""
    status: Status = "running"
    verdict: Verdict = "none"
    trust: TrustVerdict = "valid"
    is_regression: bool = False
    started_at: str = ""
    duration_s: float = 0.0
    """Of the measure phase."""
    mode: str = "rate"
    rate: float = 0.0
    """Started requests per second of the measure phase."""
    p95_ms: float = 0.0
    """Response time in rate mode, service time in users mode; 0 when nothing was answered."""
    p95_is_floor: bool = False
    """Whether only so much is known: p95 is at least that, the timeout."""
    error_rate: float = 0.0
    steered: bool = False
    rounds_of: str = ""
    problem: str = ""
    """Why the rest of the row is missing, or what is to be done; empty when all is well."""

    @property
    def outcome(self) -> Outcome:
        """What came of the run in one word: see model.record.outcome_of."""
        return outcome_of(self.verdict, self.trust, is_regression=self.is_regression)


class _Entry(Struct, frozen=True, kw_only=True):
    stamp: tuple[int, int, int]
    """Of run.toml: modified (ns), size, inode."""
    row: RunRow


class _Index(Struct, frozen=True, kw_only=True):
    schema: int = _SCHEMA
    entries: dict[str, _Entry] = {}


class RunIndex:
    """The rows of a folder of runs. The index file is a cache: it may be deleted at any time."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._file = root / INDEX_NAME

    def rows(self) -> list[RunRow]:
        """One row for every run folder, in no order.

        Raises:
            UsageError: the folder cannot be read.
        """
        known = self._load()
        entries: dict[str, _Entry] = {}
        rows: list[RunRow] = []
        for name in run_names(self._root):
            path = self._root / name
            entry = self._entry(path, known.get(name))
            if entry is None:
                row = _row_of_journal(path)
            else:
                entries[name] = entry
                row = msgspec.structs.replace(entry.row, path=path)
            rows.append(_with_liveness(row) if row.status == "running" else row)
        if entries != known:
            # only a cache: on a read-only or full disk the list is slower, and right
            with suppress(OSError):
                write_atomic(self._file, msgspec.json.encode(_Index(entries=entries), enc_hook=str))
        return rows

    def _load(self) -> dict[str, _Entry]:
        try:
            data = read_limited(self._file, MOST_INDEX_BYTES)
            index = msgspec.json.decode(safe_json(data), type=_Index, dec_hook=_to_path)
        except (UsageError, ValueError, RecursionError):
            return {}
        return index.entries if index.schema == _SCHEMA else {}

    @staticmethod
    def _entry(path: Path, known: _Entry | None) -> _Entry | None:
        try:
            found = (path / RECORD_NAME).lstat()
        except OSError:
            return None
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if known is not None and known.stamp == stamp:
            return known
        return _Entry(stamp=stamp, row=_row_of_record(path))


def _to_path(_: type, text: str) -> Path:
    return Path(text)


def run_names(root: Path) -> list[str]:
    """The names of all run folders, in no order. Symbolic links are no run folders.

    Raises:
        UsageError: the folder of runs cannot be read.
    """
    try:
        with os.scandir(root) as found:
            return [e.name for e in found if _ID.fullmatch(e.name) and e.is_dir(follow_symlinks=False)]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise UsageError(f"{root}: cannot be read: {error.strerror}") from error


def row_of(record: Record, path: Path) -> RunRow:
    """The row of a record."""
    from perftui.metrics.summary import is_censored  # with all of numpy, and most lists read no record

    total = record.summary.total
    time = "response_time" if total.response_time_ms.count else "service_time"
    times = total.response_time_ms if total.response_time_ms.count else total.service_time_ms
    is_floor = is_censored(total, time, 0.95)
    return RunRow(
        id=record.id,
        path=path,
        label=record.label,
        preset=record.plan.name,
        url=record.plan.where,
        status=record.status,
        verdict=record.verdict,
        trust=record.trust.verdict,
        is_regression=record.is_regression,
        started_at=record.started_at,
        duration_s=record.summary.duration_s,
        mode=record.plan.load.mode,
        rate=total.rate_per_s,
        p95_ms=record.plan.timeout_s * 1e3 if is_floor else times.p95,
        p95_is_floor=is_floor,
        error_rate=total.error_rate,
        steered=record.steered,
        rounds_of=record.rounds_of,
    )


def _row_of_record(path: Path) -> RunRow:
    try:
        return msgspec.structs.replace(row_of(read_record(path), path), id=path.name)
    except PerftuiError as error:
        return RunRow(id=path.name, path=path, status="failed", problem=str(error))


def _row_of_journal(path: Path) -> RunRow:
    try:
        first = next(JournalFollower(path / JOURNAL_NAME).lines(), None)
    except PerftuiError as error:
        return RunRow(id=path.name, path=path, status="failed", problem=str(error))
    if not isinstance(first, Header):
        return RunRow(id=path.name, path=path, status="failed", problem="holds neither a record nor a journal")
    return RunRow(
        id=path.name,
        path=path,
        label=first.label,
        preset=first.plan.name,
        url=first.plan.where,
        mode=first.plan.load.mode,
        started_at=first.started_at,
        rounds_of=first.rounds_of,
    )


def _with_liveness(row: RunRow) -> RunRow:
    if is_live(row.path):
        return row
    return msgspec.structs.replace(row, status="interrupted", problem=UNFINISHED)
