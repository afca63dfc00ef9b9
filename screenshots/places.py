"""A service that can do so much and no more: four places, each taken for 25 ms; who finds none waits."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager

_PLACES = 4
_TAKES_S = 0.025
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@contextmanager
def few_places(port: int) -> Iterator[None]:
    """Serve on loopback, in a thread, until the context is left."""
    started, ended = threading.Event(), asyncio.Event()
    loop = asyncio.new_event_loop()

    async def serve() -> None:
        async with await _serve(port):
            started.set()
            await ended.wait()

    thread = threading.Thread(target=_run, args=(loop, serve()), daemon=True)
    thread.start()
    started.wait()
    try:
        yield
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(timeout=5)


def _run(loop: asyncio.AbstractEventLoop, serving: Coroutine[None, None, None]) -> None:
    """To the end; what is still being answered then is cancelled."""
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(serving)


async def _serve(port: int) -> asyncio.Server:
    places = asyncio.Semaphore(_PLACES)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                async with places:
                    await asyncio.sleep(_TAKES_S)
                writer.write(_ANSWER)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            writer.close()

    return await asyncio.start_server(answer, "127.0.0.1", port)
