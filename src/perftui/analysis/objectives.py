"""Objectives against a summary: verdict per line, and overall."""

from __future__ import annotations

from collections.abc import Iterable

from perftui.metrics.summary import is_censored, value_of
from perftui.model.objectives import Limit, format_value, parse_limit
from perftui.model.plan import Objective
from perftui.model.record import ObjectiveResult, Stats, Summary, Verdict

_QUANTILES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
_FEWEST = {"p99": 1_000, "p99_9": 10_000}
"""Values below which a percentile is little more than the maximum."""
_ORDER: dict[Verdict, int] = {"none": 0, "pass": 1, "warn": 2, "fail": 3}


def evaluate(objectives: Iterable[Objective], summary: Summary) -> tuple[ObjectiveResult, ...]:
    """What became of each objective. An operation without requests, or a time that was not measured, has no verdict."""
    return tuple(_result(objective, summary) for objective in objectives)


def overall(results: Iterable[ObjectiveResult]) -> Verdict:
    """The worst verdict; `none` without objectives or when nothing was measured."""
    return max((result.verdict for result in results), key=_ORDER.__getitem__, default="none")


def _result(objective: Objective, summary: Summary) -> ObjectiveResult:
    stats = summary.operations.get(objective.operation) if objective.operation else summary.total
    target = parse_limit(objective.target, objective.metric)
    critical = parse_limit(objective.critical, objective.metric) if objective.critical else None
    value = value_of(stats, objective.metric) if stats else None
    if value is None or stats is None:
        verdict, detail = _unmeasured(objective.metric, stats)
    else:
        verdict, detail = _judged(value, target, critical, objective.metric, stats)
    return ObjectiveResult(
        metric=objective.metric,
        operation=objective.operation,
        value=value,
        target=str(target),
        critical=str(critical) if critical else "",
        verdict=verdict,
        detail=detail,
    )


def _unmeasured(metric: str, stats: Stats | None) -> tuple[Verdict, str]:
    """No value: nothing was sent, or all that was sent failed, which no limit on response or service times survives."""
    if stats is None or not stats.counts.scheduled:
        return "none", "nothing was measured"
    if metric.startswith(("response_time.", "service_time.")):
        return "fail", "no request was answered"
    return "none", "nothing was measured"


def _judged(value: float, target: Limit, critical: Limit | None, metric: str, stats: Stats) -> tuple[Verdict, str]:
    time, _, statistic = metric.rpartition(".")
    quantile = _QUANTILES.get(statistic)
    censored = quantile is not None and is_censored(stats, time, quantile)
    notes = []
    if censored:
        notes.append("at least the timeout: too many requests have no answer")
    count = stats.response_time_ms.count
    if count < _FEWEST.get(statistic, 0):
        notes.append(f"only {count:,} values")
    verdict: Verdict = "pass"
    if not target.holds(value) or (censored and target.is_upper):
        verdict, limit = "warn", target
        if critical is not None and (not critical.holds(value) or (censored and critical.is_upper)):
            verdict, limit = "fail", critical
        notes.insert(0, f"{format_value(value, limit.unit)} misses {limit}")
    return verdict, "; ".join(notes)
