"""A server of asyncio beside a test: in a thread and a loop of its own."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager

_START_S = 10
_END_S = 20


@contextmanager
def own_loop(serve: Callable[[], AbstractAsyncContextManager[asyncio.Server]]) -> Iterator[int]:
    """Run a server until the block is left; what still goes on in its loop then is cancelled.

    Args:
        serve: starts it, in its loop.

    Yields:
        The port that it listens on.
    """
    at: Future[int] = Future()
    stop = asyncio.Event()
    loop = asyncio.new_event_loop()

    async def main() -> None:
        try:
            async with serve() as server:
                at.set_result(server.sockets[0].getsockname()[1])
                await stop.wait()
        except BaseException as error:
            if at.done():
                raise
            at.set_exception(error)
        finally:
            rest = asyncio.all_tasks() - {asyncio.current_task()}
            for task in rest:
                task.cancel()
            await asyncio.gather(*rest, return_exceptions=True)
            await asyncio.sleep(0)  # what they left is closed in the loop's next turn

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    try:
        yield at.result(_START_S)
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(_END_S)
        loop.close()
