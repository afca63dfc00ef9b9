"""Waking up at an exact moment: a kernel timer where there is one, the event loop's timers elsewhere.

Event loops round their timers to whole milliseconds, late or early. A Linux timerfd wakes the loop some 50 us after the
moment, at the cost of one system call per arming: arming it again also clears what it had to say.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
from collections.abc import Callable
from time import perf_counter_ns
from typing import Protocol

_CLOCK_MONOTONIC = 1
_ABSOLUTE = 1
_NS = 1_000_000_000


class Pacer(Protocol):
    """Calls back at the armed moment or shortly after; the callback looks at the clock, then arms again or disarms."""

    def arm(self, at_ns: int) -> None:
        """Call back at this time of perf_counter_ns; replaces what was armed before."""

    def disarm(self) -> None:
        """Do not call back until armed again."""

    def close(self) -> None:
        """Never call back again."""


class LoopPacer:
    """By the event loop's timers, which may fire up to half a millisecond early."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        self._loop = loop
        self._callback = callback
        self._handle: asyncio.Handle | None = None

    def arm(self, at_ns: int) -> None:
        """Call back at this time of perf_counter_ns; replaces what was armed before."""
        self.disarm()
        delay_ns = at_ns - perf_counter_ns()
        if delay_ns <= 0:
            self._handle = self._loop.call_soon(self._callback)
        else:
            self._handle = self._loop.call_later(delay_ns / 1e9, self._callback)

    def disarm(self) -> None:
        """Do not call back until armed again."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    close = disarm


class _TimeSpec(ctypes.Structure):
    _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))


class _TimerSpec(ctypes.Structure):
    _fields_ = (("interval", _TimeSpec), ("value", _TimeSpec))


class TimerfdPacer:
    """By a Linux timerfd. perf_counter_ns is CLOCK_MONOTONIC there."""

    def __init__(self, loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> None:
        library = ctypes.CDLL(None, use_errno=True)
        self._loop = loop
        self._settime = library.timerfd_settime
        self._descriptor: int = library.timerfd_create(_CLOCK_MONOTONIC, os.O_NONBLOCK | os.O_CLOEXEC)
        if self._descriptor < 0:
            raise OSError(ctypes.get_errno(), "timerfd_create failed")
        self._spec = _TimerSpec()
        self._value = self._spec.value
        self._reference = ctypes.byref(self._spec)
        loop.add_reader(self._descriptor, callback)

    def arm(self, at_ns: int) -> None:
        """Call back at this time of perf_counter_ns; replaces what was armed before."""
        # A moment that has passed fires at once; zero would disarm.
        self._value.seconds, self._value.nanoseconds = divmod(max(1, at_ns), _NS)
        self._settime(self._descriptor, _ABSOLUTE, self._reference, None)

    def disarm(self) -> None:
        """Do not call back until armed again."""
        self._value.seconds = self._value.nanoseconds = 0
        self._settime(self._descriptor, _ABSOLUTE, self._reference, None)

    def close(self) -> None:
        """Never call back again."""
        if self._descriptor >= 0:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1


def open_pacer(loop: asyncio.AbstractEventLoop, callback: Callable[[], None]) -> Pacer:
    """The best pacer of this system."""
    try:
        return TimerfdPacer(loop, callback)
    except (OSError, AttributeError):  # no Linux, or a sandbox without timerfd
        return LoopPacer(loop, callback)
