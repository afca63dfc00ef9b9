"""Listens to streams of events: each is a connection of its own, closed when what was wanted has come."""

from __future__ import annotations

import asyncio
from time import perf_counter_ns

from perftui.engine.clients.events.operation import EventsOperation
from perftui.engine.clients.events.stream import Event, EventReader, Listening, Stream
from perftui.engine.clients.http.target import target_of
from perftui.engine.clients.http.visit import Visit
from perftui.engine.clients.http.visitor import Ticket, Visitor
from perftui.engine.clients.reply import Fault, Reply
from perftui.engine.clients.task_client import TaskClient, TaskLane
from perftui.metrics.recorder import CellRecorder


class EventsReply(Reply):
    """The last event; its rows are the events that came."""

    __slots__ = ("_reader", "headers")

    def __init__(self, reader: EventReader, data: str | None, count: int, ended_ns: int) -> None:
        super().__init__(data, body_bytes=reader.body_bytes, rows=count, ended_ns=ended_ns)
        self._reader = reader
        self.headers = reader.headers
        self.status = reader.status

    def header(self, name: bytes) -> bytes | None:
        """Of the answer that carries the stream."""
        return self._reader.header(name)

    def head_text(self) -> str:
        """Its head, and how much came."""
        return f"{self._reader.head_text()}\nevents: {self.rows:,}"


class Listener:
    """A session: connections for one stream after the other."""

    def __init__(self) -> None:
        self.visitor: Visitor | None = None
        self.asked: Listening | None = None
        self.cell = CellRecorder("events", "measure", rate_mode=False)
        """Bytes of the stream that is listened to."""


class EventsClient(TaskClient):
    """Each session listens to one stream at a time."""

    session_connects = False

    async def open_session(self) -> Listener:
        """Somebody who listens, without a connection yet."""
        return Listener()

    async def close_session(self, session: Listener) -> None:
        """Close the connection."""
        if session.visitor is not None:
            await session.visitor.close()

    async def carry(self, lane: TaskLane) -> Reply:
        """Listen to one stream; what came counts, whatever became of it."""
        return await self._listen(lane.session, lane.request, lane.cell, lane.started_ns)

    async def exchange(self, session: Listener, request: Visit) -> Reply:
        """As TaskClient, with nothing counted."""
        cell = CellRecorder("events", "measure", rate_mode=False)
        return await self._listen(session, request, cell, perf_counter_ns())

    async def _listen(self, session: Listener, visit: Visit, cell: CellRecorder, started_ns: int) -> Reply:
        operation: EventsOperation = visit.operation
        visitor, asked = self._ready(session, operation)
        arrivals = _Arrivals(cell, started_ns, operation.event)
        stream = asked.stream = Stream(arrivals, self.target.max_body_bytes, visitor.rest)
        asking = self.loop.create_task(
            visitor.ask(visit.data, session.cell, whole=True, operation=asked), name="a stream of events"
        )
        asking.add_done_callback(stream.tell)
        reply: Reply | None = None
        try:
            reply = await self._until_enough(operation, stream, asking)
            operation.learn_cookies(reply, target_of(visit.data), visit.user)
        finally:
            visitor.leave()
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)
            self.opened += visitor.take_opened()
            if moved := session.cell.cut():
                cell.sent += moved.sent
            if stream.reader is not None:
                if stream.reader.status:
                    cell.count_status(stream.reader.status, ok=stream.reader.is_stream)
                cell.received += stream.reader.received - (reply.body_bytes if reply else 0)  # which the lane adds
        return reply

    def _ready(self, session: Listener, operation: EventsOperation) -> tuple[Visitor, Listening]:
        if session.visitor is None or session.asked is None:
            session.visitor = Visitor(self.loop, self.target, self.addresses, most=1, digest=operation.digest)
            session.asked = Listening("events", operation.digest, whole=True)
        return session.visitor, session.asked

    async def _until_enough(self, operation: EventsOperation, stream: Stream, asking: asyncio.Task[Ticket]) -> Reply:
        count, last, ended_ns = 0, None, 0
        while count < operation.expect:
            data, ended_ns = await _next(operation, stream, asking, count)
            count, last = count + 1, data
        if operation.hold_s or not operation.expect:
            ended_ns = 0
            try:
                async with asyncio.timeout(operation.hold_s):
                    while True:
                        last, _ = await _next(operation, stream, asking, count)
                        count += 1
            except TimeoutError:
                pass
        while stream.reader is None:  # nothing was wanted of it but that it begins
            if asking.done():
                raise _early_end(stream, asking, count)
            await stream.news()
        return EventsReply(stream.reader, last, count, ended_ns)


class _Arrivals:
    """Counts events as they come: the first, and the time between one and the next."""

    def __init__(self, cell: CellRecorder, started_ns: int, name: str) -> None:
        self._cell = cell
        self._before_ns = started_ns
        self._began = False
        self._name = name

    def __call__(self, event: Event, now_ns: int) -> None:
        if self._name and event.name != self._name:
            return
        self._cell.count("events")
        self._cell.add_own_time("event_gap" if self._began else "first_event", now_ns - self._before_ns)
        self._began, self._before_ns = True, now_ns


async def _next(operation: EventsOperation, stream: Stream, asking: asyncio.Task[Ticket], seen: int) -> tuple[str, int]:
    """The next event that counts, and when it came."""
    while True:
        while stream.events:
            event, found_ns = stream.events.popleft()
            if not operation.event or event.name == operation.event:
                return event.data, found_ns
        if stream.too_large:
            raise Fault("body_too_large", "an event larger than target.max_body allows")
        if asking.done():
            raise _early_end(stream, asking, seen)
        await stream.news()


def _early_end(stream: Stream, asking: asyncio.Task[Ticket], seen: int) -> Fault:
    """What it means that the answer has ended."""
    error = asking.exception()
    if stream.reader is not None and stream.reader.is_stream:
        how = f"{error.error_class}: {error.detail}" if isinstance(error, Fault) else "the server ended it"
        return Fault("events.ended", f"the stream ended after {seen:,} events: {how}")
    if isinstance(error, Fault):
        return error
    answer = asking.result().answer
    assert answer is not None
    if answer.status >= 400:
        return Fault(f"http.{answer.status}", f"status {answer.status}", response=answer)
    kind = (answer.header(b"content-type") or b"no type").decode("latin-1")
    return Fault(
        "events.no_stream", f"status {answer.status} with {kind}, which is no stream of events", response=answer
    )
