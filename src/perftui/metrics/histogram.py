"""A histogram with the layout of HdrHistogram: 1 us to 1 h, 3 significant digits, constant memory.

Slot of a value v (us): b = bit_length(v) - 11; v when b <= 0, else (b << 10) + (v >> b). A slot is at most 1/1024 of
its value wide, so any quantile is within 0.1 %. Counts merge by addition; percentiles never do.
"""

from __future__ import annotations

import binascii
import struct
import zlib
from collections.abc import Iterable
from typing import Self

import numpy as np
import numpy.typing as npt

from perftui.model.interval import HistogramData

HIGHEST_US = 3_600_000_000
SLOTS = 23_552
_SUB_BITS = 10
_STEP = np.dtype("<u2")
_COUNT = np.dtype("<u4")
_MOST_COUNT = 2**32 - 1

Int64s = npt.NDArray[np.int64]
Float64s = npt.NDArray[np.float64]


def slots_of(values_us: Int64s) -> Int64s:
    """The slots of many values at once."""
    # frexp of v|2047 gives the bit length, at least 11, exactly for all values below 2**53
    shift = np.frexp((values_us | 2047).astype(np.float64))[1].astype(np.int64) - 11
    return (shift << _SUB_BITS) + (values_us >> shift)


def _bounds() -> tuple[Int64s, Int64s]:
    index = np.arange(SLOTS, dtype=np.int64)
    shift = np.maximum((index >> _SUB_BITS) - 1, 0)
    low = np.where(index < 2 << _SUB_BITS, index, (index - (shift << _SUB_BITS)) << shift)
    return low, np.left_shift(1, shift, dtype=np.int64)


SLOT_LOW_US, SLOT_WIDTH_US = _bounds()
SLOT_MIDDLE_US: Float64s = SLOT_LOW_US + (SLOT_WIDTH_US - 1) / 2


class Histogram:
    """Counts of times in microseconds. Mutable; `data` crosses boundaries, and metrics/sparse.py reads it."""

    __slots__ = ("counts", "max_us", "min_us", "overflow", "sum_us", "total")

    def __init__(self) -> None:
        self.counts: Int64s = np.zeros(SLOTS, dtype=np.int64)
        self.total = 0
        self.sum_us = 0
        self.min_us = 0
        self.max_us = 0
        self.overflow = 0

    @classmethod
    def of(cls, values_us: Iterable[int]) -> Self:
        """A histogram of these values."""
        histogram = cls()
        histogram.record_many(np.fromiter(values_us, dtype=np.int64))
        return histogram

    def record_many(self, values_us: Int64s) -> None:
        """Count values; negative ones are an error, those above one hour go to the top slot.

        Raises:
            ValueError: a value is negative.
        """
        if not len(values_us):
            return
        lowest, highest = int(values_us.min()), int(values_us.max())
        if lowest < 0:
            raise ValueError(f"negative time: {lowest} us")
        self._widen(lowest, highest)
        self.total += len(values_us)
        self.sum_us += int(values_us.sum())
        if highest > HIGHEST_US:
            self.overflow += int((values_us > HIGHEST_US).sum())
            values_us = np.minimum(values_us, HIGHEST_US)
        self.counts += np.bincount(slots_of(values_us), minlength=SLOTS)

    @property
    def data(self) -> HistogramData:
        """This histogram as packed data."""
        if not self.total:
            return HistogramData()
        return HistogramData(
            count=self.total,
            sum_us=self.sum_us,
            min_us=self.min_us,
            max_us=self.max_us,
            overflow=self.overflow,
            packed=pack(self.counts),
        )

    def _widen(self, lowest: int, highest: int) -> None:
        self.min_us = min(self.min_us, lowest) if self.total else lowest
        self.max_us = max(self.max_us, highest) if self.total else highest


def pack(counts: Int64s) -> str:
    """Counts of all slots as text: index steps and counts of the used ones, compressed."""
    used = np.nonzero(counts)[0]
    return pack_used(used, counts[used])


def pack_used(slots: Int64s, counts: Int64s) -> str:
    """Counts of rising slots as text.

    Raises:
        ValueError: a count does not fit in 32 bits.
    """
    if len(counts) and int(counts.max()) > _MOST_COUNT:
        raise ValueError(f"more than {_MOST_COUNT:,} values in one slot")
    steps = slots.astype(_STEP)
    steps[1:] -= steps[:-1].copy()
    return _compressed(steps.tobytes() + counts.astype(_COUNT).tobytes())


def data_of_few(values_us: list[int]) -> HistogramData:
    """Values between 0 and HIGHEST_US as packed data: for some dozens, a tenth of what arrays take."""
    values = sorted(values_us)
    counts: dict[int, int] = {}
    for value in values:
        shift = value.bit_length() - _SUB_BITS - 1
        slot = value if shift <= 0 else (shift << _SUB_BITS) + (value >> shift)
        counts[slot] = counts.get(slot, 0) + 1
    slots = list(counts)
    steps = (slot - before for slot, before in zip(slots, [0, *slots], strict=False))
    raw = struct.pack(f"<{len(slots)}H{len(slots)}I", *steps, *counts.values())
    return HistogramData(
        count=len(values), sum_us=sum(values), min_us=values[0], max_us=values[-1], packed=_compressed(raw)
    )


def _compressed(raw: bytes) -> str:
    return binascii.b2a_base64(zlib.compress(raw, 1), newline=False).decode()
