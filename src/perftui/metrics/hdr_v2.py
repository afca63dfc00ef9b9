"""The V2 wire format of HdrHistogram: what its tools read and write, base64 text that starts with `HISTFAAAA`.

Outside big endian: cookie, length, zlib stream. Inside: cookie, length of the counts, normalising offset, significant
digits, lowest and highest value, ratio, then the counts of all slots up to the last used one as ZigZag LEB128 numbers
(at most nine bytes; nine would be a count above 2^55 and are refused); a negative number is a run of empty slots.
"""

from __future__ import annotations

import binascii
import struct
import zlib
from base64 import b64encode

import numpy as np

from perftui.metrics.histogram import HIGHEST_US, SLOTS, Int64s

_OUTER = struct.Struct(">ii")
_INNER = struct.Struct(">iiiiqqd")
_V2 = 0x1C849303
_V2_ZLIB = 0x1C849304
_WORD_SIZE = 0x10
_DIGITS = 3
_MOST_BYTES = 8 * 1024 * 1024
_MOST_COUNT = 2**53
_MOST_COUNT_BYTES = 8


def encode(slots: Int64s, counts: Int64s) -> str:
    """Counts of rising slots in the V2 format."""
    body = _to_bytes(slots, counts)
    inner = _INNER.pack(_V2 | _WORD_SIZE, len(body), 0, _DIGITS, 1, HIGHEST_US, 1.0) + body
    packed = zlib.compress(inner)
    return b64encode(_OUTER.pack(_V2_ZLIB | _WORD_SIZE, len(packed)) + packed).decode()


def decode(text: str) -> tuple[Int64s, Int64s]:
    """Used slots and their counts, of a text in our own layout.

    Raises:
        ValueError: the text is damaged, forged, of another version or layout.
    """
    inner = _inflated(text)
    if len(inner) < _INNER.size:
        raise ValueError("damaged histogram: too short")
    cookie, size, offset, digits, lowest, _, _ = _INNER.unpack_from(inner)
    if cookie & ~0xF0 != _V2:
        raise ValueError("not a histogram of version 2")
    if offset or (digits, lowest) != (_DIGITS, 1):
        raise ValueError("not a histogram from 1 us on with 3 digits")
    if size != len(inner) - _INNER.size:
        raise ValueError("damaged histogram: wrong size")
    return _from_bytes(inner[_INNER.size :])


def _inflated(text: str) -> bytes:
    try:
        raw = binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
        if len(raw) < _OUTER.size:
            raise ValueError("damaged histogram: too short")
        cookie, size = _OUTER.unpack_from(raw)
        if cookie & ~0xF0 != _V2_ZLIB:
            raise ValueError("not a compressed histogram of version 2")
        if size != len(raw) - _OUTER.size:
            raise ValueError("damaged histogram: wrong size")
        inflater = zlib.decompressobj()
        inner = inflater.decompress(raw[_OUTER.size :], _MOST_BYTES)
    except (binascii.Error, zlib.error, UnicodeEncodeError) as error:
        raise ValueError(f"damaged histogram: {error}") from error
    if inflater.unconsumed_tail or not inflater.eof:
        raise ValueError("damaged histogram: larger than any histogram can be")
    return inner


def _to_bytes(slots: Int64s, counts: Int64s) -> bytes:
    empty_before = np.diff(slots, prepend=-1) - 1
    numbers = np.column_stack((-empty_before, counts)).ravel()
    numbers = numbers[numbers != 0]
    zigzag = (numbers << 1) ^ (numbers >> 63)
    # seven bits per byte, the last one without the mark that more follow
    sizes = np.maximum(1, -(-np.frexp(zigzag.astype(np.float64))[1] // 7)).astype(np.int64)
    starts = sizes.cumsum() - sizes
    out = np.zeros(int(sizes.sum()), dtype=np.uint8)
    for place in range(int(sizes.max(initial=0))):
        here = sizes > place
        more = np.where(sizes[here] > place + 1, 0x80, 0)
        out[starts[here] + place] = (zigzag[here] >> (7 * place)) & 0x7F | more
    return out.tobytes()


def _from_bytes(body: bytes) -> tuple[Int64s, Int64s]:
    """Used slots and their counts."""
    raw = np.frombuffer(body, dtype=np.uint8).astype(np.int64)
    ends = np.nonzero(raw < 0x80)[0]
    if not len(raw):
        return ends, ends
    if not len(ends) or ends[-1] != len(raw) - 1:
        raise ValueError("damaged histogram: a count is cut off")
    starts = np.concatenate(([0], ends[:-1] + 1))
    sizes = ends - starts + 1
    if int(sizes.max()) > _MOST_COUNT_BYTES:
        raise ValueError("damaged histogram: count out of range")
    place = np.arange(len(raw)) - np.repeat(starts, sizes)
    zigzag = np.add.reduceat((raw & 0x7F) << (7 * place), starts)
    numbers = (zigzag >> 1) ^ -(zigzag & 1)
    steps = np.where(numbers < 0, -numbers, 1)
    if int(steps.max()) > SLOTS or int(steps.sum()) > SLOTS:
        raise ValueError("damaged histogram: slots out of range")
    if int(numbers.max()) > _MOST_COUNT:
        raise ValueError("damaged histogram: count out of range")
    used = numbers > 0
    return (steps.cumsum() - steps)[used], numbers[used]
