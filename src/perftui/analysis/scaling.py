"""The universal scalability law fitted to throughput at several levels, with intervals by resampling seconds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from perftui.analysis.objectives import worst
from perftui.metrics.histogram import Float64s
from perftui.model.record import Verdict
from perftui.model.scaling import Estimate, Of, Scaling, ScalingLevel

TARGET, CRITICAL = 0.70, 0.50
"""Efficiency that is wanted, and that fails when it is missed."""
FEWEST_LEVELS = 3
_SAMPLES = 400
_SEED = 7
_BLOCK_S = 2
"""Neighbouring seconds are alike: they are resampled together."""


class Observed(NamedTuple):
    """One level as it was measured."""

    level: float
    per_second: Sequence[float]
    """Throughput of each second."""
    p95_ms: float = 0.0
    error_rate: float = 0.0
    run_id: str = ""


class Law(NamedTuple):
    """A fitted law."""

    first: float
    contention: float
    coherency: float

    def throughput(self, level: float) -> float:
        """At a level."""
        return self.first * level / (1 + self.contention * (level - 1) + self.coherency * level * (level - 1))

    @property
    def peak(self) -> float:
        """The level of the highest throughput; infinite when it only grows."""
        return math.sqrt(max(0.0, 1 - self.contention) / self.coherency) if self.coherency > 0 else math.inf


def fit(levels: Sequence[float], throughput: Sequence[float]) -> Law:
    """The law with the least relative error; neither cost is below nothing.

    Level over throughput is linear in the parameters, so least squares find them without a start value.
    """
    at, measured = np.array(levels, dtype=float), np.array(throughput, dtype=float)
    columns = np.column_stack([np.ones_like(at), at - 1, at * (at - 1)])
    wanted = at / measured
    weights = 1 / wanted  # an error of one per cent weighs the same everywhere
    best: tuple[float, Float64s] | None = None
    for chosen in ((0, 1, 2), (0, 1), (0, 2), (0,)):
        part = columns[:, chosen] * weights[:, None]
        found, *_ = np.linalg.lstsq(part, wanted * weights, rcond=None)
        if (found[1:] < 0).any() or found[0] <= 0:
            continue
        residual = float(((part @ found - wanted * weights) ** 2).sum())
        if best is None or residual < best[0] * (1 - 1e-9):
            whole = np.zeros(3)
            whole[list(chosen)] = found
            best = (residual, whole)
    assert best is not None  # a constant alone always fits
    cost, contention, coherency = (float(each) for each in best[1])
    return Law(1 / cost, contention / cost, coherency / cost)


def scaling_of(of: Of, observed: Sequence[Observed]) -> Scaling:
    """Efficiency of each level, and the law with its intervals where there are levels enough."""
    means = [float(np.mean(one.per_second)) if len(one.per_second) else 0.0 for one in observed]
    fits = len({one.level for one in observed}) >= FEWEST_LEVELS and all(mean > 0 for mean in means)
    law = fit([one.level for one in observed], means) if fits else None
    unit = means[0] / observed[0].level if means and means[0] else 0.0
    pairs = zip(observed, means, strict=True)
    levels = tuple(_level(one, mean, mean / one.level / unit if unit else 0.0, law) for one, mean in pairs)
    verdict = worst(level.verdict for level in levels)
    if law is None:
        return Scaling(of=of, levels=levels, verdict=verdict)
    samples = _resampled(observed)
    peak = _estimate(law.peak, [sample.peak for sample in samples]) if math.isfinite(law.peak) else None
    return Scaling(
        of=of,
        levels=levels,
        contention=_estimate(law.contention, [sample.contention for sample in samples]),
        coherency=_estimate(law.coherency, [sample.coherency for sample in samples]),
        peak=peak,
        peak_per_s=law.throughput(law.peak) if peak else None,
        verdict=verdict,
    )


def _level(one: Observed, mean: float, efficiency: float, law: Law | None) -> ScalingLevel:
    verdict: Verdict = "pass" if efficiency > TARGET else "warn" if efficiency > CRITICAL else "fail"
    return ScalingLevel(
        level=one.level,
        throughput_per_s=mean,
        efficiency=efficiency,
        p95_ms=one.p95_ms,
        error_rate=one.error_rate,
        predicted_per_s=law.throughput(one.level) if law else None,
        verdict=verdict,
        run_id=one.run_id,
    )


def _resampled(observed: Sequence[Observed]) -> list[Law]:
    """Laws of seconds drawn anew, in blocks, from each level."""
    random = np.random.default_rng(_SEED)
    levels = [one.level for one in observed]
    drawn = [_drawn_means(np.array(one.per_second, dtype=float), random) for one in observed]
    return [fit(levels, means) for means in zip(*drawn, strict=True) if min(means) > 0]


def _drawn_means(seconds: Float64s, random: np.random.Generator) -> list[float]:
    # one block, or two, would say nothing about how seconds vary
    size = _BLOCK_S if len(seconds) >= 3 * _BLOCK_S else 1
    blocks = np.array([seconds[start : start + size].mean() for start in range(len(seconds) - size + 1)])
    count = max(1, len(seconds) // size)
    # so few blocks vary less among themselves than the mean of so many would: the usual correction
    spread = math.sqrt(count / (count - 1)) if count > 1 else 1.0
    means = blocks[random.integers(0, len(blocks), (_SAMPLES, count))].mean(axis=1)
    return [float(mean) for mean in seconds.mean() + (means - seconds.mean()) * spread]


def _estimate(value: float, samples: Sequence[float]) -> Estimate:
    finite = [sample for sample in samples if math.isfinite(sample)] or [value]
    low, high = np.quantile(finite, (0.025, 0.975))
    return Estimate(value=value, low=min(value, float(low)), high=max(value, float(high)))
