"""One connection to the target, carrying one request at a time: the hot path of a worker.

A response that comes in one read on an open connection takes a short way through `take`: one that equals the
operation's last good response, or differs from a good one in nothing but what its body says, needs no parsing; one
that nobody looks into needs only its status. Everything else is read, from the same bytes, by a ResponseReader.
"""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import httptools

from perftui.engine.clients.failures import lost_error
from perftui.engine.clients.http.operation import LOOKED_INTO, MOST_MEMO_BYTES, NO_HEAD, USUAL, HttpOperation
from perftui.engine.clients.http.reader import SMALL_RESPONSE_BYTES, ResponseReader, head_is_small
from perftui.engine.clients.stream import StreamLane
from perftui.metrics.recorder import CellRecorder
from perftui.model.noted import FOLLOWED, REDIRECTS, STRAY_BYTES

if TYPE_CHECKING:
    from perftui.engine.clients.http.cookies import Jar
    from perftui.engine.clients.http.pool import HttpPool
    from perftui.engine.clients.http.redirects import Onward
    from perftui.engine.clients.users import VirtualUser


class Connection(StreamLane):
    """A TCP or Unix connection. The request in flight is held in its fields: no object per request."""

    __slots__ = (
        "_begun", "_challenged", "_completed", "_feed", "_followed", "_jar", "_keeps", "_new", "_parser", "reader",
    )  # fmt: skip

    def __init__(self, pool: HttpPool) -> None:
        super().__init__(pool)
        self.reader: ResponseReader | None = None
        self._challenged = False
        """Whether the request in flight already answers a challenge."""
        self._followed = 0
        """Redirects that it has been sent through."""
        self._jar: Jar | None = None
        """Cookies that these set for a request that is a visit of its own."""
        self._new = False
        """Whether nothing of the response has come yet, on a connection that was open when the request was sent."""
        self._renew_parser()

    def _renew_parser(self) -> None:
        self._parser: Any = httptools.HttpResponseParser(self)
        self._feed: Any = self._parser.feed_data
        self._keeps: Any = self._parser.should_keep_alive
        self._begun = 0
        self._completed = 0

    # the request

    def send(
        self,
        operation: HttpOperation,  # type: ignore[override]  # a client has operations of its own driver only
        cell: CellRecorder,
        request: bytes,
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Send a request on this open and idle connection. `intended_ns` is 0 in users mode.

        Written out as in `assign`: a call from here to there would cost every request.
        """
        self.operation = operation
        self.cell = cell
        self.request = request
        self.intended_ns = intended_ns
        self.user = user
        self._new = True
        cell.started += 1
        cell.sent += len(request)
        self.started_ns = started_ns = perf_counter_ns()
        if intended_ns:
            cell.delays.append(started_ns - intended_ns)
        self.write(request)

    def take_over(self, other: Connection) -> None:
        """Take the request of a reused connection that the server closed without an answer. Its time goes on.

        Being the first of this connection, it is not sent a third time.
        """
        self.operation = other.operation
        self.cell = other.cell
        self.request = other.request
        self.intended_ns = other.intended_ns
        self.user = other.user
        self.started_ns = other.started_ns
        self._challenged = other._challenged
        self._followed = other._followed
        self._jar = other._jar

    def leave(self) -> None:
        """Another connection has taken the request over."""
        self._clear()
        self.close()

    # the parser's callbacks on the short way

    def on_message_begin(self) -> None:
        """The parser saw the start of a message."""
        self._begun += 1

    def on_message_complete(self) -> None:
        """The parser saw the end of a message. Only now does it know whether the connection stays."""
        if self._keeps():
            self._completed += 1

    # the transport's callbacks

    def take(self, data: bytes, now_ns: int) -> None:
        """Bytes of a response, or nothing anyone asked for."""
        if self._new:
            self._new = False
            operation: HttpOperation = self.operation
            size = len(data)
            if data == operation.memo or (
                operation.lean
                and (data.startswith(operation.heads.get(size, NO_HEAD)) or self._is_good(operation, data, now_ns))
            ):
                cell = self.cell
                cell.received += size
                started_ns = self.started_ns
                cell.plain.append(now_ns - started_ns)
                if self.intended_ns:
                    cell.plain_delays.append(started_ns - self.intended_ns)
                self.served += 1
                self.operation = None
                self.done(self.pool, self, self.user, None)
                return
            reader = operation.readers.get(size)
            if reader is not None and data.startswith(reader.head):
                reader.again(data, self.request)
                self.reader = reader
                self.first_ns = now_ns
                self._finish(operation, reader, now_ns)
                return
        self._read(data, now_ns)

    def _is_good(self, operation: HttpOperation, data: bytes, now_ns: int) -> bool:
        """Whether these bytes are one complete response, no more, with a wanted status, on a connection that stays."""
        self._begun = self._completed = 0
        try:
            self._feed(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._renew_parser()
            return False
        if (
            self._begun == 1
            and self._completed == 1
            and 0 < (kind := operation.ok_statuses[self._parser.get_status_code()]) < LOOKED_INTO
            and (len(data) < SMALL_RESPONSE_BYTES or head_is_small(data))
        ):
            if kind != USUAL:
                self.cell.count_status(self._parser.get_status_code(), ok=True)
            elif operation.memoizes and len(data) <= MOST_MEMO_BYTES:
                operation.memo = data
                operation.learn(data, now_ns)
            return True
        self._renew_parser()
        return False

    def _read(self, data: bytes, now_ns: int) -> None:
        operation = self.operation
        if operation is None:  # bytes nobody asked for: the next answer could not be trusted
            if self.served and not self.transport.is_closing():  # type: ignore[union-attr]  # there is one: it read them
                self.cell.note(STRAY_BYTES)
            self.close()
            return
        reader = self.reader
        if reader is None:
            reader = self.reader = operation.new_reader(self.pool.most_body)
            reader.request = self.request
            self.first_ns = now_ns
        if reader.feed(data):
            self._finish(operation, reader, now_ns)
            if reader.is_good and reader.received == len(data) <= MOST_MEMO_BYTES:
                if operation.memoizes:
                    operation.memo = data
                if not operation.lean:
                    operation.learn(data, now_ns, reader)

    def lost(self, exc: Exception | None) -> None:
        """The connection ended."""
        super().lost(exc)
        self._parser = self._feed = self._keeps = None  # it holds this connection: no work for the garbage collector
        operation, reader = self.operation, self.reader
        if operation is None:
            return
        if reader is not None and exc is None and reader.end():
            self._finish(operation, reader, perf_counter_ns())
        elif reader is None and self.served and operation.idempotent:
            self.pool.resend(self)
        else:
            self.fail(*lost_error(exc, answered=reader is not None, in_body=reader is not None and reader.in_body))

    # how requests end

    def _finish(self, operation: HttpOperation, reader: ResponseReader, end_ns: int) -> None:
        fault = None
        if reader.status == 401:
            if self._answer_challenge(operation, reader):
                return
        elif operation.most_redirects and reader.status in REDIRECTS and reader.failure is None:
            onward = self._onward(operation, reader)
            if onward is not None and onward.fault is None:
                self._jar = onward.jar
                self._followed += 1
                self.cell.note(FOLLOWED)
                self._send_instead(onward.request, reader)
                return
            fault = onward and onward.fault
        service_ns = end_ns - self.started_ns
        user = self.user
        failure = reader.failure or operation.judge(reader, service_ns) or fault
        if failure is None and operation.keeps_something:
            failure = operation.capture(reader, user)
        self.cell.received += reader.received
        keeps = reader.failure is None and reader.keep_alive and self.pool.keep_alive
        if failure is None:
            if operation.hit is not None:
                operation.count_hit(reader, service_ns, self.cell)
            if reader.status != operation.usual_status or reader.oddity:
                operation.count_good(reader, self.cell)
            else:
                reader.is_good = keeps
            self._record_ok(service_ns, end_ns)
        else:
            self.cell.record_error(failure[0], service_ns)
            if reader.failure is None:
                self.cell.count_status(reader.status, ok=False)
            self.pool.sample(operation, failure[0], failure[1], self, service_ns)
        self._clear()
        self.served += 1
        if not keeps:
            self.close()
        self.done(self.pool, self if keeps else None, user, None if failure is None else failure[0])

    def _answer_challenge(self, operation: HttpOperation, reader: ResponseReader) -> bool:
        """Send the refused request again, once, if its operation can answer what it was refused for."""
        if self._challenged or reader.failure is not None:
            return False
        data = operation.answer_challenge(reader, self.request)
        if data is None:
            return False
        self._challenged = True
        self._send_instead(data, reader)
        return True

    def _onward(self, operation: HttpOperation, reader: ResponseReader) -> Onward | None:
        """Where a redirect leads. Cookies stay with a user within a journey, else with this one request."""
        user = self.user if self.user is not None and self.user.journey is not None else None
        jar = self._jar if user is None else user.cookies
        onward = operation.follow(reader, self.request, self._followed, jar)
        if user is not None and onward is not None and onward.fault is None:
            user.cookies = onward.jar
        return onward

    def _send_instead(self, data: bytes, reader: ResponseReader) -> None:
        """Send another request on behalf of the one that was answered, whose time goes on."""
        self.cell.received += reader.received
        self.request = data
        self.reader = None
        if reader.keep_alive and self.pool.keep_alive:
            self.served += 1
            self.cell.sent += len(data)
            self.write(data)
        else:
            self.pool.move(self)

    @property
    def response(self) -> ResponseReader | None:
        """The answer to the request in flight as far as it has come."""
        return self.reader

    def _count_received(self) -> None:
        if self.reader is not None:
            self.cell.received += self.reader.received

    def _clear(self) -> None:
        self.operation = self.user = self.reader = None
        self._new = self._challenged = False
        self._followed = 0
        self._jar = None
