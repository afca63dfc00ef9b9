"""A WebSocket server that breaks the protocol as the first message asks: bytes as nobody should send them."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass

from websockets.http11 import Request
from websockets.server import ServerProtocol

from support.own_loop import own_loop

ANSWERS: dict[str, bytes] = {
    "short": b"\x81\x0aabc",  # says ten bytes, sends three, leaves
    "endless": b"\x81\x7f" + struct.pack(">Q", 1 << 40) + b"abc",
    "negative": b"\x81\x7f" + b"\xff" * 8 + b"abc",
    "compressed": b"\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00",  # permessage-deflate, which nobody agreed on
    "reserved opcode": b"\x83\x02hi",
    "masked": b"\x81\x82\x01\x02\x03\x04ik",
    "continuation of nothing": b"\x80\x02hi",
    "text in text": b"\x01\x02ab\x81\x02cd",
    "long control": b"\x89\x7e\x00\x80" + b"p" * 128,
    "close of one byte": b"\x88\x01\x03",
    "nothing": b"",
}
"""By the message that asks for them. The connection ends after each."""
FLOODS: dict[str, bytes] = {
    "empty parts": b"\x00\x00" * 30_000,
    "empty messages": b"\x81\x00" * 30_000,
    "large messages": b"\x82\x7f" + struct.pack(">Q", 1_000_000) + bytes(1_000_000),
    "pings": b"\x89\x00" * 30_000,
}
"""By the message that asks for them: sent again and again, until the client leaves."""
PARTS = b"\x01\x01a" + b"\x89\x02hi" + b"\x00\x01b" + b"\x80\x01c"
"""One message in three frames, with a ping between them."""


@dataclass
class RawServer:
    """What it saw."""

    port: int = 0
    pongs: int = 0


@contextmanager
def raw_websocket(*, bad_handshake: bool = False) -> Iterator[RawServer]:
    """A server on a free port, for as long as the block lasts."""
    seen = RawServer()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_handshake(head, bad=bad_handshake))
                while (message := await _frame(reader)) is not None:
                    opcode, text = message
                    if opcode == 10:
                        seen.pongs += 1
                        continue
                    if text == "parts":
                        writer.write(PARTS)
                        continue
                    if text == "empty parts":
                        writer.write(b"\x01\x01a")
                    while piece := FLOODS.get(text):
                        writer.write(piece)
                        await writer.drain()
                    writer.write(ANSWERS.get(text, b""))
                    await writer.drain()
                    break
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()
        finally:
            writer.transport.abort()  # a flood that nobody reads any more would never be sent

    @asynccontextmanager
    async def serve() -> AsyncIterator[asyncio.Server]:
        async with await asyncio.start_server(handle, "127.0.0.1", 0) as listening:
            yield listening

    with own_loop(serve) as seen.port:
        yield seen


def _handshake(head: bytes, *, bad: bool) -> bytes:
    """The answer to a request for a WebSocket; a bad one proves nothing."""
    protocol = ServerProtocol()
    protocol.receive_data(head)
    [request] = protocol.events_received()
    assert isinstance(request, Request)
    answer = protocol.accept(request)
    if bad:
        del answer.headers["Sec-WebSocket-Accept"]
        answer.headers["Sec-WebSocket-Accept"] = "wrong"
    protocol.send_response(answer)
    return b"".join(protocol.data_to_send())


async def _frame(reader: asyncio.StreamReader) -> tuple[int, str] | None:
    """Opcode and text of a frame of the client; None at a close."""
    first, second = await reader.readexactly(2)
    length = second & 0x7F
    if length == 126:
        (length,) = struct.unpack(">H", await reader.readexactly(2))
    mask = await reader.readexactly(4)
    data = bytes(byte ^ mask[place % 4] for place, byte in enumerate(await reader.readexactly(length)))
    return None if first & 0x0F == 8 else (first & 0x0F, data.decode())
