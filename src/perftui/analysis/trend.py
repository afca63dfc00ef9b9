"""A metric over the runs of one kind: where it lies, and where it jumped."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Literal

from perftui.analysis.comparability import key_hash
from perftui.metrics.summary import value_of
from perftui.model.errors import UsageError
from perftui.model.objectives import higher_is_better, metric_unit
from perftui.model.record import Record
from perftui.model.rounds import Trend, TrendPoint
from perftui.model.text import safe_text
from perftui.model.units import to_digits
from perftui.presets.texts import metric_problem

WINDOW = 20
FEWEST_BEFORE = 5
SIGMAS = 4.0
_MAD_SIGMA = 1.4826
_ENDED = frozenset({"finished", "stopped"})


def trend(
    records: Sequence[Record], metric: str = "", operation: str = "", *, baseline_id: str = "", threshold: float = 0.2,
) -> Trend:  # fmt: skip
    """The trend of the newest run's kind.

    Args:
        records: Runs in any order; those that cannot be compared with the newest valid one are left out.
        metric: A name of model/objectives.py; empty: p95 of the response time (service time in users mode).
        operation: Empty: the total.
        baseline_id: Run to draw a line at.
        threshold: Relative distance from the runs before it that makes a jump, when it is also beyond their spread.

    Raises:
        UsageError: there is no such metric or operation, or no run.
    """
    ordered = sorted(records, key=lambda record: (record.started_at, record.id))
    if not ordered:
        raise UsageError("no runs to make a trend of")
    if metric and (unknown := metric_problem(metric)):
        raise UsageError(unknown)
    newest = next((record for record in reversed(ordered) if _problem(record) is None), ordered[-1])
    names = [item.name for item in newest.plan.counted_operations]
    if operation and operation not in names:
        named = safe_text(f"{operation!r} is no operation of {newest.plan.name}; there are {', '.join(names)}", 400)
        raise UsageError(named)
    metric = metric or ("service_time.p95" if newest.plan.load.mode == "users" else "response_time.p95")
    key = key_hash(newest)
    points: list[TrendPoint] = []
    skipped: list[str] = []
    baseline = None
    alike = [record for record in ordered if key_hash(record) == key]
    if others := len(ordered) - len(alike):
        skipped.append(f"{others} other run{'s' if others > 1 else ''}, not comparable with {newest.id}")
    for record in alike:
        stats = record.summary.operations.get(operation) if operation else record.summary.total
        value = value_of(stats, metric) if stats else None
        problem = _problem(record) or (None if value is not None else "not measured")
        if problem is not None or value is None:
            skipped.append(f"{record.id}: {problem}")
            continue
        if record.id == baseline_id:
            baseline = value
        before = [point.value for point in points[-WINDOW:]]
        enough = len(before) >= FEWEST_BEFORE
        points.append(
            TrendPoint(
                run_id=record.id,
                label=record.label,
                started_at=record.started_at,
                value=value,
                trust=record.trust.verdict,
                is_baseline=record.id == baseline_id,
                jump=_jump(value, before, metric, threshold) if enough else "",
                median_before=to_digits(statistics.median(before)) if enough else None,
            )
        )
    recent = [point.value for point in points[-WINDOW:]]
    return Trend(
        metric=metric,
        operation=operation,
        unit=metric_unit(metric),
        key=key,
        preset=newest.plan.name,
        url=newest.plan.where,
        points=tuple(points),
        median=to_digits(statistics.median(recent)) if recent else None,
        mad=to_digits(_mad(recent)) if recent else None,
        baseline=baseline,
        threshold=threshold,
        skipped=tuple(skipped),
    )


def _problem(record: Record) -> str | None:
    if record.trust.verdict == "invalid":
        return "invalid"
    if record.steered:
        return "steered by hand"
    return None if record.status in _ENDED else record.status


def _jump(
    value: float, before: Sequence[float], metric: str, threshold: float
) -> Literal["", "worse", "better", "other"]:
    median = statistics.median(before)
    distance = value - median
    if abs(distance) <= max(SIGMAS * _MAD_SIGMA * _mad(before), threshold * abs(median)):
        return ""
    if metric == "rate":
        return "other"
    return "better" if (distance > 0) == higher_is_better(metric) else "worse"


def _mad(values: Sequence[float]) -> float:
    median = statistics.median(values)
    return statistics.median(abs(value - median) for value in values)
