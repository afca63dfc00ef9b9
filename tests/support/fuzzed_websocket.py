"""WebSocket frames that are nearly right, given to a real connection: it ends once, in a class."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import struct
from contextlib import suppress
from functools import cache

import picows

from perftui.engine.clients.websocket_lane import Listener
from perftui.model.error_classes import error_class
from perftui.model.text import safe_text

_MOST_BYTES = 100_000
_QUIET = logging.getLogger("picows.fuzz")
_QUIET.setLevel(logging.CRITICAL + 1)  # each example would be a line
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
FRAMES = [
    b"\x81\x05hello" + b"\x82\x03\0\1\2", b"\x01\x02he\x89\x02hi\x80\x03llo", b"\x88\x09\x03\xe8goodbye",
    b"\x81\x7e\x00\x80" + b"a" * 128, b"\x82\x7f" + struct.pack(">Q", 70_000) + bytes(70_000), b"\x8a\x00\x81\x00",
]  # fmt: skip


class _Server(asyncio.Protocol):
    """Answers a handshake with what is wanted, and leaves."""

    data = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Somebody came."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._head = b""

    def data_received(self, data: bytes) -> None:
        """A part of the handshake; what comes later is not looked at."""
        if b"\r\n\r\n" in self._head:
            return
        self._head += data
        if b"\r\n\r\n" in self._head:
            lines = self._head.split(b"\r\n")
            key = next(line[18:].strip() for line in lines if line.lower().startswith(b"sec-websocket-key"))
            proof = base64.b64encode(hashlib.sha1(key + _GUID).digest())
            head = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            self._transport.write(head + b"Sec-WebSocket-Accept: " + proof + b"\r\n\r\n" + self.data)
            self._transport.close()


@cache
def _running() -> tuple[asyncio.AbstractEventLoop, str]:
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(loop.create_server(_Server, "127.0.0.1", 0))
    return loop, f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"


def use_frames(data: bytes) -> None:
    """Have a server send them."""
    loop, url = _running()
    _Server.data = data
    loop.run_until_complete(_read(url))


async def _read(url: str) -> None:
    listener = Listener(_MOST_BYTES)
    transport, _ = await picows.ws_connect(lambda: listener, url, enable_auto_ping=False, logger_name=_QUIET)
    with suppress(picows.WSError):
        await asyncio.wait_for(transport.wait_disconnected(), 60)
    assert error_class(listener.closed)
    assert listener.why == safe_text(listener.why)
    assert sum(len(message) for message, _ in listener.messages) <= _MOST_BYTES
