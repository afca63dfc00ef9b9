"""Histograms that hold only their used slots, merged in bulk.

Unpacking costs 3 us for 20 used slots and 30 us for 3,000, nearly all of it in zlib; a merge is one pass over all.
"""

from __future__ import annotations

import binascii
import math
import zlib
from collections.abc import Iterable, Sequence

import numpy as np

from perftui.metrics.histogram import (
    HIGHEST_US,
    SLOT_MIDDLE_US,
    SLOTS,
    Histogram,
    Int64s,
    data_of_few,
    pack_used,
    slots_of,
)
from perftui.model.interval import HistogramData
from perftui.model.record import LatencyStats
from perftui.model.units import ms_of, to_digits

_QUANTILES = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.25)
_PAIR_BYTES = 6
_MOST_BYTES = SLOTS * _PAIR_BYTES
_NO_SLOTS: Int64s = np.zeros(0, dtype=np.int64)
_FEW = 128
"""Values that are counted faster one by one."""
_DENSE_FROM = 4096
"""Slots in a merge above which counting over all slots beats sorting."""


class Sparse:
    """Counts of used slots in rising order, with exact count, sum, minimum and maximum. Not changed once made."""

    __slots__ = ("counts", "max_us", "min_us", "overflow", "slots", "sum_us", "total")

    def __init__(
        self, slots: Int64s = _NO_SLOTS, counts: Int64s = _NO_SLOTS, *, sum_us: int = 0, min_us: int = 0,
        max_us: int = 0, overflow: int = 0,
    ) -> None:  # fmt: skip
        self.slots = slots
        self.counts = counts
        self.total = int(counts.sum())
        self.sum_us = sum_us
        self.min_us = min_us
        self.max_us = max_us
        self.overflow = overflow

    @classmethod
    def counted(cls, values_us: Int64s, weights: Int64s | None = None) -> Sparse:
        """A histogram of these values; those above one hour go to the top slot.

        Args:
            values_us: the values.
            weights: how many times each counts, at least once; None: once.

        Raises:
            ValueError: a value is negative.
        """
        if not len(values_us):
            return cls()
        weights = np.ones(len(values_us), dtype=np.int64) if weights is None else weights
        lowest, highest = int(values_us.min()), int(values_us.max())
        if lowest < 0:
            raise ValueError(f"negative time: {lowest} us")
        overflow = int(weights[values_us > HIGHEST_US].sum()) if highest > HIGHEST_US else 0
        slots = slots_of(np.minimum(values_us, HIGHEST_US) if overflow else values_us)
        slots, counts = _added_up(slots, weights)
        return cls(
            slots, counts, sum_us=int((values_us * weights).sum()), min_us=lowest, max_us=highest, overflow=overflow
        )

    @classmethod
    def used(cls, histogram: Histogram) -> Sparse:
        """The used slots of a histogram."""
        slots = np.nonzero(histogram.counts)[0]
        return cls(
            slots, histogram.counts[slots], sum_us=histogram.sum_us, min_us=histogram.min_us, max_us=histogram.max_us,
            overflow=histogram.overflow,
        )  # fmt: skip

    @classmethod
    def merged(cls, parts: Iterable[Sparse], packed: Sequence[HistogramData] = ()) -> Sparse:
        """All values of some histograms.

        Raises:
            ValueError: packed data is damaged or forged.
        """
        full = [part for part in parts if part.total]
        data = [item for item in packed if item.count]
        if len(full) == 1 and not data:
            return full[0]
        if not full and not data:
            return cls()
        slots, counts, _ = unpack_all(data)
        slots = np.concatenate([part.slots for part in full] + [slots])
        counts = np.concatenate([part.counts for part in full] + [counts])
        slots, counts = _added_up(slots, counts) if len(full) + len(data) > 1 else (slots, counts)
        return cls(
            slots,
            counts,
            sum_us=sum(part.sum_us for part in full) + sum(item.sum_us for item in data),
            min_us=min([part.min_us for part in full] + [item.min_us for item in data]),
            max_us=max([part.max_us for part in full] + [item.max_us for item in data]),
            overflow=sum(part.overflow for part in full) + sum(item.overflow for item in data),
        )

    @classmethod
    def of(cls, *packed: HistogramData) -> Sparse:
        """All values of packed histograms.

        Raises:
            ValueError: the data is damaged or forged.
        """
        return cls.merged((), packed)

    @property
    def data(self) -> HistogramData:
        """This histogram as packed data."""
        if not self.total:
            return HistogramData()
        return HistogramData(
            count=self.total, sum_us=self.sum_us, min_us=self.min_us, max_us=self.max_us, overflow=self.overflow,
            packed=pack_used(self.slots, self.counts),
        )  # fmt: skip

    def quantiles_us(self, qs: Sequence[float]) -> list[float]:
        """Values that the shares qs of all values do not exceed (rank ceil(q n)), in us; zeros when empty."""
        if not self.total:
            return [0.0] * len(qs)
        cumulative = self.counts.cumsum()
        # the small subtraction keeps 0.95 * 20 = 19.000000000000004 at rank 19
        ranks = np.clip(np.ceil(np.asarray(qs) * self.total - 1e-9), 1, self.total)
        middles = SLOT_MIDDLE_US[self.slots[cumulative.searchsorted(ranks)]]
        return [min(max(value, self.min_us), self.max_us) for value in middles.tolist()]

    def stats(self) -> LatencyStats:
        """Percentiles and moments in ms. Standard deviation from the slots' middles, the rest within 0.1 %."""
        if not self.total:
            return LatencyStats()
        p50, p75, p90, p95, p99, p99_9, p25 = self.quantiles_us(_QUANTILES)
        mean_us = self.sum_us / self.total
        deviation = SLOT_MIDDLE_US[self.slots] - mean_us
        variance = float((self.counts * deviation * deviation).sum()) / self.total
        return LatencyStats(
            count=self.total, min=ms_of(self.min_us), mean=to_digits(mean_us / 1e3), p50=ms_of(p50), p75=ms_of(p75),
            p90=ms_of(p90), p95=ms_of(p95), p99=ms_of(p99), p99_9=ms_of(p99_9), max=ms_of(self.max_us),
            iqr=ms_of(p75 - p25),
            stddev=to_digits(math.sqrt(variance) / 1e3) if self.max_us > self.min_us else 0.0,
        )  # fmt: skip

    def count_between(self, bounds_us: Sequence[float]) -> list[int]:
        """How many values lie in each gap between rising bounds; a slot counts where its middle is."""
        cumulative = np.concatenate(([0], self.counts.cumsum()))
        places = np.searchsorted(SLOT_MIDDLE_US[self.slots], bounds_us)
        return [int(count) for count in np.diff(cumulative[places])]


def data_of(values_us: Int64s) -> HistogramData:
    """Values as packed data; those above one hour go to the top slot.

    Raises:
        ValueError: a value is negative.
    """
    if 0 < len(values_us) <= _FEW:
        values = values_us.tolist()
        if min(values) >= 0 and max(values) <= HIGHEST_US:
            return data_of_few(values)
    return Sparse.counted(values_us).data


def unpack_all(packed: Sequence[HistogramData]) -> tuple[Int64s, Int64s, Int64s]:
    """Slots and counts of several packed histograms, one after the other, and how many slots each has.

    Raises:
        ValueError: data is damaged or forged.
    """
    if not packed:
        return _NO_SLOTS, _NO_SLOTS, _NO_SLOTS
    steps, counts, lengths = [], [], []
    for item in packed:
        raw = _inflated(item.packed)
        used, rest = divmod(len(raw), _PAIR_BYTES)
        if rest or not used:
            raise ValueError("damaged histogram: wrong size")
        lengths.append(used)
        steps.append(raw[: 2 * used])
        counts.append(raw[2 * used :])
    sizes = np.array(lengths)
    starts = sizes.cumsum() - sizes
    all_steps = np.frombuffer(b"".join(steps), "<u2").astype(np.int64)
    all_counts = np.frombuffer(b"".join(counts), "<u4").astype(np.int64)
    running = all_steps.cumsum()
    slots = running - np.repeat(running[starts] - all_steps[starts], sizes)
    zero_steps = all_steps == 0
    zero_steps[starts] = False
    if zero_steps.any() or int(slots.max()) >= SLOTS:
        raise ValueError("damaged histogram: slots out of range")
    totals = np.add.reduceat(all_counts, starts).tolist()
    for item, total in zip(packed, totals, strict=True):
        if item.count != total:
            raise ValueError(f"histogram says {item.count} values and holds {total}")
    return slots, all_counts, sizes


def _inflated(packed: str) -> bytes:
    try:
        inflater = zlib.decompressobj()
        raw = inflater.decompress(binascii.a2b_base64(packed, strict_mode=True), _MOST_BYTES)
    except (binascii.Error, zlib.error) as error:
        raise ValueError(f"damaged histogram: {error}") from error
    if inflater.unconsumed_tail or not inflater.eof:
        raise ValueError("damaged histogram: wrong size")
    return raw


def _added_up(slots: Int64s, counts: Int64s) -> tuple[Int64s, Int64s]:
    if len(slots) >= _DENSE_FROM:
        # weights are float64: exact below 2**53 values
        dense = np.bincount(slots, weights=counts)
        used = np.nonzero(dense)[0]
        return used, dense[used].astype(np.int64)
    # 16 bits hold every slot, and numpy sorts them by radix: five times faster
    order = slots.astype(np.uint16).argsort(kind="stable")
    slots, counts = slots[order], counts[order]
    first = np.concatenate(([True], slots[1:] != slots[:-1]))
    starts = np.nonzero(first)[0]
    return slots[starts], np.add.reduceat(counts, starts)
