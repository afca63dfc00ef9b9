"""A WebSocket connection as a lane: what comes is handed to the request that waits for it, without a task between."""

from __future__ import annotations

import asyncio
from collections import deque
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

import msgspec
import picows

from perftui.engine.clients.kept import KeptLane
from perftui.engine.clients.operation import PreparedOperation
from perftui.engine.clients.reply import Fault, Reply
from perftui.metrics.recorder import CellRecorder
from perftui.model.text import safe_text
from perftui.presets.json_path import MISSING, JsonPath

if TYPE_CHECKING:
    from perftui.engine.clients.users import VirtualUser

_MOST_QUEUED = 10_000
"""Messages that nobody has looked at yet; older ones are only counted."""
_PART_BYTES = 64
"""What a part of a message takes beside its bytes: also empty ones without end are too large."""
_READ_BYTES = 32 * 1024
"""At most as much is read at once: a flood of tiny messages holds the loop for hundredths of a second, not seconds."""
_BACKLOG_BYTES = 8 * 1024
"""So much behind one message in what was read at once is a flood of small ones."""
_PONGS_BYTES = 64 * 1024
"""So much may wait to be sent before a ping goes unanswered: only the newest needs an answer (RFC 6455, 5.5.3)."""
_TEXT, _BINARY, _CONTINUATION = picows.WSMsgType.TEXT, picows.WSMsgType.BINARY, picows.WSMsgType.CONTINUATION


class _SmallReads(asyncio.BufferedProtocol):
    """The protocol of picows, without its habit of doubling its buffer as long as reads fill it."""

    def __init__(self, inner: Any) -> None:  # noqa: ANN401 - of picows
        self._space = inner.get_buffer
        for name in ("buffer_updated", "eof_received", "connection_lost", "pause_writing", "resume_writing"):
            setattr(self, name, getattr(inner, name))  # without a call between for what is as it was

    def get_buffer(self, sizehint: int) -> Any:  # noqa: ANN401 - a writable view
        """Where the next bytes go."""
        return self._space(sizehint)[:_READ_BYTES]


class Listener(picows.WSListener):
    """One connection: what came, and whoever waits for it."""

    def __init__(self, most_bytes: int) -> None:
        self.transport: Any = None
        self.messages: deque[tuple[bytes, int]] = deque(maxlen=_MOST_QUEUED)
        """Messages and when they were complete."""
        self.received = 0
        self.closed = ""
        """Error class of the end; empty while it is open."""
        self.why = ""
        self.cell: CellRecorder | None = None
        """Counts messages: of the last operation that used it."""
        self.lane: WebSocketLane | None = None
        """Whose request waits for the next message; None: messages are kept for whoever asks, if anybody does."""
        self.is_asked = True
        """Whether somebody asks: until the first answer, then while a request is in flight. What is pushed to a
        connection that is idle is counted; in a chat room hundreds of idle ones would keep thousands each."""
        self._reads_little = False
        self._parts: list[bytes] = []
        self._most_bytes = most_bytes
        self._bytes = 0
        self._news: asyncio.Future[None] | None = None

    def on_ws_connected(self, transport: Any) -> None:  # noqa: ANN401 - of picows
        """The handshake is done."""
        self.transport = transport

    def on_ws_frame(self, _transport: Any, frame: Any) -> None:  # noqa: ANN401 - of picows
        """A frame, perhaps a part of a message."""
        now_ns = perf_counter_ns()
        if frame.tail_size > _BACKLOG_BYTES and not self._reads_little:
            self._reads_little = True  # from now on: what came before is as much as a buffer of picows holds at first
            under = self.transport.underlying_transport
            under.set_protocol(_SmallReads(under.get_protocol()))
        kind = frame.msg_type
        if kind is _TEXT or kind is _BINARY or kind is _CONTINUATION:
            # picows lets these pass
            if frame.rsv1 or frame.rsv2 or frame.rsv3 or (kind is _CONTINUATION) != bool(self._parts):
                self.end("protocol", self._why_wrong(frame))
                self.leave(picows.WSCloseCode.PROTOCOL_ERROR)
                return
            part, is_last = frame.get_payload_as_bytes(), frame.fin
            self._bytes += len(part) + (0 if is_last else _PART_BYTES)
            if self._bytes > self._most_bytes:
                self.end("body_too_large", f"a message of more than {self._most_bytes:,} bytes")
                self.leave(picows.WSCloseCode.MESSAGE_TOO_BIG)
                return
            if is_last and not self._parts:
                self._take(part, now_ns)
            else:
                self._parts.append(part)
                if is_last:
                    self._take(b"".join(self._parts), now_ns)
                    self._parts.clear()
        elif kind == picows.WSMsgType.PING:
            if self.transport.underlying_transport.get_write_buffer_size() < _PONGS_BYTES:
                self.transport.send_pong(frame.get_payload_as_bytes())
        elif kind == picows.WSMsgType.CLOSE:
            code = getattr(frame.get_close_code(), "value", frame.get_close_code())
            self.end(f"ws.{int(code) or 1005}", safe_text(frame.get_close_reason() or "closed by the server"))
            self.leave(frame.get_close_code())

    def _why_wrong(self, frame: Any) -> str:  # noqa: ANN401 - of picows
        """Why no message may begin or go on with this frame."""
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            return "a frame of an extension that was not agreed on: compressed, perhaps"
        return "a message begins within another" if self._parts else "the rest of a message that never began"

    def on_ws_disconnected(self, _transport: Any) -> None:  # noqa: ANN401 - of picows
        """The connection is gone."""
        self.end("ws.1006", "the connection ended without a closing handshake")

    def _take(self, message: bytes, now_ns: int) -> None:
        self._bytes = 0
        self.received += 1
        cell = self.cell
        if cell is not None:
            amounts = cell.amounts
            amounts["messages_received"] = amounts.get("messages_received", 0) + 1
            cell.received += len(message)
        if self.lane is not None:
            self.lane.arrived(message, now_ns)
        elif self.is_asked:
            self._queue(message, now_ns)
            self._tell()

    def _queue(self, message: bytes, now_ns: int) -> None:
        """Keep a message for whoever asks; all together are no larger than one may be."""
        messages = self.messages
        messages.append((message, now_ns))
        if len(message) > self._most_bytes // _MOST_QUEUED:
            held = sum(len(kept) for kept, _ in messages)
            while held > self._most_bytes and len(messages) > 1:
                held -= len(messages.popleft()[0])

    def end(self, error_class: str, why: str) -> None:
        """The connection is of no use any more; the first reason counts."""
        if not self.closed:
            self.closed, self.why = error_class, why
        if self.lane is not None:
            self.lane.lost()
        self._tell()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def news(self) -> None:
        """Wait until a message is there, or the connection ends."""
        while not self.messages and not self.closed:
            self._news = asyncio.get_running_loop().create_future()
            await self._news

    def say(self, data: bytes, kind: picows.WSMsgType) -> None:
        """Send a message, and count it."""
        self.transport.send(kind, data)
        if self.cell is not None:
            self.cell.count("messages_sent")
            self.cell.sent += len(data)

    def leave(self, code: picows.WSCloseCode) -> None:
        """Say good-bye, without waiting for it to be heard: a server that does not read would keep the socket open."""
        is_read = self.transport.underlying_transport.get_write_buffer_size() == 0
        self.transport.send_close(code)
        self.transport.disconnect(is_read)

    def fault(self) -> Fault:
        """What the end of the connection means to a request."""
        return Fault(self.closed, self.why, lost=True)


class Session:
    """A connection and what it was opened for."""

    def __init__(self, listener: Listener, opened_for: tuple[object, ...], connect_ns: int) -> None:
        self.listener = listener
        self.opened_for = opened_for
        self.connect_ns = connect_ns
        """Until the handshake was done."""
        self.is_told = False
        """Whether that was counted."""


class WebSocketLane(KeptLane):
    """A connection. Once it is open, requests that wait for messages go past the task that holds it."""

    __slots__ = ("_data", "_expect", "_kind", "_left", "_path", "_wanted", "_with")

    def __init__(self, pool: Any) -> None:  # noqa: ANN401 - whose lane this is
        super().__init__(pool)
        self._with: dict[str, Any] | None = None
        """The last request that was found to fit this connection."""
        self._path: JsonPath | None = None
        self._wanted: object = None
        self._data = b""
        self._kind = _TEXT
        self._expect = self._left = 0

    def send(
        self,
        operation: PreparedOperation,
        cell: CellRecorder,
        request: dict[str, Any],
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Send a message on this open and idle connection, or have the task do what is not as simple."""
        session: Session = self.session
        listener = session.listener
        if listener.closed or (request is not self._with and not self._fits(request)):
            self.is_direct = False
            super().send(operation, cell, request, intended_ns, user)
            return
        self.is_direct = True
        self.operation, self.cell, self.request = operation, cell, request
        self.intended_ns, self.user, self.owner = intended_ns, user, user
        cell.started += 1
        if self._path is not None:
            self._wanted = self._path.find(document_of(self._data))
        self._left = self._expect
        listener.cell, listener.lane = cell, self
        if listener.messages:
            listener.messages.clear()  # pushes of the server since the last answer
        self.started_ns = started_ns = perf_counter_ns()
        if intended_ns:
            cell.delays.append(started_ns - intended_ns)
        listener.say(self._data, self._kind)

    def _fits(self, request: dict[str, Any]) -> bool:
        """Whether a request says something on this very connection and waits for an answer, no more."""
        if request["ws"] == "" or "hold_s" in request or request.get("expect", 1) < 1:
            return False
        if self.session.opened_for != key_of(request):
            return False
        self._path = self.pool.path_of(request.get("match", ""))
        self._data, self._kind = message_of(request["ws"])
        self._expect = int(request.get("expect", 1))
        self._with = request
        return True

    def arrived(self, message: bytes, now_ns: int) -> None:
        """A message, perhaps the one that the request in flight waits for."""
        operation = self.operation
        if operation is None:
            return
        if self._path is not None and not self._path.find(document_of(message)) == self._wanted != MISSING:
            return
        self._left -= 1
        if self._left:
            return
        self.session.listener.lane = None
        cell = self.cell
        service_ns = now_ns - self.started_ns
        cell.add_own_time("round_trip", service_ns)
        if self.served and not operation.looks_into_answers:
            self._answer = None
            cell.others.append(service_ns)
            if self.intended_ns:
                cell.other_delays.append(self._delay_ns)
            cell.add_part("answer", service_ns)
            self._hand_back(None, keeps=True)
            return
        size = len(message)
        cell.received -= size  # counted when it came; the lane adds it
        reply = Reply(message, body_bytes=size, rows=self._expect, ended_ns=now_ns)
        self._finish(operation, reply, None, keeps=True)

    def lost(self) -> None:
        """The connection ended under the request in flight."""
        listener: Listener = self.session.listener
        listener.lane = None
        operation = self.operation
        if operation is not None:
            self._finish(operation, None, (listener.closed, listener.why), keeps=False)
            self.close()


def message_of(said: object) -> tuple[bytes, picows.WSMsgType]:
    """What is sent for it, and in what kind of frames: bytes as they are, text, and documents as JSON."""
    if isinstance(said, bytes):
        return said, _BINARY
    return said.encode() if isinstance(said, str) else msgspec.json.encode(said), _TEXT


def key_of(request: dict[str, Any]) -> tuple[object, ...]:
    """What connections differ by."""
    return request.get("path", "/"), tuple(request.get("headers", {}).items()), request.get("subprotocol", "")


def document_of(message: bytes) -> object:
    """A message as JSON; None where it is none."""
    try:
        return msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return None
