"""Starts a series in a process of its own, and reads what it says."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import suppress

import msgspec

from perftui.engine.series.find import FindRequest
from perftui.engine.series.messages import Ended, Message
from perftui.engine.series.scaling import ScalingRequest

_END_S = 30.0
"""A series that is told to end has so long for its last answers."""


class PendingSeries:
    """A search or a scaling test that goes on while a screen shows it."""

    def __init__(self, request: FindRequest | ScalingRequest) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "perftui.engine.series"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        with suppress(BrokenPipeError), self._process.stdin as stdin:
            stdin.write(msgspec.msgpack.encode(request))
        self.ended: Ended | None = None
        """How it ended; None while it goes on."""

    async def messages(self) -> AsyncIterator[Message]:
        """Every message, the last one says how it ended."""
        while self.ended is None:
            yield await asyncio.to_thread(self._next)

    def _next(self) -> Message:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        try:
            message: Message = msgspec.json.decode(line, type=Message)
        except msgspec.DecodeError:
            message = Ended(problems=("it ended without a word; `perftui doctor` may know why",), exit_code=1)
        if isinstance(message, Ended):
            self.ended = message
        return message

    def stop(self) -> None:
        """End the level that is loaded now, and the series with it. What was measured of it is saved."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)

    def close(self) -> Ended:
        """End it if it still goes on; how it ended."""
        if self.ended is None:
            self.stop()
        while self.ended is None:
            self._next()
        if self._process.stdout is not None:
            self._process.stdout.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        return self.ended
