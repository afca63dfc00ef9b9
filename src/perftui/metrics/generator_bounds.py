"""How much the generator may have added to a number: the interval that holds the target's own.

The generator can only add time. A measured service time is S = T + W + c: the target's true one, how late the worker's
loop got to the finished answer, and what its code takes between the clock and the socket, C at most. For every d >= 0
an answer within x is either measured within x + d + C, or its W was above d:

    P(T <= x) <= P(S <= x + d + C) + P(W > d)

So with quantiles Q

    lower(q) = max over d of  Q_S(q - P(W > d)) - d - C        upper(q) = Q_R(q)

where R, the response time, holds late starts as well (users mode has none: R = S). Nothing is said about how T and W
depend on each other; W is what a timer of the worker's own loop noted (engine/worker/lag.py).

How wide that is (ms; 40 and 25 runs of 6 s at 200/s whose processes came first on two busy cores, against a server that
knows its own times; `tests/benchmarks/bounds.py inside` makes such tables):

                          p50: median  widest    p95: median  widest    p99: median  widest    all three sound
    answers of 20 ms             0.29    0.35           0.35    0.45           0.44    1.27           40 of 40
    answers of 0.3 ms            0.27    0.29           0.32    0.40           0.58    1.06           24 of 25

Every true p50, p95 and p99 lay inside. With 5 % for p99, too, 37 of 40 earlier ones were valid.

As ordinary processes of an idle virtual machine, where its host took less than 1 % of it: 61 of 62 runs of 20 ms were
valid, and 19 of 28 of 0.3 ms, whose p99 was 0.5 to 1.2 ms wide, twice 2; where it took more, 21 of 38 and 1 of 11. All
inside.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from perftui.metrics.histogram import SLOT_LOW_US, SLOT_WIDTH_US, Float64s
from perftui.metrics.sparse import Sparse
from perftui.model.interval import NumberVerdict
from perftui.model.record import Bound, LatencyStats
from perftui.model.units import ms_of, to_digits

QUANTILES: dict[str, float] = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
OWN_CODE_US = 100
"""What the worker's code takes from the clock to the socket and back: a timer sees how late the loop is, not what an
answer costs. Without it the true median of 20 ms was missed by up to 0.02 ms in half of the quiet runs, and a p95 of
6 ms by 0.08 ms in one of six."""
SOUND = (0.05, 0.6)
"""A number is sound up to this share of it, or so many ms, whichever is more: half a millisecond, and OWN_CODE_US,
which every interval holds. Without that, a p95 of 0.3 ms was sound in 20 of 28 quiet runs, with it in 28."""
SOUND_TAIL = (0.10, 1.0)
"""The same for p99 and p99_9. What one answer in a hundred takes differs by 10 % from run to run of the same target
(analysis/log_change.py assumes that): 3 of 40 quiet runs had a p99 more than 5 % wide, for one late second is enough.
And once a second the worker packs what it measured, for a millisecond: of a target that answers in less, that is what
one answer in a hundred waits for. Objectives are judged more strictly: analysis/settled.py."""
TAIL = frozenset({"p99", "p99_9"})
BLURRED = (0.25, 2.0)
_MOST_STEPS = 512
"""Values of d that are tried. Leaving some out widens the interval, and never makes it wrong."""


class Generator(NamedTuple):
    """What the generator did while something was measured."""

    lag: Sparse
    """How late its loop was; empty: not known, as in runs of older versions."""
    is_limit: bool = False
    """It was busy all the time and nobody told it to go slower: its own speed is what was measured."""


class Excess(NamedTuple):
    """Time that was added, as a step function: with probability `beyond` more than `steps`, in us."""

    steps_us: Float64s
    beyond: Float64s

    @property
    def mean_us(self) -> float:
        """How much it is on average."""
        return float((np.diff(self.steps_us) * self.beyond[:-1]).sum() + self.steps_us[0])

    @classmethod
    def of(cls, added: Sparse) -> Excess:
        """Of a histogram: the upper ends of its slots, for each of which it is exact what lies beyond."""
        ends = np.minimum(SLOT_LOW_US[added.slots] + SLOT_WIDTH_US[added.slots], added.max_us + 1).astype(np.float64)
        beyond = 1 - added.counts.cumsum() / added.total
        if len(ends) > _MOST_STEPS:
            kept = np.unique(np.linspace(0, len(ends) - 1, _MOST_STEPS).round().astype(np.int64))
            ends, beyond = ends[kept], beyond[kept]
        return cls(ends, beyond)


def lower_us(service: Sparse, lag: Sparse, qs: Sequence[float]) -> list[float]:
    """What the quantiles of the target's own times are at least, in us; zeros where nothing is known."""
    if not service.total or not lag.total:
        return [0.0] * len(qs)
    added = Excess.of(lag)
    ranks = np.ceil((np.asarray(qs)[:, None] - added.beyond[None, :]) * service.total - 1e-9)
    cumulative = service.counts.cumsum()
    places = np.minimum(cumulative.searchsorted(np.maximum(ranks, 1)), len(service.slots) - 1)
    values = np.maximum(SLOT_LOW_US[service.slots[places]], service.min_us)
    found = np.where(ranks >= 1, values - added.steps_us[None, :] - OWN_CODE_US, 0.0)
    return [float(value) for value in np.maximum(found.max(axis=1), 0.0)]


def bounds(stats: LatencyStats, service: Sparse, generator: Generator) -> dict[str, Bound]:
    """The interval of every percentile and of the mean, by name; empty where nothing is known.

    Args:
        stats: the times as shown, whose values are the upper ends.
        service: the service times of the same requests.
        generator: what it did meanwhile.
    """
    if not stats.count or not service.total or not generator.lag.total:
        return {}
    lowers = dict(zip(QUANTILES, lower_us(service, generator.lag, tuple(QUANTILES.values())), strict=True))
    mean_lag_us = generator.lag.sum_us / generator.lag.total + 1 + OWN_CODE_US
    lowers["mean"] = max(0.0, service.sum_us / service.total - mean_lag_us)
    return {
        name: _bound(name, ms_of(lower), float(getattr(stats, name)), is_limit=generator.is_limit)
        for name, lower in lowers.items()
    }


def _bound(name: str, lower_ms: float, upper_ms: float, *, is_limit: bool) -> Bound:
    # slots are 0.1 % wide: the middle of one may lie above the exact least value of another
    lower_ms = min(lower_ms, upper_ms)
    verdict: NumberVerdict = "unusable" if is_limit else number_verdict(name, lower_ms, upper_ms)
    share = to_digits(1 - lower_ms / upper_ms) if upper_ms > 0 else 0.0
    return Bound(lower=lower_ms, upper=upper_ms, share=share, verdict=verdict)


def number_verdict(name: str, lower_ms: float, upper_ms: float) -> NumberVerdict:
    """What a number is worth whose true value lies between these.

    Args:
        name: p50 to p99_9, mean.
        lower_ms: The least that it can be.
        upper_ms: As measured.
    """
    width = upper_ms - lower_ms
    limits: dict[NumberVerdict, tuple[float, float]] = {
        "sound": SOUND_TAIL if name in TAIL else SOUND,
        "blurred": BLURRED,
    }
    for verdict, (share, least_ms) in limits.items():
        if width <= max(share * upper_ms, least_ms):
            return verdict
    return "unusable"


def comonotone(parts: Sequence[Sparse], points: int = 400) -> Float64s:
    """The sum of several kinds of delay, as values at evenly spread ranks: the largest of one with those of the others.

    Args:
        parts: start delays, loop lag; empty ones add nothing.
        points: how many ranks.
    """
    ranks = ((np.arange(points) + 0.5) / points).tolist()
    total = np.zeros(points)
    for part in parts:
        if part.total:
            total += np.asarray(part.quantiles_us(ranks))
    return total


def excess(own_us: Float64s, other_us: Float64s) -> Excess:
    """What one generator added beyond what the other did, rank by rank."""
    more = np.sort(np.maximum(0.0, own_us - other_us))
    beyond = 1 - np.searchsorted(more, more, side="right") / len(more)
    return Excess(np.append(0.0, more), np.append((more > 0).mean(), beyond))
