"""Messages between runner and worker as bytes: four bytes of length, big endian, then msgpack."""

from __future__ import annotations

import struct
from typing import Generic, TypeVar

import msgspec

from perftui.engine.fleet.messages import MOST_MESSAGE_BYTES, FromWorker, ToWorker

_LENGTH = struct.Struct(">I")
_encoder = msgspec.msgpack.Encoder()
MessageT = TypeVar("MessageT")


class FramingError(ValueError):
    """The other side does not speak the protocol."""


def pack_message(message: ToWorker | FromWorker) -> bytes:
    """A message with its length before it.

    Raises:
        FramingError: it is larger than a message may be.
    """
    body = _encoder.encode(message)
    if len(body) > MOST_MESSAGE_BYTES:
        raise FramingError(f"a message of {len(body)} bytes is too large")
    return _LENGTH.pack(len(body)) + body


class Unpacker(Generic[MessageT]):
    """Bytes in, whole messages out."""

    def __init__(self, decoder: msgspec.msgpack.Decoder[MessageT]) -> None:
        self._decoder = decoder
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[MessageT]:
        """The messages that these bytes complete.

        Raises:
            FramingError: the bytes are no messages.
        """
        self._buffer += data
        messages: list[MessageT] = []
        start = 0
        while len(self._buffer) - start >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer, start)
            if length > MOST_MESSAGE_BYTES:
                raise FramingError(f"a message of {length} bytes is too large")
            end = start + _LENGTH.size + length
            if len(self._buffer) < end:
                break
            try:
                messages.append(self._decoder.decode(memoryview(self._buffer)[start + _LENGTH.size : end]))
            except (ValueError, RecursionError) as error:  # text that is no UTF-8 is no DecodeError
                raise FramingError(f"not a message: {error}") from error
            start = end
        del self._buffer[:start]
        return messages


def worker_unpacker() -> Unpacker[ToWorker]:
    """What a worker reads."""
    return Unpacker(msgspec.msgpack.Decoder(ToWorker))


def runner_unpacker() -> Unpacker[FromWorker]:
    """What the runner reads of one worker."""
    return Unpacker(msgspec.msgpack.Decoder(FromWorker))
