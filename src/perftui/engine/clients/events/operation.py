"""Streams of events, prepared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from perftui.engine.clients.http.visit import VisitOperation, VisitPreparer
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import Operation, Phase

if TYPE_CHECKING:
    from perftui.engine.clients.captures import CleanUpValues
    from perftui.engine.clients.http.digest import Digest
    from perftui.engine.clients.http.operation import HttpOperation


class EventsOperation(VisitOperation):
    """One stream."""

    __slots__ = ("event", "expect", "hold_s")

    def __init__(
        self,
        plan: Operation,
        cells: Mapping[Phase, CellRecorder],
        clean_up: CleanUpValues,
        first: HttpOperation,
        digest: Digest | None,
    ) -> None:
        super().__init__(plan, cells, clean_up, first, digest)
        self.event: str = plan.request.get("event", "")
        """Name of the events that count; empty: all."""
        self.expect = int(plan.request.get("expect", 1))
        self.hold_s = float(plan.request.get("hold_s", 0.0))


class EventsPreparer(VisitPreparer):
    """Prepares streams of one target."""

    accepted = "text/event-stream"

    def prepare(  # type: ignore[override]  # a stream is no request
        self,
        operation: Operation,
        cells: Mapping[Phase, CellRecorder],
        *,
        in_journey: bool,
        whole: bool = False,  # noqa: ARG002 - a stream has no whole
    ) -> EventsOperation:
        """As clients.client.Preparer."""
        first = self.first_request(operation, cells, operation.request["events"], in_journey=in_journey)
        return EventsOperation(operation, cells, self._clean_up, first, self._digest)
