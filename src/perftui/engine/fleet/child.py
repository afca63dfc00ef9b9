"""A process of ours with three streams to it. It may be started before there is a loop, and is talked to within one.

Light on purpose: what is started first loads its modules while its parent still loads its own.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from perftui.model.one_thread import ONE_THREAD

if TYPE_CHECKING:
    from anyio.abc import UNIXSocketStream

WORKER = (sys.executable, "-m", "perftui.engine.worker")
PARENT = "PERFTUI_PARENT"
"""Variable of a worker's environment: the process that started it."""
_LOOK_S = 0.01


class Child:
    """A process in a session of its own: a Ctrl-C of the terminal reaches only who started it."""

    def __init__(self, command: Sequence[str]) -> None:
        """Start it.

        Raises:
            OSError: no process could be started.
        """
        pairs = [socket.socketpair() for _ in range(3)]
        try:
            stdin, stdout, stderr = (theirs.fileno() for _, theirs in pairs)
            self._process = subprocess.Popen(
                command, stdin=stdin, stdout=stdout, stderr=stderr, start_new_session=True, env=_environment()
            )
        except OSError:
            for ours, _ in pairs:
                ours.close()
            raise
        finally:
            for _, theirs in pairs:
                theirs.close()
        self._ours = [ours for ours, _ in pairs]
        self._streams: list[UNIXSocketStream] = []

    async def open(self) -> tuple[UNIXSocketStream, UNIXSocketStream, UNIXSocketStream]:
        """Its stdin, stdout and stderr, for the loop that runs."""
        from anyio.abc import UNIXSocketStream

        while self._ours:
            self._streams.append(await UNIXSocketStream.from_socket(self._ours.pop(0)))
        stdin, stdout, stderr = self._streams
        return stdin, stdout, stderr

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def wait(self) -> int:
        """Wait for its end; its exit code, negative where a signal ended it."""
        import anyio

        while (code := self._process.poll()) is None:  # noqa: ASYNC110 - the kernel tells, no event does
            await anyio.sleep(_LOOK_S)
        self._end_group()
        return code

    def kill(self) -> None:
        """End it at once."""
        if self._process.poll() is None:
            self._process.kill()

    def _end_group(self) -> None:
        """What it has started and left behind, such as a function of the user's may: nothing of it outlives a run."""
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)

    async def close(self) -> None:
        """Free its streams. It has ended."""
        for stream in self._streams:
            await stream.aclose()

    def drop(self) -> None:
        """Nobody needs it: end it, outside of any loop."""
        self._process.kill()
        self._process.wait()
        self._end_group()
        for one in self._ours:
            one.close()


def _environment() -> dict[str, str]:
    return os.environ | ONE_THREAD | {PARENT: str(os.getpid())}
