"""The server of a scaling test: started by the user's command with so many workers, and ended."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from perftui.engine.clients.registry import place_of
from perftui.model.errors import UnreachableError, UsageError
from perftui.model.plan import Plan
from perftui.model.text import safe_text

_READY_S = 30.0
_END_S = 10.0


@contextmanager
def server_of(command: str, plan: Plan, rest: Callable[[float], None]) -> Iterator[None]:
    """Start the server by the user's command, and end what it left in the foreground.

    Args:
        command: as typed, with the number of workers in it.
        plan: whose target listens then.
        rest: waits so many seconds, while what other machines need is kept up.

    Raises:
        UnreachableError: nobody listens after half a minute.
        UsageError: the command cannot be started, or failed.
    """
    try:
        process = subprocess.Popen(shlex.split(command), stdin=subprocess.DEVNULL, stdout=2, start_new_session=True)
    except (OSError, ValueError) as error:
        raise UsageError(f"--command: {safe_text(str(error))}") from error
    try:
        _wait_until_it_listens(process, plan, rest)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        ends_s = time.monotonic() + _END_S
        while process.poll() is None and time.monotonic() < ends_s:
            rest(0.05)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_it_listens(process: subprocess.Popen[bytes], plan: Plan, rest: Callable[[float], None]) -> None:
    where = place_of(plan.target)
    if where is None:
        return
    ends_s = time.monotonic() + _READY_S
    while time.monotonic() < ends_s:
        if process.poll():
            raise UsageError(f"--command: ended with exit code {process.returncode}")
        with suppress(OSError), socket.create_connection(where, timeout=1):
            return
        rest(0.1)
    raise UnreachableError(f"nobody listens at {where[0]}:{where[1]} {_READY_S:.0f} s after the command")
