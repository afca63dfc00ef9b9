"""A PNG with a palette instead of four bytes per pixel: a terminal has few colours, the file is a fifth as large."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_CHANNELS = 4
_MOST = 255


def with_palette(png: bytes, exact: Iterable[str] = ()) -> bytes:
    """The same picture with at most 256 colours, the most frequent ones kept exactly.

    Args:
        png: the picture.
        exact: colours such as `#63b3f0` that are kept however few pixels have them.

    Raises:
        ValueError: it is no PNG of eight bits per channel with alpha.
    """
    pixels = _pixels(png)
    height, width, _ = pixels.shape
    packed = pixels.reshape(-1, _CHANNELS).copy().view(np.uint32).ravel()
    colours, places, counts = np.unique(packed, return_inverse=True, return_counts=True)
    named = [int.from_bytes(bytes.fromhex(f"{colour[1:]}ff"), "little") for colour in exact]
    first = np.argsort(counts + np.isin(colours, named) * packed.size)
    kept = np.sort(first[-_MOST:])
    table = colours[kept].copy().view(np.uint8).reshape(-1, _CHANNELS)
    wanted = colours.copy().view(np.uint8).reshape(-1, _CHANNELS)
    nearest = np.array([_nearest(colour, table) for colour in wanted], dtype=np.uint8)
    rows = nearest[places].reshape(height, width)
    lines = np.concatenate([np.zeros((height, 1), np.uint8), rows], axis=1).tobytes()
    return b"".join(
        (
            _SIGNATURE,
            _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)),
            _chunk(b"PLTE", table[:, :3].tobytes()),
            _chunk(b"tRNS", table[:, 3].tobytes()),
            _chunk(b"IDAT", zlib.compress(lines, 9)),
            _chunk(b"IEND", b""),
        )
    )


def _nearest(colour: Bytes, table: Bytes) -> int:
    return int(np.abs(table.astype(np.int16) - colour).sum(axis=1).argmin())


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    place = len(_SIGNATURE)
    while place < len(png):
        (length,) = struct.unpack_from(">I", png, place)
        yield png[place + 4 : place + 8], png[place + 8 : place + 8 + length]
        place += length + 12


def _pixels(png: bytes) -> Bytes:
    parts = list(_chunks(png))
    width, height, bits, kind = struct.unpack_from(">IIBB", parts[0][1])
    if png[: len(_SIGNATURE)] != _SIGNATURE or (bits, kind) != (8, 6):
        raise ValueError("not a PNG with eight bits per channel and alpha")
    raw = zlib.decompress(b"".join(data for name, data in parts if name == b"IDAT"))
    stride = width * _CHANNELS
    before = bytearray(stride)
    rows = []
    for start in range(0, height * (stride + 1), stride + 1):
        before = _unfiltered(raw[start], bytearray(raw[start + 1 : start + 1 + stride]), before)
        rows.append(np.frombuffer(bytes(before), np.uint8))
    return np.stack(rows).reshape(height, width, _CHANNELS)


def _unfiltered(kind: int, line: bytearray, above: bytearray) -> bytearray:
    if kind == 0:
        return line
    if kind == 1:
        pixels = np.frombuffer(bytes(line), np.uint8).reshape(-1, _CHANNELS)
        return bytearray(np.cumsum(pixels, axis=0, dtype=np.uint8).tobytes())
    if kind == 2:
        return bytearray((np.frombuffer(bytes(line), np.uint8) + np.frombuffer(bytes(above), np.uint8)).tobytes())
    for place in range(len(line)):
        left = line[place - _CHANNELS] if place >= _CHANNELS else 0
        up = above[place]
        if kind == 3:
            line[place] = (line[place] + (left + up) // 2) & 0xFF
            continue
        corner = above[place - _CHANNELS] if place >= _CHANNELS else 0
        guess = left + up - corner
        by_left, by_up, by_corner = abs(guess - left), abs(guess - up), abs(guess - corner)
        chosen = left if by_left <= by_up and by_left <= by_corner else up if by_up <= by_corner else corner
        line[place] = (line[place] + chosen) & 0xFF
    return line
