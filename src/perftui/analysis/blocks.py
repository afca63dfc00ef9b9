"""Seconds of a round as data: counts of slots per second, quantiles of all of them, and how sure those are.

How sure: seconds are not independent, so blocks of them are drawn again with replacement (block bootstrap). The block
length follows from how long the influence of a second on the quantile is felt: the autocorrelation of how many of its
values lie above the quantile.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from perftui.metrics.generator_bounds import Excess
from perftui.metrics.histogram import SLOT_LOW_US, SLOT_WIDTH_US, SLOTS, Float64s, Int64s
from perftui.metrics.sparse import unpack_all
from perftui.model.interval import HistogramData

DRAWS = 1000
"""The standard error is itself known to 2 % with so many."""
_WINDOW_SIGMAS = 6.0
_GROUPS = 64
"""Into which the slots that a quantile can reach are put: a tenth of its error each."""
_LOWER = (0.5, 0.9, 0.95, 0.99)
_SHORTEST_BLOCK = 2
FEWEST_BLOCKS = 3
"""Of any length: few blocks widen the interval (degrees of freedom), they never blank it."""
_MOST_BLOCKS = 400
"""More would cost time and memory and change nothing."""
_CHANCE = 1.64
"""Standard errors of a correlation, below which it may be chance."""
_NONE: Int64s = np.zeros(0, dtype=np.int64)


class Estimate(NamedTuple):
    """The logarithm of a value of one round, with its standard error within the round."""

    log_value: float
    error: float
    blocks: int
    block_s: int


_NOTHING = Estimate(math.log(0.5), math.inf, 0, 1)


class Seconds:
    """One time (such as the response time) of one operation, second by second."""

    def __init__(self, slots: Int64s, counts: Int64s, seconds: Int64s, sums_us: Float64s) -> None:
        # 16 bits hold every slot, and numpy sorts them by radix: five times faster
        order = slots.astype(np.uint16).argsort(kind="stable")
        self.slots = slots[order]
        self.counts = counts[order]
        self.seconds = seconds[order]
        self.length = len(sums_us)
        """Seconds of the measure phase."""
        self.sums_us = sums_us
        """Sum of the times of each second."""
        self._cumulative = self.counts.cumsum()
        self.total = int(self._cumulative[-1]) if len(order) else 0
        self.per_second: Float64s = summed(self.seconds, self.counts, self.length)
        self._pulls: dict[float, Float64s] = {}
        self._draws: dict[tuple[str, int], Float64s] = {}

    @classmethod
    def of(cls, packed: Sequence[tuple[int, HistogramData]], length: int) -> Seconds:
        """Packed histograms with the second each belongs to.

        Raises:
            ValueError: the data is damaged or forged.
        """
        used = [(second, data) for second, data in packed if data.count]
        slots, counts, sizes = unpack_all([data for _, data in used])
        places = np.array([second for second, _ in used], dtype=np.int64)
        sums = summed(places, np.array([float(data.sum_us) for _, data in used]), length)
        return cls(slots, counts, np.repeat(places, sizes), sums)

    @classmethod
    def together(cls, parts: Sequence[Seconds], length: int) -> Seconds:
        """Several operations of the same seconds as one."""
        sums = np.zeros(length)
        for part in parts:
            sums += part.sums_us
        if not parts:
            return cls(_NONE, _NONE, _NONE, sums)
        return cls(
            np.concatenate([part.slots for part in parts]),
            np.concatenate([part.counts for part in parts]),
            np.concatenate([part.seconds for part in parts]),
            sums,
        )

    def part(self, start: int, end: int) -> Seconds:
        """The seconds from start up to end as a round of their own."""
        inside = (self.seconds >= start) & (self.seconds < end)
        held = (self.slots[inside], self.counts[inside], self.seconds[inside] - start)
        return Seconds(*held, self.sums_us[start:end])

    def quantile_us(self, q: float) -> float:
        """A quantile with linear interpolation inside its slot; 0 when empty."""
        if not self.total:
            return 0.0
        return _inside(self.slots, self._cumulative, min(q * self.total, self.total))

    def quantile(self, q: float, seed: str) -> Estimate:
        """A quantile's logarithm with its error; without values, nothing is sure."""
        if not self.total:
            return _NOTHING
        value = max(self.quantile_us(q), 0.5)
        # a stall is one event, although only its first seconds reach into the far tail: a quantile's blocks are at
        # least as long, and its reach at least as wide, as those of the quantiles below it
        pulls = [self._pull(level) for level in (*_LOWER, q) if level <= q]
        block_s = _within(max(map(block_length, pulls)), self.length)
        blocks = self.length // block_s
        if blocks < 2:
            return Estimate(math.log(value), math.inf, blocks, block_s)
        drawn = self._drawn_quantiles(q, pulls, block_s, blocks, seed)
        error = float(np.log(np.maximum(drawn, 0.5)).std()) * math.sqrt(blocks / (blocks - 1))
        slot_width = float(SLOT_WIDTH_US[self._slot_at(q)])
        return Estimate(math.log(value), max(error, slot_width / (value * math.sqrt(12))), blocks, block_s)

    def reach(self, q: float, added: Excess) -> float:
        """By how much the logarithm of the quantile may grow when so much is added to its values in any way.

        For every d: at most Q(q + P(more than d is added)) + d. The round must hold values.
        """
        value = max(self.quantile_us(q), 0.5)
        ranks = q + added.beyond
        places = np.minimum(self._cumulative.searchsorted(ranks * self.total), len(self.slots) - 1)
        ends = np.where(ranks < 1, _edge_us(self.slots[places] + 1) + added.steps_us, math.inf)
        # within the quantile's own slot it stays where it is
        ends = np.where(places == self._place_at(q), value + added.steps_us, ends)
        return max(0.0, math.log(float(ends.min()) / value)) if math.isfinite(ends.min()) else math.inf

    def reach_of_mean(self, added: Excess) -> float:
        """The same of the mean."""
        mean_us = float(self.sums_us.sum()) / self.total
        return math.log1p(added.mean_us / max(mean_us, 0.5))

    def _place_at(self, q: float) -> int:
        return min(len(self.slots) - 1, int(self._cumulative.searchsorted(q * self.total)))

    def _slot_at(self, q: float) -> int:
        return int(self.slots[self._place_at(q)])

    def _pull(self, q: float) -> Float64s:
        """How much each second pulls the quantile up: its values above it, less what its share would be."""
        found = self._pulls.get(q)
        if found is None:
            place = int(self.slots.searchsorted(self._slot_at(q), side="right"))
            above = summed(self.seconds[place:], self.counts[place:], self.length)
            found = self._pulls[q] = above - above.sum() / self.total * self.per_second
        return found

    def _drawn_quantiles(self, q: float, pulls: Sequence[Float64s], block_s: int, blocks: int, seed: str) -> Float64s:
        """The quantile in each draw of blocks. Only slots that it can reach are looked at, in a few groups."""
        of_block = np.minimum(self.seconds // block_s, blocks - 1)
        place = np.minimum(np.arange(self.length) // block_s, blocks - 1)
        errors = [math.sqrt(float((summed(place, pull, blocks) ** 2).sum())) for pull in pulls]
        reach = (_WINDOW_SIGMAS * max(errors) + 2) / self.total
        edges = self._group_edges(max(0.0, q - reach), min(1.0, q + reach))
        start, end = (int(place) for place in self.slots.searchsorted(edges[[0, -1]]))
        width = len(edges) - 1
        group = edges.searchsorted(self.slots[start:end], side="right") - 1
        matrix = summed(of_block[start:end] * width + group, self.counts[start:end], blocks * width)
        below = summed(of_block[:start], self.counts[:start], blocks)
        totals = summed(of_block, self.counts, blocks)
        weights = self._weights(seed, blocks)
        cumulative = (weights @ matrix.reshape(blocks, width)).cumsum(axis=1)
        ranks = q * (weights @ totals) - weights @ below
        # the first group whose cumulative count reaches the rank, and how far inside it the rank lies
        found = np.minimum((cumulative < ranks[:, None]).sum(axis=1), width - 1)
        rows = np.arange(len(found))
        upto = cumulative[rows, found]
        before = np.where(found > 0, cumulative[rows, np.maximum(found - 1, 0)], 0.0)
        share = np.clip((ranks - before) / np.maximum(upto - before, 1e-9), 0.0, 1.0)
        low, high = _edge_us(edges[found]), _edge_us(edges[found + 1])
        drawn: Float64s = low + share * (high - low)
        return drawn

    def _group_edges(self, low: float, high: float) -> Int64s:
        """First slots of groups of about equal counts from one quantile to another, and the first slot above them."""
        ranks = np.linspace(low, high, _GROUPS + 1) * self.total
        places = np.minimum(self._cumulative.searchsorted(ranks), len(self.slots) - 1)
        return np.append(np.unique(self.slots[places]), self.slots[places[-1]] + 1)

    def mean(self) -> Estimate:
        """The logarithm of the mean with its error; without values, nothing is sure."""
        return ratio(self.sums_us, self.per_second) if self.total and self.sums_us.any() else _NOTHING

    def _weights(self, seed: str, blocks: int) -> Float64s:
        found = self._draws.get((seed, blocks))
        if found is None:
            found = self._draws[seed, blocks] = draw_weights(seed, blocks)
        return found


def summed(places: Int64s, weights: Float64s | Int64s, length: int = 0) -> Float64s:
    """Weights added up by place."""
    return np.bincount(places, weights=weights, minlength=length).astype(np.float64)


def draw_weights(seed: str, blocks: int) -> Float64s:
    """How often each block is in each draw. The same text always gives the same draws."""
    digest = hashlib.sha256(seed.encode()).digest()
    generator = np.random.Generator(np.random.PCG64(int.from_bytes(digest[:16], "big")))
    chosen = generator.integers(0, blocks, size=(DRAWS, blocks)) + blocks * np.arange(DRAWS)[:, None]
    return np.bincount(chosen.ravel(), minlength=DRAWS * blocks).reshape(DRAWS, blocks).astype(np.float64)


def ratio(upper: Float64s, lower: Float64s) -> Estimate:
    """The logarithm of sum(upper) / sum(lower), both per second, with its error. Both sums must be positive."""
    whole_upper, whole_lower = float(upper.sum()), float(lower.sum())
    value = whole_upper / whole_lower
    pull = upper - value * lower
    block_s = _within(block_length(pull), len(pull))
    blocks = len(pull) // block_s
    if blocks < 2:
        return Estimate(math.log(value), math.inf, blocks, block_s)
    # of a mean the error follows from the blocks themselves: no draws are needed
    pulls = summed(np.minimum(np.arange(len(pull)) // block_s, blocks - 1), pull, blocks)
    error = math.sqrt(float((pulls**2).sum()) * blocks / (blocks - 1)) / whole_upper
    return Estimate(math.log(value), error, blocks, block_s)


def block_length(pull: Float64s) -> int:
    """Seconds per block: twice the time over which the series remembers, at least two; longer in very long runs."""
    return max(_SHORTEST_BLOCK, math.ceil(2 * memory_s(pull)), math.ceil(len(pull) / _MOST_BLOCKS))


def _within(block_s: int, length: int) -> int:
    """The block length, short enough for the fewest blocks."""
    return max(1, min(block_s, length // FEWEST_BLOCKS))


def memory_s(series: Float64s) -> float:
    """Integrated autocorrelation time in steps: 1 + 2 * the sum of correlations up to the first that may be chance."""
    deviation = series - series.mean()
    variance = float(deviation @ deviation)
    if variance <= 0:
        return 1.0
    tau, chance = 1.0, _CHANCE / math.sqrt(len(series))
    for lag in range(1, len(series) // 2):
        rho = float(deviation[:-lag] @ deviation[lag:]) / variance
        if rho <= chance:
            break
        tau += 2 * rho
    return tau


def _edge_us(slots: Int64s) -> Float64s:
    """Where a slot begins; the one after the last begins where the last ends."""
    last = np.minimum(slots, SLOTS - 1)
    edges: Float64s = (SLOT_LOW_US[last] + (slots - last) * SLOT_WIDTH_US[last]).astype(np.float64)
    return edges


def _inside(slots: Int64s, cumulative: Int64s, rank: float) -> float:
    place = min(len(slots) - 1, int(cumulative.searchsorted(rank)))
    slot = slots[place]
    start, end = int(slots.searchsorted(slot)), int(slots.searchsorted(slot, side="right"))
    before = float(cumulative[start - 1]) if start else 0.0
    share = (rank - before) / max(float(cumulative[end - 1]) - before, 1e-9)
    return float(SLOT_LOW_US[slot]) + min(1.0, max(0.0, share)) * float(SLOT_WIDTH_US[slot])
