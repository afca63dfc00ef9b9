"""Rules that find a cause in the course of a run: when it was, what it cost, what to try. Each is a small function."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import pairwise

from perftui.analysis.course import Course, Stretch, classes_of
from perftui.metrics.failures import own_drops
from perftui.metrics.growth import growth_of
from perftui.metrics.series import IntervalView
from perftui.model.record import Finding
from perftui.model.units import format_bytes, format_clock, format_count, format_ms, format_percent

_DOWN = 0.9
"""Share of failed requests above which a second counts as an outage."""
_FEWEST_USUAL = 3
_STALLED = 4.0
"""p95 of a stalled second, of the usual one."""
_STALLED_MS = 20.0
_FEWEST_STALLS = 3
_REGULAR = 0.25
"""Deviation of the gaps between stalls, of their mean, up to which they are periodic."""
_KEPT_UP = 0.95
_AT_ONCE_MS = 2.0
"""Below it the generator's own work is too much of a service time to count places by it."""
_WAITS = 1.5
_RECONNECTS = 0.2
_FEWEST_CONNECTIONS = 20
_SETTLED_S = 2.0
_LEAK_BYTES = 10e6
_LEAK_SHARE = 0.1
_FEWEST_LEAKED = 20
_TRY = {
    "connect": "was it restarted, or full? see its log of that moment",
    "timeout": "it hung: look for locks, a full pool or a slow dependency at that moment",
    "http": "see its log of that moment",
}


def outages(course: Course) -> Iterator[Finding]:
    """Seconds in which nearly all failed, between or after seconds that did not."""
    down = course.stretches(_is_down)
    seconds = sum(len(stretch.views) for stretch in down)
    if not down or len(course.views) - seconds < _FEWEST_USUAL:
        return
    longest = max(down, key=_failed)
    classes = ", ".join(f"{name} {count:,}" for name, count in list(classes_of(longest.views).items())[:2])
    more = f" (and {len(down) - 1} more such stretches)" if len(down) > 1 else ""
    detail = (
        f"{longest.words} the target was down: {_failed(longest):,} requests lost ({classes}); "
        f"{_after(course, longest)}{more}; {_try(longest)}"
    )
    yield Finding(code="outage", detail=detail, severity="fail")


def _is_down(view: IntervalView) -> bool:
    failed = view.failed()
    return failed > 0 and failed >= _DOWN * (failed + view.counts().ok)


def _failed(stretch: Stretch) -> int:
    return sum(view.failed() for view in stretch.views)


def _unsent(view: IntervalView) -> int:
    return sum(own_drops(cell.error_classes) for cell in view.cells(""))


def _after(course: Course, stretch: Stretch) -> str:
    later = [view for view in course.views if view.interval.at_s >= stretch.end_s - 0.01]
    usual_ms = course.usual("service_time.p95", [view for view in course.measured if not _is_down(view)])
    for view in later:
        p95_ms = view.value("service_time.p95")
        if p95_ms is not None and usual_ms is not None and p95_ms <= 2 * usual_ms and not _is_down(view):
            after_s = round(max(0.0, view.interval.at_s - stretch.end_s))
            return f"normal again after {after_s} s" if after_s else "normal again at once"
    return "it did not recover" if not later else "not normal again by the end"


def _try(stretch: Stretch) -> str:
    first = next(iter(classes_of(stretch.views)), "")
    return _TRY.get(first.partition(".")[0], "see its log of that moment")


def stalls(course: Course) -> Iterator[Finding]:
    """Single seconds with times far above the usual, and whether they come at intervals."""
    usual_ms = course.usual("service_time.p95")
    if usual_ms is None or not course.is_steady or len(course.measured) < 2 * _FEWEST_STALLS:
        return
    limit_ms = max(_STALLED * usual_ms, usual_ms + _STALLED_MS)
    found = course.stretches(lambda view: _is_stalled(view, limit_ms))
    seconds = sum(len(stretch.views) for stretch in found)
    if not found or seconds > len(course.measured) / 2:
        return
    worst_ms = max(view.value("service_time.max") or 0.0 for stretch in found for view in stretch.views)
    gaps = [later.start_s - earlier.start_s for earlier, later in pairwise(found)]
    regular = len(found) >= _FEWEST_STALLS and statistics.pstdev(gaps) <= _REGULAR * statistics.fmean(gaps)
    times = f"answers took up to {format_ms(worst_ms)} ms instead of {format_ms(usual_ms)} (p95)"
    if regular:
        detail = (
            f"{found[0].words} and every {statistics.fmean(gaps):.0f} s from then on {times}: garbage collection, "
            "checkpoints or a job that runs by the clock?"
        )
        yield Finding(code="periodic_stalls", detail=detail)
    else:
        others = len(found) - 1
        more = f", and {'once' if others == 1 else f'{others} times'} more," if others else ""
        yield Finding(code="stall", detail=f"{found[0].words}{more} {times}: see its log of that moment")


def _is_stalled(view: IntervalView, limit_ms: float) -> bool:
    if view.interval.phase != "measure" or _is_down(view):
        return False
    held_up_ms = max((worker.loop_lag_max_ms for worker in view.interval.workers), default=0.0)
    p95_ms = view.value("service_time.p95")
    # what the generator itself was held up for is not the target's
    return p95_ms is not None and p95_ms - held_up_ms > limit_ms


def saturation(course: Course) -> Iterator[Finding]:
    """More load only waits: how many requests the target does at once, by Little's law."""
    loaded = [view for view in course.views if view.interval.phase in {"ramp", "measure"} and not _is_down(view)]
    top = _at_level(loaded, 1.0 if course.is_steady else 0.75)
    if len(top) < _FEWEST_USUAL or len(course.plan.counted_operations) > 1:
        return
    alone_ms = _alone_ms(course, loaded)
    seconds = sum(view.interval.duration_s for view in top)
    per_s = sum(view.counts().ok + view.counts().errors for view in top) / seconds
    at_once = per_s * alone_ms / 1e3
    if alone_ms < _AT_ONCE_MS or not per_s or not _more_waits(course, top, per_s, at_once, alone_ms):
        return
    # where it was never loaded lightly, even the quickest answer may have waited
    about = "at most about" if course.is_steady else "about"
    detail = (
        f"{format_clock(top[0].interval.at_s + 0.5)} saturated: the target does {about} {at_once:.2g} at once "
        f"({format_count(per_s)}/s, each takes {format_ms(alone_ms)} ms alone), more load only waits: "
        "more workers, a larger pool, or less work per request"
    )
    yield Finding(code="saturation", detail=detail, severity="note" if course.plan.load.mode == "users" else "warn")


def _at_level(loaded: list[IntervalView], share: float) -> list[IntervalView]:
    """The seconds from this share of the highest level on."""
    highest = max((view.interval.level for view in loaded), default=0.0)
    return [view for view in loaded if view.interval.level >= share * highest > 0]


def _alone_ms(course: Course, loaded: list[IntervalView]) -> float:
    """How long a request takes that waits for no other: the mean at a quarter of the load, or the least there is."""
    lightest = min((view.interval.level for view in loaded), default=0.0)
    highest = max((view.interval.level for view in loaded), default=0.0)
    light = [view for view in loaded if view.interval.level == lightest]
    if not course.is_steady and lightest <= highest / 4:
        return course.usual("service_time.mean", light) or 0.0
    return min((view.time("service_time").min for view in loaded if view.time("service_time").count), default=0.0)


def _more_waits(course: Course, top: list[IntervalView], per_s: float, at_once: float, alone_ms: float) -> bool:
    p50_ms = course.usual("response_time.p50", top) or 0.0
    if p50_ms < _WAITS * alone_ms:
        return False
    if course.plan.load.mode == "users":
        return top[-1].interval.level >= max(_WAITS * at_once, at_once + 1)
    # what the generator did not get to send is no load that the target failed to keep up with
    asked = sum(view.interval.asked - _unsent(view) for view in top)
    return per_s < _KEPT_UP * asked / sum(view.interval.duration_s for view in top)


def reconnects(course: Course) -> Iterator[Finding]:
    """Connections that do not last though they may."""
    later = [view.interval for view in course.views if view.interval.at_s >= _SETTLED_S]
    opened = sum(interval.connections.opened for interval in later)
    sent = opened + sum(interval.connections.reused for interval in later)
    # those that more load needs stay open
    closed = opened - max(0, later[-1].connections.open_now - later[0].connections.open_now) if later else 0
    if not course.plan.target.keep_alive or closed < _FEWEST_CONNECTIONS or closed < _RECONNECTS * sent:
        return
    detail = (
        f"{opened:,} connections were made for {sent:,} requests though they may be kept: the target closes them "
        "(a limit of requests per connection, a short idle time, or HTTP/1.0?)"
    )
    yield Finding(code="reconnects", detail=detail)


def leaks(course: Course) -> Iterator[Finding]:
    """Memory, threads and files of the target's processes that only grow while the load is the same."""
    growth = course.timeline.growth()
    memory = [value for view in course.measured if (value := view.value("target_memory")) is not None]
    if growth is not None and memory and growth.low > 0:
        added = growth.per_hour * growth.seconds / 3600
        if added > _LEAK_BYTES and added > _LEAK_SHARE * memory[0]:
            bounds = f"{format_bytes(growth.low)} to {format_bytes(growth.high)}"
            detail = (
                f"memory of the target's process grew by {format_bytes(added)} to {format_bytes(memory[-1])}, "
                f"{format_bytes(growth.per_hour)} per hour ({bounds}): a leak, or a cache without a bound?"
            )
            yield Finding(code="target_memory", detail=detail)
    if not course.is_steady:
        return
    for series, what in (("target_threads", "threads"), ("target_open_files", "open files")):
        points = [(view.interval.at_s, value) for view in course.measured if (value := view.value(series)) is not None]
        slope = growth_of(points)
        if slope is None or slope.low <= 0:
            continue
        added = slope.per_hour * slope.seconds / 3600
        if added >= _FEWEST_LEAKED and added > points[0][1]:
            detail = f"{what} of the target's process grew from {points[0][1]:,.0f} to {points[-1][1]:,.0f}: a leak?"
            yield Finding(code=series, detail=detail)


def slow_operation(course: Course) -> Iterator[Finding]:
    """One operation that takes most of the time with few of the requests."""
    operations = {name: stats for name, stats in course.timeline.run().operations.items() if stats.counts.ok}
    spent = {name: stats.service_time_ms.mean * stats.counts.ok for name, stats in operations.items()}
    if len(operations) < 2 or not sum(spent.values()):
        return
    name = max(spent, key=lambda each: spent[each])
    requests = sum(stats.counts.ok for stats in operations.values())
    share, of_requests = spent[name] / sum(spent.values()), operations[name].counts.ok / requests
    p95_ms = operations[name].service_time_ms.p95
    others_ms = statistics.median(stats.service_time_ms.p95 for other, stats in operations.items() if other != name)
    if share > 0.5 and of_requests < share / 2 and p95_ms > 5 * others_ms and p95_ms > _STALLED_MS:
        detail = (
            f"{name} takes {format_percent(share)} of all time with {format_percent(of_requests)} of the requests: "
            f"p95 {format_ms(p95_ms)} ms, the others {format_ms(others_ms)}"
        )
        yield Finding(code="slow_operation", detail=detail)


RULES = (outages, stalls, saturation, reconnects, leaks, slow_operation)
EXPLAINED = {
    "outage": {"failures", "operation_failures"},
    "periodic_stalls": {"bimodal"},
    "saturation": {"p95_growth", "slow_mean", "operation_slow_mean"},
}
"""What a cause makes superfluous: nothing is said twice."""
