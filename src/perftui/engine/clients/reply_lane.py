"""Lanes whose answers are values a driver hands over: how one is judged and counted."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING

from perftui.engine.clients.lane import Lane
from perftui.engine.clients.operation import Fault, PreparedOperation
from perftui.engine.clients.reply import Reply
from perftui.engine.clients.response import Response
from perftui.metrics.recorder import CellRecorder

if TYPE_CHECKING:
    from perftui.engine.clients.pool import Pool
    from perftui.engine.clients.users import VirtualUser


class ReplyLane(Lane):
    """A lane that keeps its last answer, and knows how long it took to open."""

    __slots__ = ("_answer", "_opened_ns", "is_open")

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self.is_open = False
        self._answer: Response | None = None
        self._opened_ns = 0

    @property
    def response(self) -> Response | None:
        """The last answer that was complete."""
        return self._answer

    def waiting_for(self) -> str:
        """The error class of a deadline that passes now."""
        return "timeout" if self.is_open else "connect.timeout"

    def _count_answer(
        self,
        operation: PreparedOperation,
        cell: CellRecorder,
        user: VirtualUser | None,
        response: Response,
        service_ns: int,
    ) -> Fault | None:
        """Count a complete answer; error class and detail of one that is not what was wanted."""
        self._answer = response
        cell.received += response.body_bytes
        failure = operation.judge(response, service_ns) or operation.capture(response, user)
        if failure is not None:
            self._count_failure(operation, cell, failure, service_ns)
            return failure
        if operation.hit is not None:
            operation.count_hit(response, service_ns, cell)
        cell.others.append(service_ns)
        if self.intended_ns:
            cell.other_delays.append(self._delay_ns)
        first_ns = service_ns
        if not self.served and self._opened_ns:
            cell.add_part("connect", self._opened_ns)
            first_ns = max(0, service_ns - self._opened_ns)
        if isinstance(response, Reply):
            for name, part_ns in response.parts:
                cell.add_part(name, part_ns)
            if response.parts_are_all:
                return None
        cell.add_part("answer", first_ns)
        return None

    def _count_failure(self, operation: PreparedOperation, cell: CellRecorder, failure: Fault, service_ns: int) -> None:
        error_class, detail = failure
        cell.record_error(error_class, service_ns)
        self.pool.sample(operation, error_class, detail, self, service_ns)

    def _finish(
        self, operation: PreparedOperation, response: Response | None, failure: Fault | None, *, keeps: bool
    ) -> None:
        """A request ended: with an answer, or with a failure. Nothing if it was given up meanwhile."""
        if self.operation is not operation:
            return
        end_ns = (isinstance(response, Reply) and response.ended_ns) or perf_counter_ns()
        service_ns = end_ns - self.started_ns
        if response is not None:
            failure = self._count_answer(operation, self.cell, self.user, response, service_ns)
        elif failure is not None:
            self._count_failure(operation, self.cell, failure, service_ns)
        self._hand_back(failure, keeps=keeps)

    def _hand_back(self, failure: tuple[str, str] | None, *, keeps: bool) -> None:
        """The request ended."""
        user = self.user
        self.served += 1
        self.operation = self.user = None
        if not keeps:
            self.pool.forget(self)
        self.done(self.pool, self if keeps else None, user, None if failure is None else failure[0])
