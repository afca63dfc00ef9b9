"""A worker's end of the pipes to the runner. Writing never blocks: what the pipe does not take waits in memory."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from perftui.engine.clients.copies import COPIES
from perftui.engine.fleet.framing import FramingError, pack_message, worker_unpacker
from perftui.engine.fleet.messages import FromWorker, ToWorker

MOST_UNSENT_BYTES = 4 * 1024 * 1024
"""Beyond this no frame is made: what is measured is added up until the runner reads again."""


class Channel(asyncio.Protocol):
    """Messages in and out."""

    def __init__(self, on_message: Callable[[ToWorker], None], on_end: Callable[[], None]) -> None:
        self._on_message = on_message
        self._on_end = on_end
        self._unpacker = worker_unpacker()
        self._writing: asyncio.WriteTransport | None = None

    async def open(self) -> None:
        """Take over stdin and stdout; what else this process prints goes to stderr from now on."""
        loop = asyncio.get_running_loop()
        source, sink = os.dup(0), os.dup(1)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.close(nothing)
        os.dup2(2, 1)
        COPIES.silence(source, sink)
        self._writing, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(sink, "wb", 0))
        await loop.connect_read_pipe(lambda: self, os.fdopen(source, "rb", 0))

    @property
    def is_clogged(self) -> bool:
        """Whether the runner has stopped reading."""
        return self._writing is not None and self._writing.get_write_buffer_size() > MOST_UNSENT_BYTES

    def send(self, message: FromWorker) -> None:
        """Hand a message to the pipe."""
        if self._writing is not None:
            self._writing.write(pack_message(message))

    async def flush(self, limit_s: float) -> None:
        """Wait until the pipe has taken everything, but not for ever."""
        deadline = asyncio.get_running_loop().time() + limit_s
        while self._writing is not None and self._writing.get_write_buffer_size():
            if self._writing.is_closing() or asyncio.get_running_loop().time() > deadline:
                return
            await asyncio.sleep(0.005)

    def data_received(self, data: bytes) -> None:
        """Bytes of the runner."""
        try:
            messages = self._unpacker.feed(data)
        except FramingError:
            self._on_end()
            raise
        for message in messages:
            self._on_message(message)

    def eof_received(self) -> None:
        """The runner is gone."""
        self._on_end()

    def connection_lost(self, _exc: Exception | None) -> None:
        """The runner is gone."""
        self._on_end()
