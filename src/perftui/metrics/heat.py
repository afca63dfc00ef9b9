"""A heat map of times: columns of time by rows of a logarithmic axis, and how many answers lie in each place.

Screens and reports draw the same one. Its ends are round numbers and its levels steps of a logarithm, so that a picture
that grows changes only where something was added.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from perftui.metrics.density import BINS, BINS_PER_DECADE, EDGES_US, LOWEST_US, Density, added_up, quantiles_us
from perftui.metrics.histogram import Float64s

LEVELS = 8
"""Steps of brightness; 0 is no answer at all."""
LINES: tuple[tuple[str, float, int], ...] = (("p50", 0.5, 1), ("p95", 0.95, 20), ("p99", 0.99, 100))
"""Percentiles that are drawn over the map, and how many answers a column needs for one to lie above it."""
_ENDS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0)
_LEAST_RATIO = 4.0
_MARGIN = 1.1
_QUICKEST = 0.01
"""Share of the answers of a column that may lie below the axis: they are counted in its lowest row."""
_LEAST_TOP = 4.0
_HALF = 0.5
"""Of one answer: what is less in a row belongs to its neighbour."""

Interval = tuple[float, float, Density]
"""Start and length in seconds, and the density of the answers (metrics/density.py)."""


@dataclass(frozen=True, slots=True)
class Column:
    """What was answered in the time of one column."""

    seconds: float
    density: Float64s

    def lines_us(self) -> dict[str, float]:
        """The percentiles of LINES that it has answers enough for."""
        count = self.density.sum()
        times = quantiles_us(self.density, [q for _, q, _ in LINES])
        return {name: time for (name, _, least), time in zip(LINES, times, strict=True) if count >= least}


@dataclass(frozen=True, slots=True)
class HeatMap:
    """Levels by column and row; row 0 is the quickest."""

    low_us: float
    high_us: float
    rows: int
    columns: Sequence[Column | None]
    levels: Sequence[Sequence[int]]
    """Per column one level per row; empty where nothing was answered."""
    top_per_s: float
    """Answers per second that the highest level stands for."""

    def row_of(self, time_us: float) -> float:
        """Where a time lies, in rows from the lower end; outside of the map below 0 or from `rows` on."""
        if time_us <= 0:
            return -1.0
        return math.log(time_us / self.low_us) / math.log(self.high_us / self.low_us) * self.rows


def columns_of(intervals: Sequence[Interval], start_s: float, end_s: float, width: int) -> list[Column | None]:
    """What lies in each of `width` columns: intervals add up in a wide one, and fill several narrow ones."""
    seconds = [0.0] * max(0, width)
    held: list[list[Density]] = [[] for _ in seconds]
    per_s = width / (end_s - start_s) if end_s > start_s else 0.0
    for at_s, duration_s, density in intervals:
        first = math.floor((at_s - start_s) * per_s + 1e-9)
        cells = duration_s * per_s
        if cells > 1:
            last = math.ceil((at_s + duration_s - start_s) * per_s - 1e-6)
            for place in range(max(0, first), min(width, last)):
                seconds[place], held[place] = duration_s, [density]
        elif 0 <= first < width:
            seconds[first] += duration_s
            held[first].append(density)
    return [
        Column(length_s, added_up(densities)) if densities else None
        for length_s, densities in zip(seconds, held, strict=True)
    ]


def heat_map(columns: Sequence[Column | None], rows: int, *, shown_us: float = 0.0) -> HeatMap | None:
    """The map of these columns; None while nothing was answered.

    Args:
        columns: from `columns_of`.
        rows: of the map.
        shown_us: a time that should lie on the axis, such as an objective's, unless that is far beyond all others.
    """
    answered = [column for column in columns if column is not None and _has_answers(column)]
    if not answered or rows <= 0:
        return None
    low_us, high_us = _ends(answered, shown_us)
    edges = low_us * (high_us / low_us) ** (np.arange(rows + 1) / rows)
    edges[0], edges[-1] = EDGES_US[0], EDGES_US[-1]
    counts = _by_row(np.array([column.density for column in answered]), edges)
    rates = counts / np.array([[column.seconds or 1.0] for column in answered])
    top = max(_LEAST_TOP, 2.0 ** math.ceil(math.log2(max(float(rates.max()), 1.0)) - 1e-9))
    steps = np.ceil(np.log1p(rates) / math.log1p(top) * LEVELS - 1e-9)
    found = iter(np.where(counts >= _HALF, np.clip(steps, 1, LEVELS), 0).astype(int).tolist())
    levels: list[list[int]] = [next(found) if _has_answers(column) else [] for column in columns]
    return HeatMap(low_us, high_us, rows, columns, levels, top)


def _has_answers(column: Column | None) -> bool:
    return column is not None and bool(column.density.any())


def _ends(answered: Sequence[Column], shown_us: float) -> tuple[float, float]:
    """Round numbers below the quick answers and above the slowest."""
    low = min(quantiles_us(column.density, (_QUICKEST,))[0] for column in answered)
    last = max(int(np.nonzero(column.density)[0][-1]) for column in answered)
    high = float(EDGES_US[last + 1])
    if low / 4 <= shown_us <= high * 4 and shown_us:
        low, high = min(low, shown_us), max(high, shown_us)
    low = _round(low / _MARGIN, up=False)
    high = _round(max(high * _MARGIN, low * _LEAST_RATIO), up=True)
    return low, high


def _round(value: float, *, up: bool) -> float:
    scale = 10.0 ** math.floor(math.log10(value))
    if up:
        return next(step * scale for step in _ENDS if step * scale >= value * 0.9999)
    return next(step * scale for step in reversed(_ENDS) if step * scale <= value * 1.0001)


def _by_row(densities: Float64s, edges_us: Float64s) -> Float64s:
    """Answers by column and row; a bin across an edge is shared out, or rows of unlike bins would make stripes."""
    cumulative = np.zeros((len(densities), BINS + 1))
    densities.cumsum(axis=1, out=cumulative[:, 1:])
    places = np.clip(np.log10(edges_us / LOWEST_US) * BINS_PER_DECADE, 0, BINS)
    before = np.minimum(places.astype(int), BINS - 1)
    at_edges = cumulative[:, before] + (cumulative[:, before + 1] - cumulative[:, before]) * (places - before)
    by_row: Float64s = np.diff(at_edges, axis=1)
    return by_row


def tick_times(low_us: float, high_us: float, most: int) -> list[float]:
    """Round times between the ends, quickest first, at most so many: 1, 2, 5 of each decade, or fewer."""
    for steps in ((1.0, 2.0, 5.0), (1.0, 3.0), (1.0,)):
        found = []
        scale = 10.0 ** math.floor(math.log10(low_us))
        while scale <= high_us:
            found += [step * scale for step in steps if low_us * 0.999 <= step * scale <= high_us * 1.001]
            scale *= 10
        if len(found) <= most:
            return found
    return found[:: -(-len(found) // max(1, most))]


def time_label(time_us: float) -> str:
    """A round time of the axis, in ms below a second: `0.5`, `20`, `2 s`."""
    return f"{time_us / 1e6:g} s" if time_us >= 999_999 else f"{time_us / 1e3:g}"
