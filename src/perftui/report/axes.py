"""Round ends of axes, and points that stand for many: one meaning of both for every chart. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

ROUND = (1.0, 1.2, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0)
QUARTERED = (1.0, 1.2, 1.6, 2.0, 2.4, 3.2, 4.0, 6.0, 8.0, 10.0)
"""Those whose quarters are round as well."""


def round_up(value: float, steps: Sequence[float] = ROUND) -> float:
    """The next round number at or above a value, so that an axis does not move with every point; 1 for none."""
    if value <= 0:
        return 1.0
    scale = 10.0 ** math.floor(math.log10(value))
    return next((step * scale for step in steps if value <= step * scale * (1 + 1e-9)), 10.0 * scale)


def extremes(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """The lowest and the highest of neighbouring points, in their order: no spike is lost."""
    return sorted({min(points, key=lambda point: point[1]), max(points, key=lambda point: point[1])})
