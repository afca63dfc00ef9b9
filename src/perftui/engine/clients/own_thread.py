"""A thread that belongs to one lane: for calls that block. A hop per call, no pool to wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from queue import SimpleQueue
from time import perf_counter_ns
from typing import Any, NamedTuple


class Outcome(NamedTuple):
    """What a call gave, and when it ended on the clock of perf_counter_ns."""

    value: Any
    ended_ns: int


_Job = tuple[Callable[[], Any], asyncio.Future[Outcome | BaseException]]


class OwnThread:
    """Runs calls one after the other. A daemon: a call that never returns does not keep the process alive."""

    def __init__(self, loop: asyncio.AbstractEventLoop, name: str) -> None:
        self._loop = loop
        self._jobs: SimpleQueue[_Job | None] = SimpleQueue()
        threading.Thread(target=self._work, name=name, daemon=True).start()

    async def run(self, call: Callable[[], Any]) -> Outcome:
        """Run a call and wait for it. Cancelled, the call goes on; nobody waits for it any more.

        Raises:
            BaseException: whatever the call raises.
        """
        answer: asyncio.Future[Outcome | BaseException] = self._loop.create_future()
        self._jobs.put((call, answer))
        outcome = await answer
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def close(self, last: Callable[[], Any] | None = None) -> None:
        """End after the call in hand, and the last one, whose outcome nobody waits for."""
        if last is not None:
            self._jobs.put((last, self._loop.create_future()))
        self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            call, answer = job
            outcome: Outcome | BaseException
            try:
                outcome = Outcome(call(), perf_counter_ns())
            except BaseException as error:  # noqa: BLE001 - whoever waits gets it
                outcome = error
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                self._loop.call_soon_threadsafe(_settle, answer, outcome)


def _settle(answer: asyncio.Future[Outcome | BaseException], outcome: Outcome | BaseException) -> None:
    if not answer.done():
        answer.set_result(outcome)
