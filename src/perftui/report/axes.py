"""Round ends of axes, and points that stand for many: one meaning of both for every chart. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from perftui.model.units import format_clock

ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
QUARTERED = (1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0)
"""Those whose quarters are round as well."""
_CLOCK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400)


def round_up(value: float, steps: Sequence[float] = ROUND) -> float:
    """The next round number at or above a value, so that an axis does not move with every point; 1 for none."""
    if value <= 0:
        return 1.0
    scale = 10.0 ** math.floor(math.log10(value))
    return next((step * scale for step in steps if value <= step * scale * (1 + 1e-9)), 10.0 * scale)


def extremes(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The lowest and the highest of neighbouring points, in their order: no spike is lost."""
    return sorted({min(points, key=lambda point: point[1]), max(points, key=lambda point: point[1])})


def clock_ticks(low_s: float, high_s: float) -> list[tuple[float, str]]:
    """Round moments and how a clock shows them, six at most."""
    step = next((step for step in _CLOCK_STEPS if (high_s - low_s) / step <= 6), _CLOCK_STEPS[-1])
    first = math.ceil(low_s / step)
    return [(at * step, format_clock(at * step)) for at in range(first, math.floor(high_s / step) + 1)]
