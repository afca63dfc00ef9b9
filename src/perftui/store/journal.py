"""The journal of a run: written one line per second, read by everything that shows a run.

A run's journal is `journal.jsonl`; when the disk failed it goes on in `journal.2.jsonl`, ... A line counts when it is
whole, its checksum matches and its number is the one after the last. A journal is never rewritten.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Generator, Iterator
from pathlib import Path

from perftui.model.errors import UsageError
from perftui.model.journal import JournalLine
from perftui.store.journal_format import (
    MOST_LINE_BYTES,
    DamagedLineError,
    UnknownVersionError,
    decode_line,
)

JOURNAL_NAME = "journal.jsonl"
MOST_JOURNAL_BYTES = 16 * 1024**3
"""A day of 10,000 requests per second takes 1.4 GB."""
_CHUNK_BYTES = 1024 * 1024


def journal_path(path: Path) -> Path:
    """The first segment of a run folder; a file stands for itself."""
    return path / JOURNAL_NAME if path.is_dir() else path


def segment_path(first: Path, number: int) -> Path:
    """The n-th segment, from 1."""
    return first if number == 1 else first.with_name(f"{first.stem}.{number}{first.suffix}")


class JournalFollower:
    """Reads what is new in a journal, whether its run is live, finished or crashed."""

    def __init__(self, path: Path) -> None:
        """Follow a run folder, or a journal file.

        Args:
            path: the folder or file; it may not exist yet.
        """
        self._first = journal_path(path)
        self._segment = 1
        self._offset = 0
        self._rest = b""
        self._last_number = -1
        self.problem: str | None = None
        """Why reading stopped before the end; None while all is well."""

    @property
    def has_partial_line(self) -> bool:
        """Whether bytes after the last whole line were seen: being written, or a torn tail."""
        return bool(self._rest)

    def poll(self) -> list[JournalLine]:
        """Lines committed since the last call, in order.

        Raises:
            UsageError: the journal is a symbolic link, cannot be read, or is of a newer format.
        """
        return list(self.lines())

    def lines(self) -> Generator[JournalLine, None, None]:
        """The same one at a time: a long journal is never held as a whole.

        Raises:
            UsageError: the journal is a symbolic link, cannot be read, or is of a newer format.
        """
        while True:
            if self.problem is None:
                yield from self._segment_lines()
            if not segment_path(self._first, self._segment + 1).exists():
                return
            # the disk failed here: the next segment repeats whatever may not have reached it
            self._segment += 1
            self._offset, self._rest, self.problem = 0, b"", None

    def _segment_lines(self) -> Iterator[JournalLine]:
        path = segment_path(self._first, self._segment)
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return
        except OSError as error:
            raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise UsageError(f"{path}: is not a file")
        with os.fdopen(descriptor, "rb") as file:
            file.seek(self._offset)
            while self.problem is None and (chunk := file.read(_CHUNK_BYTES)):
                self._offset += len(chunk)
                yield from self._whole_lines(chunk, path)

    def _whole_lines(self, chunk: bytes, path: Path) -> Iterator[JournalLine]:
        *whole, self._rest = (self._rest + chunk).split(b"\n")
        start = self._offset - len(self._rest) - sum(len(raw) + 1 for raw in whole)
        if self._offset > MOST_JOURNAL_BYTES or len(self._rest) > MOST_LINE_BYTES:
            self.problem = f"{path.name}: too large from byte {start} on; the seconds before it are kept"
            return
        for raw in whole:
            try:
                number, line = decode_line(raw)
            except UnknownVersionError as error:
                raise UsageError(f"{path}: {error}") from error
            except DamagedLineError as error:
                self.problem = f"{path.name}: damaged at byte {start}: {error}; the seconds before it are kept"
                return
            if number > self._last_number + 1:
                self.problem = f"{path.name}: lines are missing at byte {start}; the seconds before it are kept"
                return
            start += len(raw) + 1
            if number == self._last_number + 1:  # a lower one repeats a line of the segment before
                self._last_number = number
                yield line


def read_journal(path: Path) -> tuple[list[JournalLine], str | None]:
    """Every committed line, and what is wrong with the rest, if anything.

    Raises:
        UsageError: the journal is a symbolic link, cannot be read, or is of a newer format.
    """
    follower = JournalFollower(path)
    lines = follower.poll()
    if follower.problem is None and follower.has_partial_line:
        return lines, "torn tail, at most 1 s lost"
    return lines, follower.problem
