"""Copies of this process that a user's function makes with `os.fork`. They are the function's, not ours.

A copy that comes back from the function would go on as a second worker that sends, counts and reports what the first
one does. It ends there, cannot speak to the runner, and does not outlive who made it.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import signal
import sys
import threading
from typing import Final

from perftui.engine.clients.leaving import leave

_PR_SET_PDEATHSIG = 1
_PRCTL: Final = ctypes.CDLL(None).prctl if sys.platform.startswith("linux") else None
"""Found before any copy is made: the lock of the loader may be held for ever in one."""


class Copies:
    """What a process knows of the copies of itself."""

    def __init__(self) -> None:
        self.is_one = False
        """Whether this process is a copy: who called the function ends it then."""
        self._is_watching = False
        self._pid = self._thread = 0
        self._loop: asyncio.AbstractEventLoop | None = None
        self._mouths: list[int] = []

    def watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on each copy knows that it is one. Called from the thread of the loop."""
        self._loop, self._pid, self._thread = loop, os.getpid(), threading.get_ident()
        if not self._is_watching:
            self._is_watching = True
            os.register_at_fork(after_in_child=self._begin)

    def silence(self, *descriptors: int) -> None:
        """Descriptors that no copy may speak or listen by."""
        self._mouths += descriptors

    def end(self) -> None:
        """The function has returned in a copy: what follows is for the first process alone."""
        leave(0)

    def _begin(self) -> None:
        parent, self._pid = self._pid, os.getpid()
        self.is_one = True
        nothing = os.open(os.devnull, os.O_RDWR)
        for descriptor in self._mouths:
            os.dup2(nothing, descriptor, inheritable=False)
        os.close(nothing)
        die_with_parent()
        if os.getppid() != parent:
            leave(0)
        if self._loop is not None and threading.get_ident() == self._thread:
            # in a coroutine: it may wait for something, and the loop must not go on with all else
            self._loop.call_soon(leave, 0)


COPIES: Final = Copies()


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends, where the kernel can."""
    if _PRCTL is not None:
        _PRCTL(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
