"""A server that sends lines back, or does what they say: `sleep 2`, `cut`. It counts the lines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from support.own_loop import own_loop


class EchoServer:
    """Counts what it was sent."""

    def __init__(self) -> None:
        self.lines = 0
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Answer one connection."""
        try:
            while line := await reader.readline():
                self.lines += 1
                words = line.decode().split()
                if words[0] == "cut":
                    break
                if words[0] == "sleep":
                    await asyncio.sleep(float(words[1]))
                writer.write(line)
                await writer.drain()
        except ConnectionError:
            pass
        finally:
            writer.close()


@contextmanager
def echo_server() -> Iterator[EchoServer]:
    """A server on a free port, for as long as the block lasts."""
    server = EchoServer()

    @asynccontextmanager
    async def serve() -> AsyncIterator[asyncio.Server]:
        async with await asyncio.start_server(server.serve, "127.0.0.1", 0) as listening:
            yield listening

    with own_loop(serve) as server.port:
        yield server
