"""Shares (error rate, attained) with their uncertainty: Wilson limits, Newcombe's difference, clustered counts.

Failures come in bursts: they are no independent trials. The variance between blocks of time, and between rounds, over
that of independent trials says by how much; the number of trials is divided by it before any limit is computed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from perftui.metrics.histogram import Float64s


class Share(NamedTuple):
    """Hits of trials, and by how much they are clustered."""

    hits: int
    trials: int
    clustering: float = 1.0

    @property
    def p(self) -> float:
        """The share; 0 without trials."""
        return self.hits / self.trials if self.trials else 0.0

    @property
    def effective(self) -> float:
        """Independent trials that would say as much."""
        return self.trials / self.clustering


def share_of(rounds: Sequence[tuple[Float64s, Float64s]]) -> Share:
    """The share in some rounds, each given as hits and trials per block of time."""
    hits = sum(float(held.sum()) for held, _ in rounds)
    trials = sum(float(held.sum()) for _, held in rounds)
    if not trials or hits in {0.0, trials}:
        return Share(int(hits), int(trials))
    p = hits / trials
    blocks = np.concatenate([held for held, _ in rounds]), np.concatenate([held for _, held in rounds])
    clustering = max(1.0, _dispersion(*blocks, p))
    if len(rounds) > 1:
        of_rounds = np.array([held.sum() for held, _ in rounds]), np.array([held.sum() for _, held in rounds])
        clustering = max(clustering, _dispersion(*of_rounds, p))
    return Share(int(hits), int(trials), clustering)


def _dispersion(hits: Float64s, trials: Float64s, p: float) -> float:
    used = trials > 0
    if used.sum() < 2:
        return 1.0
    hits, trials = hits[used], trials[used]
    return float(((hits - trials * p) ** 2 / (trials * p * (1 - p))).sum() / (len(trials) - 1))


def wilson(share: Share, z: float) -> tuple[float, float]:
    """Limits of a share; the whole range without trials."""
    n = share.effective
    if n <= 0:
        return 0.0, 1.0
    p, zz = share.p, z * z
    middle = p + zz / (2 * n)
    half = z * math.sqrt(p * (1 - p) / n + zz / (4 * n * n))
    scale = 1 + zz / n
    return max(0.0, (middle - half) / scale), min(1.0, (middle + half) / scale)


def newcombe(before: Share, after: Share, z: float) -> tuple[float, float, float]:
    """Difference after - before, and its limits."""
    (low_a, high_a), (low_b, high_b) = wilson(before, z), wilson(after, z)
    difference = after.p - before.p
    low = difference - math.hypot(after.p - low_b, high_a - before.p)
    high = difference + math.hypot(high_b - after.p, before.p - low_a)
    return difference, low, high
