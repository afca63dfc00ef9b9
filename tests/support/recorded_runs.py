"""Real runs, recorded against the demo service (screenshots/record.py), for pictures and snapshot tests."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perftui.model.interval import ErrorSample, Event, Interval
from perftui.model.journal import Header, JournalLine
from perftui.store.journal import JOURNAL_NAME, read_journal
from perftui.store.journal_writer import JournalWriter
from perftui.store.records import read_record

RECORDED = Path(__file__).parent.parent / "recorded_runs"


def install(name: str, runs: Path) -> Path:
    """A finished run as a folder of the library at `runs`."""
    path = runs / read_record(RECORDED / name).id
    shutil.copytree(RECORDED / name, path)
    return path


def install_all(runs: Path) -> dict[str, Path]:
    """Every recorded run, by the name of its recording."""
    return {source.name: install(source.name, runs) for source in sorted(RECORDED.iterdir()) if source.is_dir()}


@contextmanager
def running(name: str, until_s: float, runs: Path) -> Iterator[tuple[Path, JournalWriter]]:
    """A run that is as far as `until_s`; it counts as live until the context is left. The rest can be appended."""
    path = runs / read_record(RECORDED / name).id
    path.mkdir(parents=True)
    writer = JournalWriter(path / JOURNAL_NAME)
    try:
        for line in lines_until(name, until_s):
            writer.append(line)
        yield path, writer
    finally:
        writer.close()


def lines_until(name: str, until_s: float) -> list[JournalLine]:
    """Lines of the journal that were there at a moment."""
    return [line for line in read_journal(RECORDED / name)[0] if known_at(line) <= until_s]


def lines_after(name: str, after_s: float) -> list[JournalLine]:
    """The lines that came later, the end included."""
    return [line for line in read_journal(RECORDED / name)[0] if known_at(line) > after_s]


def known_at(line: JournalLine) -> float:
    """Seconds of the run at which a line was written; the end is after all."""
    match line:
        case Header():
            return 0.0
        case Interval():
            return line.at_s + line.duration_s
        case Event() | ErrorSample():
            return line.at_s
        case _:
            return float("inf")
