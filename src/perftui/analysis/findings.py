"""What is worth knowing without having asked: findings in words.

Limits come from what teams check by hand: mean above 2 s, failures above 5 %, CPU above 80 %, memory above 85 %. The
others look at how the run went: times or target memory that grew, a level at which a ramp broke, a saturated generator.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

from msgspec.structs import replace

from perftui.analysis import answers, causes
from perftui.analysis.course import Course
from perftui.analysis.modes import bimodal
from perftui.metrics.failures import own_drops
from perftui.metrics.series import IntervalView
from perftui.metrics.sparse import Sparse
from perftui.metrics.timeline import Timeline
from perftui.metrics.trust import LIMIT, is_generator_limit
from perftui.model.plan import Plan
from perftui.model.record import Finding, Spread, Stats, Summary, Trust
from perftui.model.units import format_count, format_ms, format_percent
from perftui.presets.drivers import remark_of, remark_on

SLOW_MEAN_MS = 2000.0
FAILURES = 0.05
CPU_PERCENT = 80.0
MEMORY_PERCENT = 85.0
GROWTH = 0.20
"""Growth of p95 from the first to the last third of a run that is worth a line."""
_FEWEST_SECONDS = 12
_FEWEST_VALUES = 50
"""Of a part of a run whose p95 is looked at."""
_TENTHS = 10
_FEWEST_PARTS = 5
_STEADY_RISE = 0.6
"""Of ten parts; by chance one series in a hundred rises as steadily."""
_BROKEN_ERRORS = 0.05
_BROKEN_ATTAINED = 0.95
_BROKEN_FOR = 2


def find(timeline: Timeline) -> tuple[Finding, ...]:
    """All findings on a run so far, the grave ones first."""
    plan, summary = timeline.plan, timeline.run()
    views = [IntervalView(interval, plan.load.mode) for interval in timeline.intervals]
    steered_s = min((event.at_s for event in timeline.events if event.kind in {"level", "pause"}), default=math.inf)
    found = [
        *_of_stats(summary.total, ""),
        *(finding for name, stats in summary.operations.items() for finding in _of_stats(stats, name)),
        *_of_resources(timeline.host_spread(), "the busiest machine" if plan.load.cluster else "this machine"),
        *_breaking_point(plan, [view for view in views if view.interval.at_s + view.interval.duration_s <= steered_s]),
        *([] if _ramps(plan) or steered_s < math.inf else _growth(views)),
        *_of_trust(timeline.trust()),
        *_of_drivers(plan),
    ]
    course = Course(timeline)
    told = [finding for rule in (*causes.RULES, *answers.RULES, bimodal) for finding in rule(course)]
    explained = {code for cause in told for code in causes.EXPLAINED.get(cause.code, ())}
    found = [finding for finding in (*told, *found) if finding.code not in explained]
    order = {"fail": 0, "warn": 1, "note": 2}
    return tuple(sorted(_without_repeats(found, summary), key=lambda finding: order[finding.severity]))


def _without_repeats(found: list[Finding], summary: Summary) -> list[Finding]:
    """What holds for the total is not said once more of the only operation, or of the only one that fails."""
    if len(summary.operations) <= 1:
        return [finding for finding in found if not finding.code.startswith("operation_")]
    classes = summary.total.error_classes
    only = next((name for name, stats in summary.operations.items() if classes and stats.error_classes == classes), "")
    if not only or not any(finding.code == "failures" for finding in found):
        return found
    return [
        replace(finding, detail=f"{finding.detail}, all of {only}") if finding.code == "failures" else finding
        for finding in found
        if finding.code != "operation_failures"
    ]


def _of_stats(stats: Stats, operation: str) -> Iterator[Finding]:
    where, prefix = (f"{operation}: ", "operation_") if operation else ("", "")
    mean_ms = stats.response_time_ms.mean
    if mean_ms > SLOW_MEAN_MS:
        detail = f"{where}mean response time {format_ms(mean_ms)} ms > {format_ms(SLOW_MEAN_MS)} ms"
        yield Finding(code=f"{prefix}slow_mean", detail=detail)
    if stats.error_rate > FAILURES:
        top = ", ".join(f"{name} {count:,}" for name, count in list(stats.error_classes.items())[:3])
        detail = f"{where}errors {format_percent(stats.error_rate)} > {format_percent(FAILURES)} ({top})"
        yield Finding(code=f"{prefix}failures", detail=detail, severity="fail")


def _of_drivers(plan: Plan) -> Iterator[Finding]:
    of_targets = (remark_on(target.url) for target in plan.used_targets.values())
    of_operations = (remark_of(operation.driver) for operation in plan.counted_operations)
    for remark in dict.fromkeys((*of_targets, *of_operations)):
        if remark:
            yield Finding(code="through_library", detail=remark, severity="note")


def _of_resources(host: Mapping[str, Spread], whose: str) -> Iterator[Finding]:
    cpu, memory = host.get("cpu_percent", Spread()), host.get("memory_percent", Spread())
    if cpu.mean > CPU_PERCENT:
        detail = f"CPU of {whose} {cpu.mean:.0f} % on average > {CPU_PERCENT:.0f} % (most {cpu.max:.0f} %)"
        yield Finding(code="host_cpu", detail=detail)
    if memory.max > MEMORY_PERCENT:
        detail = f"memory of {whose} {memory.max:.0f} % > {MEMORY_PERCENT:.0f} %"
        yield Finding(code="host_memory", detail=detail)
    target = host.get("target_cpu_percent", Spread())
    if target.mean > CPU_PERCENT:
        detail = f"the target's process used {target.mean:.0f} % of a core on average > {CPU_PERCENT:.0f} %"
        yield Finding(code="target_cpu", detail=detail, severity="note")


def _of_trust(trust: Trust) -> Iterator[Finding]:
    if is_generator_limit(trust):
        limit = next(reason for reason in trust.reasons if reason.code == LIMIT)
        yield Finding(code=LIMIT, detail=limit.detail)
    if trust.verdict == "valid":
        return
    worst = next(reason for reason in trust.reasons if reason.verdict == trust.verdict)
    if worst.code != LIMIT:
        detail = f"the numbers are partly the generator's ({trust.verdict}): {worst.detail}"
        yield Finding(code="generator", detail=detail, severity="fail" if trust.verdict == "invalid" else "warn")


def _ramps(plan: Plan) -> bool:
    level = plan.load.start_level
    for stage in plan.load.stages:
        if stage.to != level:
            return True
        level = stage.to
    return False


def _measured(views: Iterable[IntervalView]) -> list[IntervalView]:
    return [view for view in views if view.interval.phase == "measure" and not view.interval.paused]


def _growth(views: Sequence[IntervalView]) -> Iterator[Finding]:
    """p95 of the last third against the first, when it rose all along: a bad patch is no growth."""
    measured = _measured(views)
    if sum(view.interval.duration_s for view in measured) < _FEWEST_SECONDS:
        return
    values = sum(view.counts().ok for view in measured)
    most = max(_FEWEST_PARTS, min(_TENTHS, len(measured) // 2, values // (2 * _FEWEST_VALUES)))
    parts = [_p95_ms(part) for part in _split(measured, most)]
    thirds = [_p95_ms(part) for part in _split(measured, 3)]
    if None in {*parts, *thirds} or _rise([part or 0.0 for part in parts]) < _STEADY_RISE:
        return
    first, last = thirds[0] or 0.0, thirds[2] or 0.0
    if last > first * (1 + GROWTH) and last - first > 1.0:
        growth = (last / first - 1) * 100
        detail = f"p95 grew {growth:.0f} % over the run, from {format_ms(first)} to {format_ms(last)} ms"
        yield Finding(code="p95_growth", detail=detail)


def _split(views: Sequence[IntervalView], parts: int) -> list[Sequence[IntervalView]]:
    return [views[place * len(views) // parts : (place + 1) * len(views) // parts] for place in range(parts)]


def _p95_ms(views: Sequence[IntervalView]) -> float | None:
    """p95 of some intervals together; None with too few values."""
    merged = Sparse.merged([view.histogram("response_time") for view in views])
    return merged.quantiles_us((0.95,))[0] / 1e3 if merged.total >= _FEWEST_VALUES else None


def _rise(values: Sequence[float]) -> float:
    """Kendall's rank correlation with time: 1 when every value lies above all before it, 0 when there is no order."""
    pairs = list(combinations(values, 2))
    return sum((after > before) - (after < before) for before, after in pairs) / len(pairs)


def _breaking_point(plan: Plan, views: Sequence[IntervalView]) -> Iterator[Finding]:
    """Where a growing load broke the target: the level at which it stopped keeping up for two seconds in a row."""
    if not _ramps(plan):
        return
    loaded = [view for view in views if view.interval.phase in {"ramp", "measure"} and view.counts().scheduled]
    in_a_row, first = 0, None
    highest = 0.0
    for place, view in enumerate(loaded):
        problem = _broken(view, loaded[:place])
        if problem is None:
            in_a_row, first = 0, None
            highest = max(highest, view.value("throughput") or 0.0)
            continue
        first = first or (view, problem)
        in_a_row += 1
        if in_a_row >= _BROKEN_FOR:
            broken, reason = first
            unit = "users" if plan.load.mode == "users" else "requests/s"
            detail = (
                f"the target stopped keeping up at {format_count(broken.interval.level)} {unit} "
                f"({broken.interval.at_s:.0f} s): {reason}; most it kept up with: {format_count(highest)} ok/s"
            )
            yield Finding(code="breaking_point", detail=detail)
            return
    if loaded:
        top = max(view.interval.level for view in loaded)
        unit = "users" if plan.load.mode == "users" else "requests/s"
        detail = f"no breaking point up to {format_count(top)} {unit}; most: {format_count(highest)} ok/s"
        yield Finding(code="no_breaking_point", detail=detail, severity="note")


def _broken(view: IntervalView, earlier: Sequence[IntervalView]) -> str | None:
    """How the target failed to keep up in a second.

    To be slow is not to fail: answers are held against what was asked as long ago as they take. What the generator did
    not send is not the target's.
    """
    errors = view.value("error_rate")
    if errors is not None and errors > _BROKEN_ERRORS:
        return f"errors {format_percent(errors)}"
    took_ms = view.value("response_time.p95") or 0.0
    ago = earlier[-min(len(earlier), math.ceil(took_ms / 1e3)) :] if took_ms and earlier else []
    unsent = sum(own_drops(cell.error_classes) for cell in view.cells(""))
    asked = min([view.interval.asked - unsent, *(before.interval.asked for before in ago)])
    if asked > 0 and view.counts().ok < _BROKEN_ATTAINED * asked:
        return f"{format_count(view.counts().ok)} ok of {format_count(asked)} asked"
    return None
