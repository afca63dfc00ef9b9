"""A WebSocket server that breaks the protocol as the first message asks: bytes as nobody should send them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
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
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            key = next(
                line[18:].strip() for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")
            )
            proof = base64.b64encode(hashlib.sha1(key + _GUID).digest())
            answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            writer.write(answer + b"Sec-WebSocket-Accept: " + (b"wrong" if bad_handshake else proof) + b"\r\n\r\n")
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

    loop = asyncio.new_event_loop()
    started, stop = threading.Event(), asyncio.Event()

    async def main() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with server:
            seen.port = server.sockets[0].getsockname()[1]
            started.set()
            await stop.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(main()))
    thread.start()
    assert started.wait(10)
    try:
        yield seen
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(20)
        loop.run_until_complete(_cancel_rest())
        loop.close()


async def _cancel_rest() -> None:
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


async def _frame(reader: asyncio.StreamReader) -> tuple[int, str] | None:
    """Opcode and text of a frame of the client; None at a close."""
    first, second = await reader.readexactly(2)
    length = second & 0x7F
    if length == 126:
        (length,) = struct.unpack(">H", await reader.readexactly(2))
    mask = await reader.readexactly(4)
    data = bytes(byte ^ mask[place % 4] for place, byte in enumerate(await reader.readexactly(length)))
    return None if first & 0x0F == 8 else (first & 0x0F, data.decode())
