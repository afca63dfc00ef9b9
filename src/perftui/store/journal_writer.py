"""Appends to a journal so that at most a second is lost, and outlives a disk that is full or failing."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from perftui.model.errors import PerftuiError
from perftui.model.interval import Event
from perftui.model.journal import JournalLine
from perftui.store.files import SYSTEM_CALLS, FileCalls, open_new, sync_directory
from perftui.store.journal import segment_path
from perftui.store.journal_format import encode_line
from perftui.store.liveness import hold_lock

SYNC_EVERY_S = 5.0
RETRY_EVERY_S = 5.0
_ACCESS = os.O_RDWR | os.O_APPEND
"""Also read: what was written can be saved when its name is gone."""
_COPIED_BYTES = 1024 * 1024
MOST_WAITING = 900
"""Lines kept in memory while the disk refuses: 15 minutes."""


class JournalWriter:
    """The only writer of a journal.

    A line is one write. After a failed write the file is cut back and the line waits in memory; after a failed fsync
    nothing since the last good one is trusted, and all of it is written again to a new segment.
    """

    def __init__(
        self,
        path: Path,
        calls: FileCalls = SYSTEM_CALLS,
        clock: Callable[[], float] = time.monotonic,
        *,
        elsewhere: Callable[[], Path] | None = None,
    ) -> None:
        """Create the journal.

        Args:
            path: the first segment; it must not exist.
            calls: the system calls; tests make them fail.
            clock: seconds, for the moments of fsync and of new attempts.
            elsewhere: makes a new folder when that of the journal is gone, or has become another.

        Raises:
            OSError: the file exists or cannot be made.
        """
        self._first = path
        self._place = _identity(path.parent)
        self._elsewhere = elsewhere
        self._calls = calls
        self._clock = clock
        self._descriptors: list[int] = []
        self._segments = 0
        self._length = 0
        self._number = 0
        self._unsynced: list[bytes] = []
        self._waiting: deque[JournalLine] = deque()
        self._forgotten = 0
        self._must_move = False
        self._synced_at = clock()
        self._failed_at = 0.0
        self.problem: str | None = None
        """What the disk refused, while lines wait in memory."""
        try:
            self._open_segment()
        except OSError as error:
            if not self._descriptors:
                raise
            self._fail(error)
        hold_lock(self._descriptors[0])

    @property
    def folder(self) -> Path:
        """Where the journal is by now."""
        return self._first.parent

    @property
    def waiting(self) -> int:
        """Lines that are kept in memory because the disk refused them."""
        return len(self._waiting)

    def append(self, line: JournalLine) -> None:
        """Write a line, or keep it until the disk takes it again."""
        self._waiting.append(line)
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popleft()
            self._forgotten += 1
        now = self._clock()
        if self.problem is not None and now - self._failed_at < RETRY_EVERY_S:
            return
        self.problem = None
        self.keep_place()
        homeless = self.problem
        self._write_waiting()
        # an open file takes lines without a name, too; that they can be found by nobody is still so
        self.problem = self.problem or homeless
        if self.problem is None and now - self._synced_at >= SYNC_EVERY_S:
            self.sync()

    def keep_place(self) -> None:
        """Go on elsewhere, with all that was written, when somebody removed the folder or put another in its place."""
        if self._elsewhere is None:
            return
        try:
            if not self._is_in_place():
                self._move(self._elsewhere())
            elif not all(map(_has_name, self._descriptors)):
                self._move(self.folder)
        except (OSError, PerftuiError) as error:
            self._fail(OSError(0, f"the folder or the file is gone, and no other could be made: {error}"))

    def _is_in_place(self) -> bool:
        try:
            return _identity(self.folder) == self._place
        except OSError:
            return False

    def _move(self, folder: Path) -> None:
        """Write every segment anew: files live on as long as they are open, whatever became of their names."""
        first = folder / self._first.name
        stays = folder == self.folder
        moved: dict[int, int] = {}
        try:
            for place, descriptor in enumerate(self._descriptors):
                if not (stays and _has_name(descriptor)):
                    moved[place] = open_new(segment_path(first, place + 1), _ACCESS)
                    _copy(descriptor, moved[place])
                    self._calls.fsync(moved[place])
            sync_directory(folder, self._calls)
        except OSError:
            for descriptor in moved.values():
                os.close(descriptor)
            raise
        if 0 in moved:
            hold_lock(moved[0])
        for place, descriptor in moved.items():
            os.close(self._descriptors[place])
            self._descriptors[place] = descriptor
        self._first, self._place = first, _identity(folder)
        self._length = os.fstat(self._descriptors[-1]).st_size

    def sync(self) -> None:
        """Wait until the disk has every line: every 5 s, at a change of phase, at the end."""
        if self.problem is not None or not self._unsynced:
            return
        try:
            self._calls.fsync(self._descriptors[-1])
            if not os.fstat(self._descriptors[-1]).st_nlink:
                raise FileNotFoundError("the journal was deleted")
        except OSError as error:
            self._fail(error)
            self._must_move = True
            return
        self._unsynced.clear()
        self._synced_at = self._clock()

    def close(self) -> None:
        """Write what waits, if the disk lets us, and close."""
        self._write_waiting()
        self.sync()
        if self._must_move:  # the last fsync failed: once more, to a new segment
            self._write_waiting()
            self.sync()
        for descriptor in self._descriptors:
            os.close(descriptor)
        self._descriptors.clear()

    def _open_segment(self) -> None:
        descriptor = open_new(segment_path(self._first, self._segments + 1), _ACCESS)
        self._descriptors.append(descriptor)
        self._segments += 1
        self._length = 0
        sync_directory(self._first.parent, self._calls)

    def _write_waiting(self) -> None:
        try:
            if self._must_move:
                self._open_segment()
                for raw in self._unsynced:
                    self._write(raw)
                self._must_move = False
            if self._forgotten:
                detail = f"{self._forgotten} lines were lost while the disk refused"
                self._commit(Event(at_s=_moment(self._waiting), kind="disk", detail=detail))
                self._forgotten = 0
            while self._waiting:
                self._commit(self._waiting[0])
                self._waiting.popleft()
        except OSError as error:
            self._fail(error)
        else:
            self.problem = None

    def _commit(self, line: JournalLine) -> None:
        raw = encode_line(self._number, line)
        self._write(raw)
        self._number += 1
        self._unsynced.append(raw)

    def _write(self, raw: bytes) -> None:
        written = self._calls.write(self._descriptors[-1], raw)
        if written != len(raw):
            raise OSError(28, os.strerror(28))
        self._length += written

    def _fail(self, error: OSError) -> None:
        self.problem = f"the disk refuses the journal: {error.strerror or error}; kept in memory, trying again"
        self._failed_at = self._clock()
        try:
            self._calls.truncate(self._descriptors[-1], self._length)
        except OSError:
            self._must_move = True


def _identity(folder: Path) -> tuple[int, int]:
    """What a folder is, whatever its name: a link in its place is another."""
    found = folder.lstat()
    return found.st_dev, found.st_ino


def _has_name(descriptor: int) -> bool:
    return os.fstat(descriptor).st_nlink > 0


def _copy(source: int, target: int) -> None:
    at = 0
    while data := os.pread(source, _COPIED_BYTES, at):
        at += len(data)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(target, rest) :]


def _moment(lines: deque[JournalLine]) -> float:
    return next((at for line in lines if (at := getattr(line, "at_s", None)) is not None), 0.0)
