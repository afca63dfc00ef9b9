"""A long run in few lines, beside its journal: a day opens in less than a second."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from perftui.model.journal import JournalLine
from perftui.store.files import write_atomic
from perftui.store.journal import JournalFollower
from perftui.store.journal_format import encode_line

OVERVIEW_NAME = "overview.jsonl"
WORTH_IT_S = 1800.0
"""Shorter runs are read from their journal as fast."""


def write_overview(folder: Path, lines: Iterable[JournalLine]) -> None:
    """Save what a viewer needs of a finished run: minutes instead of seconds. The journal stays what counts.

    Raises:
        OSError: the disk refused.
    """
    write_atomic(folder / OVERVIEW_NAME, b"".join(encode_line(number, line) for number, line in enumerate(lines)))


def overview_lines(folder: Path) -> Iterator[JournalLine] | None:
    """The lines of a finished long run; None when there is no overview, or none that is whole.

    Raises:
        UsageError: it is of a newer format.
    """
    path = folder / OVERVIEW_NAME
    if not path.exists():
        return None
    follower = JournalFollower(path)
    lines = follower.poll()
    is_whole = lines and follower.problem is None and not follower.has_partial_line
    return iter(lines) if is_whole else None
