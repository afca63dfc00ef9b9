"""What carries one request at a time: a connection, a stream, a session. The clock of each request runs here."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.response import Response
from perftui.metrics.recorder import CellRecorder

if TYPE_CHECKING:
    from perftui.engine.clients.operation import PreparedOperation
    from perftui.engine.clients.pool import Pool
    from perftui.engine.clients.users import VirtualUser


class Lane(ABC):
    """The request in flight is held in its fields: no object per request."""

    __slots__ = (
        "cell", "done", "intended_ns", "opening", "operation", "pool", "request", "served", "started_ns", "user",
    )  # fmt: skip

    cell: CellRecorder

    def __init__(self, pool: Pool) -> None:
        self.pool: Any = pool  # of the kind whose lane this is
        self.done = pool.done
        self.opening: asyncio.Task[None] | None = None
        self.operation: Any = None  # of the driver's own kind while a request is in flight, else None
        self.user: VirtualUser | None = None
        self.request: Any = None
        """The request in flight, and after its end until the next one."""
        self.intended_ns = self.started_ns = 0
        self.served = 0
        """Answers that it has carried."""

    @abstractmethod
    async def open(self) -> None:
        """Become able to carry requests, then carry the one that waits. Whatever is wrong ends in `fail`."""

    @abstractmethod
    def send(
        self,
        operation: PreparedOperation,
        cell: CellRecorder,
        request: Any,  # noqa: ANN401 - what a request is, the driver says
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Send a request on this open and idle lane. `intended_ns` is 0 in users mode."""

    @abstractmethod
    def close(self) -> None:
        """Close without waiting for the peer."""

    @property
    def response(self) -> Response | None:
        """The answer to the request in flight as far as it has come, for people to look at."""
        return None

    def assign(
        self,
        operation: PreparedOperation,
        cell: CellRecorder,
        request: Any,  # noqa: ANN401 - what a request is, the driver says
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Take a request. Its time runs from now, also while the lane opens."""
        self.operation = operation
        self.cell = cell
        self.request = request
        self.intended_ns = intended_ns
        self.user = user
        cell.started += 1
        self.started_ns = started_ns = perf_counter_ns()
        if intended_ns:
            cell.delays.append(started_ns - intended_ns)

    @property
    def _delay_ns(self) -> int:
        return self.started_ns - self.intended_ns if self.intended_ns else 0

    def _count_received(self) -> None:
        """Count what has come of an answer that is given up; here nothing is known of it."""
        return

    def waiting_for(self) -> str:
        """The error class of a deadline that passes now."""
        return "timeout"

    def fail(self, error_class: str, detail: str) -> None:
        """The request in flight failed, and the lane is of no use any more."""
        if self.operation is None:
            self.close()
            return
        elapsed_ns = perf_counter_ns() - self.started_ns
        self._count_received()
        self.cell.record_error(error_class, elapsed_ns)
        self._give_up(error_class, detail, elapsed_ns)

    def expire(self, now_ns: int) -> None:
        """The request in flight is past its deadline."""
        elapsed_ns = now_ns - self.started_ns
        self._count_received()
        error_class = self.waiting_for()
        self.cell.record_timeout(elapsed_ns, self._delay_ns, error_class)
        self._give_up(error_class, f"no complete answer within {self.pool.timeout_ns / 1e9:g} s", elapsed_ns)

    def _give_up(self, error_class: str, detail: str, elapsed_ns: int) -> None:
        user = self.user
        if self.operation is not None:
            self.pool.sample(self.operation, error_class, detail, self, elapsed_ns)
        self._clear()
        self.close()
        self.done(self.pool, None, user, error_class)

    def cancel(self) -> None:
        """The run ends: give up the request in flight, if any."""
        if self.operation is not None:
            self.cell.cancelled += 1
            self._clear()
        self.close()

    def _clear(self) -> None:
        self.operation = None
        self.user = None
