"""Single HTTP requests that somebody awaits, on connections of its own: what a visitor of a page does."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.captures import CleanUpValues
from perftui.engine.clients.client import Addresses
from perftui.engine.clients.http.operation import HttpOperation
from perftui.engine.clients.http.pool import HttpPool
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.stream import StreamLane
from perftui.engine.clients.users import VirtualUser
from perftui.metrics.recorder import CellRecorder
from perftui.model.plan import PHASES, Operation, Phase, Target

if TYPE_CHECKING:
    from perftui.engine.clients.http.digest import Digest
    from perftui.engine.clients.http.reader import ResponseReader
    from perftui.engine.clients.lane import Lane
    from perftui.engine.clients.operation import PreparedOperation
    from perftui.engine.clients.response import Response


class Ticket(VirtualUser):
    """Who waits for one answer, in the place of a user."""

    __slots__ = ("answer", "end", "fault", "request", "service_ns")

    def __init__(self, request: bytes, end: asyncio.Future[None]) -> None:
        self.journey = None  # its cookies are somebody else's
        self.request = request
        self.end = end
        self.answer: ResponseReader | None = None
        self.fault: tuple[str, str] | None = None
        self.service_ns = 0
        """From the start to the last byte of a complete answer."""


class Asked(HttpOperation):
    """An operation that hands complete answers to whoever waits for them, and judges none."""

    __slots__ = ("_service_ns",)

    reuses_readers = False

    def __init__(self, name: str, digest: Digest | None = None, *, whole: bool) -> None:
        cells: Mapping[Phase, CellRecorder] = dict.fromkeys(PHASES, CellRecorder(name, "measure", rate_mode=False))
        super().__init__(
            Operation(name=name), cells, CleanUpValues(frozenset()), digest, in_journey=True, whole=whole
        )  # fmt: skip
        self._service_ns = 0

    def request_for(self, user: VirtualUser | None) -> bytes:
        """What the ticket says."""
        assert isinstance(user, Ticket)
        return user.request if self._digest is None else self._digest.sign(user.request)

    def judge(self, response: Response, service_ns: int) -> None:  # noqa: ARG002 - whoever waits judges
        """Every complete answer will do; `capture` is next."""
        self._service_ns = service_ns

    def capture(self, response: ResponseReader, user: VirtualUser | None) -> None:  # type: ignore[override]  # as HttpOperation
        """Hand the answer over."""
        assert isinstance(user, Ticket)
        user.answer, user.service_ns = response, self._service_ns


class Visitor:
    """Connections to one HTTP target, for requests that are awaited."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, target: Target, addresses: Addresses, *, most: int, digest: Digest | None
    ) -> None:
        """Nothing is opened yet.

        Args:
            loop: of the worker.
            target: where requests go.
            addresses: of its host.
            most: connections at once; further requests wait for one.
            digest: what answers challenges; None: nothing does.

        Raises:
            UsageError: a certificate or URL cannot be used.
        """
        self._pool = HttpPool(loop, target, addresses, most=most, done=self._done, sample=self._sample)
        self._whole = Asked("document", digest, whole=True)
        self._passing = Asked("asset", digest, whole=False)
        self._loop = loop

    async def ask(self, request: bytes, cell: CellRecorder, *, whole: bool, operation: Asked | None = None) -> Ticket:
        """Send one request and wait for its end.

        Args:
            request: as it goes over the wire.
            cell: counts bytes and connections.
            whole: keep the body.
            operation: instead of one that hands over whole answers.

        Raises:
            Fault: there is no complete answer.
        """
        ticket = Ticket(request, self._loop.create_future())
        self._pool.submit(operation or (self._whole if whole else self._passing), cell, 0, ticket)
        await ticket.end
        if ticket.answer is None:
            error_class, detail = ticket.fault or ("closed", "no answer")
            raise Fault(error_class, detail)
        return ticket

    def take_opened(self) -> int:
        """Connections opened since the last call."""
        taken, self._pool.opened = self._pool.opened, 0
        return taken

    @property
    def open_now(self) -> int:
        """Connections that are open or opening."""
        return self._pool.open_now

    def _done(self, pool: Any, lane: Lane | None, user: VirtualUser | None, _failure: str | None) -> None:  # noqa: ANN401 - a pool
        pool.release(lane)
        if isinstance(user, Ticket) and not user.end.done():
            user.end.set_result(None)

    def _sample(
        self, _operation: PreparedOperation, error_class: str, detail: str, lane: Lane | None, _elapsed_ns: int
    ) -> None:
        if lane is not None and isinstance(lane.user, Ticket):
            lane.user.fault = error_class, detail

    def rest(self) -> None:
        """Read no more in this turn of the loop: whatever else waits comes first."""
        for lane in self._pool.lanes:
            transport = lane.transport if isinstance(lane, StreamLane) else None
            if transport is not None and transport.is_reading():
                transport.pause_reading()
                self._loop.call_soon(_read_on, transport)

    def leave(self) -> None:
        """Give up what is on the way, and close every connection."""
        self._pool.cancel()

    async def close(self) -> None:
        """The same, and wait for those that were opening."""
        await self._pool.close()


def _read_on(transport: asyncio.Transport) -> None:
    if not transport.is_closing():
        transport.resume_reading()
