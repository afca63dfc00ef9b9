"""A server that sends lines back, or does what they say: `sleep 2`, `cut`. It counts the lines."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


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
    loop = asyncio.new_event_loop()
    started = threading.Event()

    async def main() -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        server.port = listening.sockets[0].getsockname()[1]
        started.set()
        try:
            async with listening:
                await stop.wait()
        finally:
            others = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
            for task in others:
                task.cancel()
            await asyncio.gather(*others, return_exceptions=True)

    stop = asyncio.Event()
    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    started.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(10)
        loop.close()
