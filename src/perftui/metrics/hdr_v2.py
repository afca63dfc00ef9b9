"""The V2 wire format of HdrHistogram: what its tools read and write, base64 text that starts with `HISTFAAAA`.

Outside big endian: cookie, length, zlib stream. Inside: cookie, length of the counts, normalising offset, significant
digits, lowest and highest value, ratio, then the counts of all slots up to the last used one as ZigZag LEB128 numbers
(at most nine bytes); a negative number is a run of empty slots.
"""

from __future__ import annotations

import binascii
import struct
import zlib
from base64 import b64encode

import numpy as np

from perftui.metrics.histogram import HIGHEST_US, SLOT_MIDDLE_US, SLOTS, Histogram, Int64s, slots_of

_OUTER = struct.Struct(">ii")
_INNER = struct.Struct(">iiiiqqd")
_V2 = 0x1C849303
_V2_ZLIB = 0x1C849304
_WORD_SIZE = 0x10
_DIGITS = 3
_MOST_BYTES = 8 * 1024 * 1024
_MOST_HIGHEST = 2**62
_MOST_COUNT = 2**53
_MOST_BUCKETS = 64


def encode(histogram: Histogram) -> str:
    """A histogram in the V2 format, values in microseconds."""
    counts = _counts_to_bytes(histogram.counts)
    inner = _INNER.pack(_V2 | _WORD_SIZE, len(counts), 0, _DIGITS, 1, HIGHEST_US, 1.0) + counts
    packed = zlib.compress(inner)
    return b64encode(_OUTER.pack(_V2_ZLIB | _WORD_SIZE, len(packed)) + packed).decode()


def decode(text: str) -> Histogram:
    """The histogram of a V2 text, values in microseconds.

    The exact minimum, maximum and sum are not in the format: they come from the middles of the slots. A histogram with
    other significant digits or another lowest value is counted again in our slots.

    Raises:
        ValueError: the text is damaged, forged or of another version.
    """
    inner = _inflated(text)
    if len(inner) < _INNER.size:
        raise ValueError("damaged histogram: too short")
    cookie, size, offset, digits, lowest, highest, _ = _INNER.unpack_from(inner)
    if cookie & ~0xF0 != _V2:
        raise ValueError("not a histogram of version 2")
    if offset or not 1 <= digits <= 5 or not 1 <= lowest <= highest // 2 or highest > _MOST_HIGHEST:
        raise ValueError("damaged histogram: header out of range")
    if size != len(inner) - _INNER.size:
        raise ValueError("damaged histogram: wrong size")
    return _histogram_of(_runs(inner[_INNER.size :], _slots_of(digits)), digits, lowest)


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


def _counts_to_bytes(counts: Int64s) -> bytes:
    used = np.nonzero(counts)[0]
    out = bytearray()
    before = -1
    for slot, count in zip(used.tolist(), counts[used].tolist(), strict=True):
        if slot - before > 1:
            _write_zigzag(out, before + 1 - slot)
        _write_zigzag(out, count)
        before = slot
    return bytes(out)


def _write_zigzag(out: bytearray, number: int) -> None:
    value = (number << 1) ^ (number >> 63)
    value &= 0xFFFFFFFFFFFFFFFF
    for _ in range(8):
        if value < 0x80:
            out.append(value)
            return
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)


def _runs(raw: bytes, most_slots: int) -> list[tuple[int, int]]:
    """Slots and counts of the used slots."""
    found: list[tuple[int, int]] = []
    place = slot = 0
    while place < len(raw):
        value = shift = 0
        while True:
            if place >= len(raw):
                raise ValueError("damaged histogram: a count is cut off")
            byte = raw[place]
            place += 1
            if shift == 56:
                value |= byte << 56
                break
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                break
            shift += 7
        number = (value >> 1) ^ -(value & 1)
        if number < 0:
            slot -= number
        else:
            if number:
                if number > _MOST_COUNT:
                    raise ValueError("damaged histogram: count out of range")
                found.append((slot, number))
            slot += 1
        if slot > most_slots:
            raise ValueError("damaged histogram: slots out of range")
    return found


def _sub_bits(digits: int) -> int:
    """Bits of half a bucket: the smallest power of two that holds 2 * 10^digits values, halved."""
    return int(2 * 10**digits - 1).bit_length() - 1


def _slots_of(digits: int) -> int:
    return (_MOST_BUCKETS + 1) << _sub_bits(digits)


def _histogram_of(used: list[tuple[int, int]], digits: int, lowest: int) -> Histogram:
    histogram = Histogram()
    if not used:
        return histogram
    unit_bits, sub_bits = lowest.bit_length() - 1, _sub_bits(digits)
    if sub_bits == 10 and unit_bits == 0 and used[-1][0] < SLOTS:
        slots = np.array([slot for slot, _ in used])
        middles = SLOT_MIDDLE_US[slots]
    else:
        middles = np.array([_middle(slot, sub_bits, unit_bits) for slot, _ in used])
    counts = np.array([count for _, count in used], dtype=np.int64)
    values = np.minimum(middles, float(HIGHEST_US)).astype(np.int64)
    np.add.at(histogram.counts, slots_of(values), counts)
    histogram.total = int(counts.sum())
    histogram.overflow = int(counts[middles > HIGHEST_US].sum())
    histogram.sum_us = round(float((middles * counts).sum()))
    histogram.min_us, histogram.max_us = int(values[0]), int(values[-1])
    return histogram


def _middle(slot: int, sub_bits: int, unit_bits: int) -> float:
    bucket = max(0, (slot >> sub_bits) - 1)
    low = (slot - (bucket << sub_bits)) << (bucket + unit_bits)
    return low + ((1 << (bucket + unit_bits)) - 1) / 2
