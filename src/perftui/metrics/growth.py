"""How something grows: the median of all slopes (Theil and Sen), which no single outlier moves, with its interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from perftui.model.record import Growth

FEWEST_SECONDS = 10.0
"""Of a shorter watch nothing is said: a process that has just begun to work takes memory without leaking."""
_MOST_POINTS = 200
"""20,000 pairs, sorted in a millisecond or two; more points are thinned evenly."""
_Z = 1.96
_HOUR_S = 3600.0


def growth_of(points: Sequence[tuple[float, float]]) -> Growth | None:
    """The slope of a series of seconds and values, per hour, at 95 %; None when it is too short to say.

    The interval is Sen's: the ranks of the slopes that Kendall's statistic allows.
    """
    if len(points) < 2 or points[-1][0] - points[0][0] < FEWEST_SECONDS:
        return None
    step = -(-len(points) // _MOST_POINTS)
    at_s, values = (np.array(axis, dtype=float) for axis in zip(*points[::step], strict=True))
    count = len(at_s)
    first, second = np.triu_indices(count, 1)
    apart_s = at_s[second] - at_s[first]
    slopes = np.sort((values[second] - values[first])[apart_s > 0] / apart_s[apart_s > 0])
    if not len(slopes):
        return None
    # neighbouring seconds are alike: so many points tell less than as many independent ones
    spread = _Z * math.sqrt(
        count * (count - 1) * (2 * count + 5) / 18 * _inflation(at_s, values, float(np.median(slopes)))
    )
    low = int(max(0, (len(slopes) - spread) // 2))
    high = int(min(len(slopes) - 1, math.ceil((len(slopes) + spread) / 2)))
    return Growth(
        per_hour=round(float(np.median(slopes)) * _HOUR_S, 1),
        low=round(float(slopes[low]) * _HOUR_S, 1),
        high=round(float(slopes[high]) * _HOUR_S, 1),
        seconds=float(points[-1][0] - points[0][0]),
    )


def _inflation(
    at_s: np.ndarray[tuple[int], np.dtype[np.float64]],
    values: np.ndarray[tuple[int], np.dtype[np.float64]],
    slope: float,
) -> float:
    """How much wider correlation from one second to the next makes the interval; 1 without any."""
    rest = values - slope * at_s
    rest = rest - rest.mean()
    whole = float((rest * rest).sum())
    if whole <= 0:
        return 1.0
    correlation = min(0.9, max(0.0, float((rest[1:] * rest[:-1]).sum()) / whole))
    return (1 + correlation) / (1 - correlation)
