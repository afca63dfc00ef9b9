"""A connection of a protocol of questions and answers: a greeting once, then one request at a time."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING

from perftui.engine.clients.failures import lost_error
from perftui.engine.clients.operation import PreparedOperation
from perftui.engine.clients.response import Response
from perftui.engine.clients.stream import StreamLane
from perftui.metrics.recorder import CellRecorder

if TYPE_CHECKING:
    from perftui.engine.clients.pool import Pool
    from perftui.engine.clients.users import VirtualUser

MOST_ANSWER_BYTES = 64 * 1024 * 1024
"""An answer longer than this is given up: a server that never ends one must not fill the memory."""


class ExchangeLane(StreamLane):
    """A connection. A protocol writes `take` and, where it greets, `greeting`."""

    __slots__ = ("_answer", "_greets", "_received")

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self._answer: Response | None = None
        self._greets = False
        """Whether the answers to the greeting are still to come."""
        self._received = 0
        """Bytes of the answer in flight so far."""

    def greeting(self) -> bytes:
        """What is sent before the first request: a password, say. Empty: nothing."""
        return b""

    def established(self) -> None:
        """The bytes flow: greet, then send the request that waits."""
        greeting = self.greeting()
        if greeting:
            self._greets = True
            self.write(greeting)
        else:
            super().established()

    def _greeted(self) -> None:
        """The server took the greeting. It is part of connecting."""
        self._greets = False
        self._received = 0
        if self.operation is None:
            self.close()
            return
        self.connect_ns = perf_counter_ns() - self.started_ns - self.tls_ns
        super().established()

    def send(
        self,
        operation: PreparedOperation,
        cell: CellRecorder,
        request: bytes,
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Send a request on this open and idle connection; written out as in http/connection.py."""
        self.operation = operation
        self.cell = cell
        self.request = request
        self.intended_ns = intended_ns
        self.user = user
        cell.started += 1
        cell.sent += len(request)
        self.started_ns = started_ns = perf_counter_ns()
        if intended_ns:
            cell.delays.append(started_ns - intended_ns)
        self.write(request)

    def _finish(self, response: Response, failure: tuple[str, str] | None, end_ns: int, *, keeps: bool) -> None:
        """The answer is complete; `failure` is what the server said against it; `keeps`: it may be asked again."""
        service_ns = end_ns - self.started_ns
        operation, user, cell = self.operation, self.user, self.cell
        self._answer = response
        if failure is None:
            failure = operation.judge(response, service_ns) or operation.capture(response, user)
        cell.received += self._received
        if failure is None:
            if operation.hit is not None:
                operation.count_hit(response, service_ns, cell)
            self._record_ok(service_ns, end_ns)
        else:
            cell.record_error(failure[0], service_ns)
            self.pool.sample(operation, failure[0], failure[1], self, service_ns)
        self.served += 1
        self._clear()
        if not keeps:
            self.close()
        self.done(self.pool, self if keeps else None, user, None if failure is None else failure[0])

    def lost(self, exc: Exception | None) -> None:
        """The connection ended."""
        super().lost(exc)
        if self.operation is not None:
            self.fail(*lost_error(exc, answered=self._received > 0, in_body=False))

    @property
    def response(self) -> Response | None:
        """The last answer that was complete."""
        return self._answer

    def _count_received(self) -> None:
        self.cell.received += self._received

    def waiting_for(self) -> str:
        """The error class of a deadline that passes now."""
        return "connect.timeout" if self._greets else super().waiting_for()

    def _clear(self) -> None:
        super()._clear()
        self._received = 0
