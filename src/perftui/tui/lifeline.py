"""Leaves at once when the terminal is gone, or the server that shows the app in a browser: nobody would end it.

The runs have their own processes and go on; only the viewer ends.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import stat
import sys
import threading
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from perftui.engine.clients.leaving import leave
from perftui.model.errors import ExitCode

if TYPE_CHECKING:
    from perftui.tui.base_app import BaseApp

_POLL_S = 0.5
_PATIENCE_S = 2.0
"""How long a proper end may take when the terminal no longer takes what is written to it."""


class Lifeline:
    """While entered: SIGHUP or a hung-up terminal ends the process with 129, SIGTERM leaves properly with 143."""

    def __init__(self, app: BaseApp) -> None:
        self._app = app
        self._done = threading.Event()
        self._before: dict[int, Any] = {}
        self._late: threading.Timer | None = None

    def __enter__(self) -> Self:
        self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._hung_up)
        self._before[signal.SIGTERM] = signal.signal(signal.SIGTERM, self._terminated)
        if sys.__stdin__ is not None and (sys.__stdin__.isatty() or _is_connection(sys.__stdin__.fileno())):
            threading.Thread(target=self._watch, args=(sys.__stdin__.fileno(),), name="lifeline", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._done.set()
        if self._late is not None:
            self._late.cancel()
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _watch(self, terminal: int) -> None:
        is_terminal = os.isatty(terminal)
        poll = select.poll()
        poll.register(terminal, 0)
        while not self._done.wait(_POLL_S):
            gone = any(state & (select.POLLHUP | select.POLLERR) for _, state in poll.poll(0))
            if gone or os.isatty(terminal) != is_terminal:
                self._end(ExitCode.HANGUP)

    def _hung_up(self, _number: int, _frame: FrameType | None) -> None:
        self._end(ExitCode.HANGUP)

    def _terminated(self, _number: int, _frame: FrameType | None) -> None:
        # The loop is asked to leave; when it is stuck in a write that nobody reads, the process ends all the same.
        if self._late is None:
            self._late = threading.Timer(_PATIENCE_S, self._end, (ExitCode.TERMINATED,))
            self._late.daemon = True
            self._late.start()
        try:
            asyncio.get_running_loop().call_soon_threadsafe(self._app.leave, int(ExitCode.TERMINATED))
        except RuntimeError:
            self._end(ExitCode.TERMINATED)  # before the loop runs there is nothing to leave

    def _end(self, code: ExitCode) -> None:
        # No clean-up of the terminal: it is gone or stuck. Nothing is awaited.
        self._app.session.drop()
        leave(code)


def _is_connection(number: int) -> bool:
    """Whether keys come through a pipe, as a browser's do: whoever holds its other end may be gone, too."""
    mode = os.fstat(number).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
