"""Two kinds of answers in one distribution: two peaks on a logarithmic axis with a valley between."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Sequence

from msgspec import Struct

from perftui.analysis.course import Course
from perftui.metrics.series import IntervalView
from perftui.metrics.sparse import Sparse
from perftui.model.record import Finding
from perftui.model.units import format_ms, format_percent

_STEP = math.log(1.2)
_LEAST_SHARE = 0.1
_VALLEY = 0.35
"""Height of the valley, of the lower peak."""
_APART = 2.0
_APART_MS, _APART_LAGS = 5.0, 3.0
_FEWEST_VALUES = 100


class Modes(Struct, frozen=True):
    """Two peaks: where they are (ms), and the share of values around the higher one."""

    low_ms: float
    high_ms: float
    high_share: float


def bimodal(course: Course) -> Iterator[Finding]:
    """An operation that is quick or slow and hardly anything between, in both halves of the run."""
    if not course.is_steady:
        return
    half = len(course.measured) // 2
    apart_ms = max(_APART_MS, _APART_LAGS * _usual_lag_ms(course))
    for operation in course.plan.counted_operations:
        found = [modes_of(_times(views, operation.name)) for views in (course.measured[:half], course.measured[half:])]
        first, second = found
        if (
            first is None
            or second is None
            or second.high_ms - second.low_ms < apart_ms
            or not 0.7 < first.high_ms / second.high_ms < 1.4
        ):
            continue
        where = f"{operation.name}: " if len(course.plan.counted_operations) > 1 else ""
        share = (first.high_share + second.high_share) / 2
        detail = (
            f"{where}two kinds of answers: {format_percent(1 - share)} around {format_ms(second.low_ms)} ms, "
            f"{format_percent(share)} around {format_ms(second.high_ms)} ms: "
            "a cache that misses, a slow branch, or one slow instance behind a balancer?"
        )
        yield Finding(code="bimodal", detail=detail)


def _usual_lag_ms(course: Course) -> float:
    """What the generator itself is held up for in a usual second: such times are not the target's."""
    lags = [max((one.loop_lag_max_ms for one in view.interval.workers), default=0.0) for view in course.measured]
    return statistics.median(lags) if lags else 0.0


def _times(views: Sequence[IntervalView], operation: str) -> Sparse:
    return Sparse.merged([view.histogram("service_time", operation) for view in views])


def modes_of(times: Sparse) -> Modes | None:
    """The two peaks of a distribution; None when it has one, or is too small to say."""
    if times.total < _FEWEST_VALUES:
        return None
    low_us, high_us = times.quantiles_us((0.005, 0.995))
    count = math.ceil(math.log(max(1.0, high_us) / max(1.0, low_us)) / _STEP) + 3
    if count < 6:
        return None
    start = math.log(max(1.0, low_us)) - 2 * _STEP
    bounds = [math.exp(start + _STEP * place) for place in range(count + 3)]
    bars = times.count_between(bounds)
    smooth = [sum(bars[max(0, at - 1) : at + 2]) + bars[at] for at in range(len(bars))]
    peaks = [at for at in range(1, len(smooth) - 1) if smooth[at] >= smooth[at - 1] and smooth[at] > smooth[at + 1]]
    best: Modes | None = None
    for position, left in enumerate(peaks):
        for right in peaks[position + 1 :]:
            valley = min(range(left, right + 1), key=smooth.__getitem__)
            share = sum(bars[valley:]) / sum(bars)
            apart = math.exp(_STEP * (right - left))
            deep = smooth[valley] <= _VALLEY * min(smooth[left], smooth[right])
            if deep and apart >= _APART and _LEAST_SHARE <= share <= 1 - _LEAST_SHARE:
                best = Modes(_middle_ms(bounds, left), _middle_ms(bounds, right), share)
    return best


def _middle_ms(bounds: Sequence[float], bar: int) -> float:
    return math.sqrt(bounds[bar] * bounds[bar + 1]) / 1e3
