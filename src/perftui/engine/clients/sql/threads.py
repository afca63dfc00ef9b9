"""Sessions of drivers that block: a thread each, which carries out one thing after the other."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from queue import SimpleQueue
from typing import Any, TypeVar

T = TypeVar("T")
_Job = tuple[Callable[[], Any], "asyncio.Future[Any]"]


class Worker:
    """A thread that loops. It ends at `end`, after what it is doing."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        threading.Thread(target=self._work, name="session", daemon=True).start()

    async def call(self, do: Callable[[], T]) -> T:
        """What this returns, called in the thread."""
        answer: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put((do, answer))
        return await answer

    def end(self, last: Callable[[], object]) -> None:
        """Call this in the thread, and end it."""
        self._jobs.put((last, self._loop.create_future()))
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            do, answer = job
            try:
                told = partial(_tell, answer.set_result, answer, do())
            except Exception as error:  # noqa: BLE001 - whoever waits for it gets it
                told = partial(_tell, answer.set_exception, answer, error)
            with suppress(RuntimeError):  # the loop is closed: nobody waits any more
                self._loop.call_soon_threadsafe(told)


def _tell(how: Callable[[Any], None], answer: asyncio.Future[Any], what: object) -> None:
    if not answer.done():
        how(what)
        if isinstance(what, Exception):
            answer.exception()
