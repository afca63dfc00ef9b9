"""Conversations over WebSocket, on picows: each session is a connection that its user keeps."""

from __future__ import annotations

import asyncio
import ssl
from collections import deque
from time import perf_counter_ns
from typing import Any
from urllib.parse import urlsplit

import msgspec
import picows

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.http.request import USER_AGENT, auth_headers
from perftui.engine.clients.kept import KeptClient
from perftui.engine.clients.reply import Fault, Reply
from perftui.engine.clients.task_client import TaskLane
from perftui.engine.clients.tls import client_context
from perftui.metrics.recorder import CellRecorder
from perftui.model.text import safe_text
from perftui.presets.json_path import MISSING, JsonPath

_MOST_QUEUED = 10_000
"""Messages that nobody has looked at yet; older ones are only counted."""
_NORMAL = 1000


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
        kind = frame.msg_type
        if kind in {picows.WSMsgType.TEXT, picows.WSMsgType.BINARY, picows.WSMsgType.CONTINUATION}:
            if wrong := self._wrong(frame):
                self.end("protocol", wrong)
                self.transport.send_close(picows.WSCloseCode.PROTOCOL_ERROR)
                self.transport.disconnect()
                return
            part = frame.get_payload_as_bytes()
            self._bytes += len(part)
            if self._bytes > self._most_bytes:
                self.end("body_too_large", f"a message of more than {self._most_bytes:,} bytes")
                self.transport.disconnect()
                return
            if frame.fin and not self._parts:
                self._take(part, now_ns)
            else:
                self._parts.append(part)
                if frame.fin:
                    self._take(b"".join(self._parts), now_ns)
                    self._parts.clear()
        elif kind == picows.WSMsgType.CLOSE:
            code = getattr(frame.get_close_code(), "value", frame.get_close_code())
            self.end(f"ws.{int(code) or 1005}", safe_text(frame.get_close_reason() or "closed by the server"))
            self.transport.send_close(frame.get_close_code())
            self.transport.disconnect()

    def _wrong(self, frame: Any) -> str:  # noqa: ANN401 - of picows, which lets these pass
        """Why no message may begin or go on with this frame; empty when it may."""
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            return "a frame of an extension that was not agreed on: compressed, perhaps"
        if (frame.msg_type == picows.WSMsgType.CONTINUATION) != bool(self._parts):
            return "a message begins within another" if self._parts else "the rest of a message that never began"
        return ""

    def on_ws_disconnected(self, _transport: Any) -> None:  # noqa: ANN401 - of picows
        """The connection is gone."""
        self.end("ws.1006", "the connection ended without a closing handshake")

    def _take(self, message: bytes, now_ns: int) -> None:
        self._bytes = 0
        self.received += 1
        if self.cell is not None:
            self.cell.count("messages_received")
            self.cell.received += len(message)
        self.messages.append((message, now_ns))
        self._tell()

    def end(self, error_class: str, why: str) -> None:
        """The connection is of no use any more; the first reason counts."""
        if not self.closed:
            self.closed, self.why = error_class, why
        self._tell()

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    async def news(self) -> None:
        """Wait until a message is there, or the connection ends."""
        while not self.messages and not self.closed:
            self._news = asyncio.get_running_loop().create_future()
            await self._news

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


class WebSocketClient(KeptClient):
    """Connections that are kept from one message to the next, and opened anew where path or headers differ."""

    def __init__(self, loop: asyncio.AbstractEventLoop, plan: Any, addresses: Addresses, **options: Any) -> None:  # noqa: ANN401 - as TaskClient
        super().__init__(loop, plan, addresses, **options)
        self._turn = 0
        self._paths: dict[str, JsonPath] = {}
        self._watches: set[asyncio.Task[None]] = set()
        self._context: ssl.SSLContext | None = None
        if self.target.url.lower().startswith("wss:"):
            self._context = client_context(self.target.tls)

    async def open_session(self) -> Session:
        """A connection to the target's own path."""
        return await self.open_session_for({})

    async def open_session_for(self, request: dict[str, Any]) -> Session:
        """A connection to the path of a request, with its headers.

        Raises:
            Fault: the handshake failed.
            OSError: nothing took the connection.
        """
        named: dict[str, str | list[str]] = {"User-Agent": USER_AGENT}
        named |= self.target.headers | auth_headers(self.target.auth) | request.get("headers", {})
        if subprotocol := request.get("subprotocol"):
            named["Sec-WebSocket-Protocol"] = subprotocol
        headers = [
            (name, one) for name, value in named.items() for one in ([value] if isinstance(value, str) else value)
        ]
        parts = urlsplit(self.target.url)
        url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{request.get('path', '/')}"
        host, port = self.addresses[self._turn % len(self.addresses)]
        self._turn += 1
        listener = Listener(self.target.max_body_bytes)
        began_ns = perf_counter_ns()
        try:
            await picows.ws_connect(
                lambda: listener, url, ssl_context=self._context, extra_headers=headers, max_redirects=0,
                websocket_handshake_timeout=None, max_frame_size=self.target.max_body_bytes, logger_name="perftui",
                socket_factory=lambda _url: self._socket(host, port), use_aiofastnet=False,
            )  # fmt: skip
        except picows.WSInvalidStatusError as error:
            status = int(error.response.status) if error.response is not None else 0
            raise Fault(f"http.{status}", f"the handshake was answered with status {status}") from error
        except (picows.WSError, picows.WSProtocolError) as error:
            raise Fault("protocol", safe_text(str(error), 300)) from error
        except ssl.SSLError as error:
            raise Fault("tls.other", safe_text(str(error), 300)) from error
        watch = self.loop.create_task(_watch(listener))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        return Session(listener, _key(request), perf_counter_ns() - began_ns)

    async def _socket(self, host: str, port: int) -> Any:  # noqa: ANN401 - a socket
        import socket

        connection = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        connection.setblocking(False)  # noqa: FBT003 - of the standard library
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            await self.loop.sock_connect(connection, (host, port))
        except BaseException:
            connection.close()
            raise
        return connection

    async def carry(self, lane: TaskLane) -> Reply:
        """Send, then take as many messages as are expected. Messages count in the cell of the lane."""
        session: Session = lane.session
        if not session.is_told:
            session.is_told = True
            lane.cell.add_own_time("connect_time", session.connect_ns)
        session.listener.cell = lane.cell
        reply = await self.exchange(session, lane.request)
        lane.cell.received -= reply.body_bytes  # counted when it came; the lane adds it
        return reply

    async def exchange(self, session: Session, request: dict[str, Any]) -> Reply:
        """Send, then take as many messages as are expected."""
        if session.opened_for != _key(request):
            self._leave(session.listener)
            other = await self.open_session_for(request)
            other.listener.cell = cell = session.listener.cell
            if cell is not None:
                cell.add_own_time("connect_time", other.connect_ns)
            session.listener, session.opened_for = other.listener, other.opened_for
        listener = session.listener
        if listener.closed:
            raise listener.fault()
        listener.messages.clear()  # pushes of the server since the last answer
        sent, sent_ns = request["ws"], 0
        if sent != "":
            data = sent.encode() if isinstance(sent, str) else msgspec.json.encode(sent)
            sent_ns = perf_counter_ns()
            listener.transport.send(picows.WSMsgType.TEXT, data)
            if listener.cell is not None:
                listener.cell.count("messages_sent")
                listener.cell.sent += len(data)
        message, ended_ns = await self._answer(listener, request, sent)
        if sent_ns and ended_ns and listener.cell is not None:
            listener.cell.add_own_time("round_trip", ended_ns - sent_ns)
        if hold_s := request.get("hold_s"):
            await self._hold(listener, hold_s)
            ended_ns = 0
        return Reply(message, body_bytes=len(message or b""), rows=int(request.get("expect", 1)), ended_ns=ended_ns)

    async def _answer(self, listener: Listener, request: dict[str, Any], sent: object) -> tuple[bytes | None, int]:
        path = self._path(request.get("match", ""))
        wanted = None if path is None else path.find(sent if not isinstance(sent, str) else _document(sent.encode()))
        left = int(request.get("expect", 1))
        message: bytes | None = None
        ended_ns = 0
        while left:
            await listener.news()
            if not listener.messages:
                raise listener.fault()
            found, found_ns = listener.messages.popleft()
            if path is None or path.find(_document(found)) == wanted != MISSING:
                message, ended_ns = found, found_ns
                left -= 1
        return message, ended_ns

    async def _hold(self, listener: Listener, hold_s: float) -> None:
        """Stay connected; what is pushed is taken."""
        end = self.loop.time() + hold_s
        while (left := end - self.loop.time()) > 0:
            try:
                async with asyncio.timeout(left):
                    await listener.news()
            except TimeoutError:
                return
            listener.messages.clear()
            if listener.closed:
                raise listener.fault()

    def _path(self, text: str) -> JsonPath | None:
        if not text:
            return None
        if text not in self._paths:
            self._paths[text] = JsonPath.compile(text)
        return self._paths[text]

    async def close(self) -> None:
        """Close every connection and wait until picows has let go of it."""
        await super().close()
        for watch in tuple(self._watches):
            watch.cancel()
        await asyncio.gather(*self._watches, return_exceptions=True)

    async def close_session(self, session: Session) -> None:
        """Say good-bye, without waiting for it to be heard."""
        self._leave(session.listener)

    @staticmethod
    def _leave(listener: Listener) -> None:
        if listener.transport is not None and not listener.closed:
            listener.transport.send_close(picows.WSCloseCode.OK)
            listener.transport.disconnect()


async def _watch(listener: Listener) -> None:
    """What was wrong with the frames, if that is why the connection ended: picows tells it to whoever waits."""
    try:
        await listener.transport.wait_disconnected()
    except picows.WSProtocolError as error:
        too_big = error.args[:1] == (picows.WSCloseCode.MESSAGE_TOO_BIG,)
        listener.end("body_too_large" if too_big else "protocol", safe_text(str(error.args[-1]), 200))
    except picows.WSError as error:
        listener.end("protocol", safe_text(str(error), 200))


def _key(request: dict[str, Any]) -> tuple[object, ...]:
    return request.get("path", "/"), tuple(request.get("headers", {}).items()), request.get("subprotocol", "")


def _document(message: bytes) -> object:
    try:
        return msgspec.json.decode(message)
    except (msgspec.DecodeError, RecursionError):
        return None
