"""Times and throughput: the change of a logarithm between two sets of rounds, its interval, its verdict.

With at least three rounds on both sides, the spread between rounds says how sure the change is. With fewer, the error
within each round does (block bootstrap), and a run-to-run spread is added: that of saved runs of the same kind, or an
assumed one. A change counts when it is both sure and large; no difference is only said when it was shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from perftui.analysis.blocks import Estimate
from perftui.analysis.student import t_quantile
from perftui.model.comparison import EQUIVALENCE_CONFIDENCE, ComparisonVerdict

ASSUMED_SPREAD = {"p50": 0.03, "mean": 0.03, "p75": 0.05, "p90": 0.05, "p95": 0.05, "p99": 0.10, "p99_9": 0.20}
"""Run-to-run standard deviation of a logarithm when nothing is known; throughput has that of p50."""
ASSUMED_DF = 20.0
"""How well an assumption is known: as if it came from twenty-one runs."""
FEWEST_ROUNDS = 3
FEWEST_SECONDS = 3
"""Of a single round that decides anything."""
WORTH_SAYING = 0.02
"""Of a change, from which on it is said that so much may be the generator's."""
EQUIVALENCE_ALPHA = (1 - EQUIVALENCE_CONFIDENCE) / 2
"""Of each of the two one-sided tests that show equivalence. It is not shared out over metrics: for the verdict that
nothing differs, every one of them must pass."""
_NOTHING_TOLD = math.log(3)
_MOST_ROUNDS = 50
_POWER_Z = 0.84
"""Of a normal distribution: a chance of 80 % to find what is there."""


class Spread(NamedTuple):
    """How far the logarithm of a metric lies apart from run to run."""

    value: float
    df: float
    assumed: bool


class LogChange(NamedTuple):
    """A change of logarithms: positive is larger in the run."""

    change: float
    low: float
    high: float
    verdict: ComparisonVerdict
    reason: str
    equivalence: tuple[float, float] | None = None
    """Of `no_difference` that the interval does not show: the ends of the narrower one that does."""


def log_change(
    before: Sequence[Estimate], after: Sequence[Estimate], *, confidence: float, margin: float, worse: int,
    spread: Spread, floor: float = 0.0, reach: tuple[float, float] = (0.0, 0.0),
) -> LogChange:  # fmt: skip
    """Compare two sets of rounds.

    Args:
        before: Estimates of the baseline's rounds, at least one.
        after: Estimates of the run's rounds, at least one.
        confidence: Of the interval, such as 0.99.
        margin: Change of the logarithm from which on it matters.
        worse: 1 when larger is worse, -1 when smaller is.
        spread: Run-to-run spread for fewer than three rounds.
        floor: Change of the logarithm below which nothing matters, however sure (0: none).
        reach: By how much the generators alone may have moved the logarithm: up, and down. Times go up where the run's
            was later, throughput goes down.
    """
    rounds = len(before), len(after)
    change = _mean(after) - _mean(before)
    by_rounds = min(rounds) >= FEWEST_ROUNDS
    error, df, pooled = _error(before, after, spread, by_rounds=by_rounds)
    if not math.isfinite(error):
        return LogChange(change, -math.inf, math.inf, "inconclusive", f"at least {FEWEST_SECONDS} s needed")
    t = t_quantile(1 - (1 - confidence) / 2, df)
    low, high = change - t * error - reach[0], change + t * error + reach[1]
    equal = t_quantile(1 - EQUIVALENCE_ALPHA, df) * error
    likely = change - equal - reach[0], change + equal + reach[1]
    verdict, reason, decided_by = _verdict(change, (low, high), likely, max(margin, floor), worse)
    if min(estimate.blocks * estimate.block_s for estimate in (*before, *after)) < FEWEST_SECONDS and not by_rounds:
        return LogChange(change, low, high, "inconclusive", f"at least {FEWEST_SECONDS} s needed")
    if verdict == "inconclusive":
        reason = _what_would_do((t + _POWER_Z) * error, (t + _POWER_Z) * pooled, margin)
    reason = "; ".join(filter(None, (_generators_part(*(reach if worse > 0 else reversed(reach))), reason)))
    if not by_rounds and spread.assumed:
        note = "single round" if max(rounds) == 1 else "fewer than 3 rounds"
        reason = "; ".join(filter(None, (reason, f"{note}: run-to-run noise of {spread.value * 100:.0f} % assumed")))
    return LogChange(change, low, high, verdict, reason, decided_by)


def _generators_part(of_run: float, of_baseline: float) -> str:
    """How much of the change may be the generators' doing, where that is worth saying."""
    larger, side = (of_run, "run") if of_run >= of_baseline else (of_baseline, "baseline")
    if larger < WORTH_SAYING:
        return ""
    if not math.isfinite(larger):
        return f"all of it may be the generator's, which was later in the {side}"
    return f"{math.expm1(larger) * 100:.0f} % may be the generator's, which was later in the {side}"


def _what_would_do(smallest: float, of_one_round: float, margin: float) -> str:
    """What could have been told with these rounds, and how many would be needed."""
    needed = max(FEWEST_ROUNDS, math.ceil(2 * (of_one_round / margin) ** 2))
    if smallest > _NOTHING_TOLD or needed > _MOST_ROUNDS:
        return "too noisy to tell any change"
    told = f"changes below {math.expm1(smallest) * 100:.0f} % cannot be told from noise"
    return f"{told}; about {needed} rounds of each would do"


def _mean(estimates: Sequence[Estimate]) -> float:
    return sum(estimate.log_value for estimate in estimates) / len(estimates)


def _error(
    before: Sequence[Estimate], after: Sequence[Estimate], spread: Spread, *, by_rounds: bool
) -> tuple[float, float, float]:
    """Standard error of the change, its degrees of freedom, and the spread of single rounds."""
    parts = [(sum(e.error**2 for e in side) / len(side) ** 2, side) for side in (before, after)]
    within = sum(variance for variance, _ in parts)
    counts = 1 / len(before) + 1 / len(after)
    if by_rounds:
        df = float(len(before) + len(after) - 2)
        pooled = math.sqrt((_squares(before) + _squares(after)) / df)
        return max(pooled * math.sqrt(counts), math.sqrt(within)), df, pooled
    between = spread.value**2 * counts
    # Welch and Satterthwaite: each part of the variance weighs with how well it is known
    uncertain = sum(variance**2 / max(1, sum(e.blocks - 1 for e in side)) for variance, side in parts)
    uncertain += between**2 / spread.df
    whole = within + between
    df = whole**2 / uncertain if uncertain > 0 else math.inf
    return math.sqrt(whole), df, math.sqrt(spread.value**2 + within / counts)


def _squares(side: Sequence[Estimate]) -> float:
    mean = _mean(side)
    return sum((estimate.log_value - mean) ** 2 for estimate in side)


def _verdict(
    change: float, sure: tuple[float, float], likely: tuple[float, float], margin: float, worse: int
) -> tuple[ComparisonVerdict, str, tuple[float, float] | None]:
    """What is decided, why, and by which interval where it is not the reported one."""
    low, high = sure
    loss, least, most = (change, low, high) if worse > 0 else (-change, -high, -low)
    if least > 0 and loss >= margin:
        return "regression", "", None
    if most < 0 and loss <= -margin:
        return "improvement", "", None
    if -margin < likely[0] and likely[1] < margin:
        if least > 0 or most < 0:
            return "no_difference", f"small: {math.expm1(change) * 100:+.1f} %, below the threshold", None
        return "no_difference", "", None if -margin < low and high < margin else likely
    return "inconclusive", "", None
