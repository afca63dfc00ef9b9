"""Conversations over WebSocket, on picows: each session is a connection that its user keeps."""

from __future__ import annotations

import asyncio
import ssl
from time import perf_counter_ns
from typing import Any
from urllib.parse import urlsplit

import picows

from perftui.engine.clients.http.request import USER_AGENT, auth_headers
from perftui.engine.clients.kept import KeptClient
from perftui.engine.clients.reply import Fault, Reply
from perftui.engine.clients.task_client import TaskLane
from perftui.engine.clients.tls import client_context
from perftui.engine.clients.websocket_lane import Listener, Session, WebSocketLane, document_of, key_of, message_of
from perftui.model.text import safe_text
from perftui.presets.json_path import MISSING, JsonPath


class WebSocketClient(KeptClient):
    """Connections that are kept from one message to the next, and opened anew where path or headers differ."""

    def begin(self) -> None:
        """Read the certificates.

        Raises:
            UsageError: one cannot be used.
        """
        self._paths: dict[str, JsonPath] = {}
        self._watches: set[asyncio.Task[None]] = set()
        self._context: ssl.SSLContext | None = None
        if self.target.url.lower().startswith("wss:"):
            self._context = client_context(self.target.tls)

    def new_lane(self) -> WebSocketLane:
        """A connection that is still to be opened."""
        return WebSocketLane(self)

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
        host, port = self.next_address()
        listener = Listener(self.target.max_body_bytes)
        began_ns = perf_counter_ns()
        try:
            await picows.ws_connect(
                lambda: listener, url, ssl_context=self._context, extra_headers=headers, max_redirects=0,
                websocket_handshake_timeout=None, enable_auto_pong=False, max_frame_size=self.target.max_body_bytes,
                logger_name="perftui", socket_factory=lambda _url: self._socket(host, port), use_aiofastnet=False,
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
        return Session(listener, key_of(request), perf_counter_ns() - began_ns)

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
        if session.opened_for != key_of(request):
            self._leave(session.listener)
            other = await self.open_session_for(request)
            other.listener.cell = cell = session.listener.cell
            if cell is not None:
                cell.add_own_time("connect_time", other.connect_ns)
            session.listener, session.opened_for = other.listener, other.opened_for
        listener = session.listener
        if listener.closed:
            raise listener.fault()
        listener.messages.clear()  # pushes of the server since the connection was made
        listener.is_asked = True
        try:
            return await self._converse(listener, request)
        finally:
            listener.is_asked = False
            listener.messages.clear()

    async def _converse(self, listener: Listener, request: dict[str, Any]) -> Reply:
        data, kind = message_of(request["ws"])
        sent_ns = 0
        if request["ws"] != "":
            sent_ns = perf_counter_ns()
            listener.say(data, kind)
        message, ended_ns = await self._answer(listener, request, data)
        if sent_ns and ended_ns and listener.cell is not None:
            listener.cell.add_own_time("round_trip", ended_ns - sent_ns)
        if hold_s := request.get("hold_s"):
            await self._hold(listener, hold_s)
            ended_ns = 0
        return Reply(message, body_bytes=len(message or b""), rows=int(request.get("expect", 1)), ended_ns=ended_ns)

    async def _answer(self, listener: Listener, request: dict[str, Any], sent: bytes) -> tuple[bytes | None, int]:
        path = self.path_of(request.get("match", ""))
        wanted = None if path is None else path.find(document_of(sent))
        left = int(request.get("expect", 1))
        message: bytes | None = None
        ended_ns = 0
        while left:
            await listener.news()
            if not listener.messages:
                raise listener.fault()
            found, found_ns = listener.messages.popleft()
            if path is None or path.find(document_of(found)) == wanted != MISSING:
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

    def path_of(self, text: str) -> JsonPath | None:
        """What answers are matched by; None: the first message answers."""
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
            listener.leave(picows.WSCloseCode.OK)


async def _watch(listener: Listener) -> None:
    """What was wrong with the frames, if that is why the connection ended: picows tells it to whoever waits."""
    try:
        await listener.transport.wait_disconnected()
    except picows.WSProtocolError as error:
        too_big = error.args[:1] == (picows.WSCloseCode.MESSAGE_TOO_BIG,)
        listener.end("body_too_large" if too_big else "protocol", safe_text(str(error.args[-1]), 200))
    except picows.WSError as error:
        listener.end("protocol", safe_text(str(error), 200))
