"""Objectives against what was measured: verdict per line, and overall."""

from __future__ import annotations

from collections.abc import Iterable

from perftui.metrics.measured import Measured, Stretch
from perftui.metrics.summary import is_censored, value_of
from perftui.model.objectives import (
    ANSWER_TIMES,
    GROWTH_METRICS,
    Limit,
    format_value,
    metric_unit,
    parse_limit,
    sampled_as,
)
from perftui.model.plan import Objective
from perftui.model.record import Growth, ObjectiveResult, Stats, Verdict
from perftui.model.units import format_clock, format_duration

_QUANTILES = {"p50": 0.5, "p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
_FEWEST = {"p99": 1_000, "p99_9": 10_000}
"""Values below which a percentile is little more than the maximum."""
_ORDER: dict[Verdict, int] = {"none": 0, "pass": 1, "warn": 2, "fail": 3}
_NOTHING = "nothing was measured"
_NO_ANSWER = "no request was answered"


def evaluate(objectives: Iterable[Objective], measured: Measured) -> tuple[ObjectiveResult, ...]:
    """What became of each objective. What was not measured has no verdict."""
    return tuple(_result(objective, measured) for objective in objectives)


def overall(results: Iterable[ObjectiveResult]) -> Verdict:
    """The worst verdict; `none` without objectives or when nothing was measured."""
    return worst(result.verdict for result in results)


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """The worst of some verdicts; `none` of none."""
    return max(verdicts, key=_ORDER.__getitem__, default="none")


def _result(objective: Objective, measured: Measured) -> ObjectiveResult:
    if objective.over_s:
        return _of_stretches(objective, measured)
    if objective.metric in GROWTH_METRICS:
        return _of_growth(objective, measured.growth)
    sampled = sampled_as(objective.metric)
    if sampled is not None:
        name, statistic = sampled
        spread = measured.host.get(name)
        value = getattr(spread, statistic) if spread is not None else None
        return _made(objective, value, *(_judged(objective, value) if value is not None else ("none", _NOTHING)))
    return max(
        (_of_stats(objective, stats) for stats in _stats(objective, measured)),
        key=lambda result: _ORDER[result.verdict],
        default=_made(objective, None, "none", _NOTHING),
    )


def _stats(objective: Objective, measured: Measured) -> list[Stats]:
    """What the objective is about: one, or as many as there are stages of its level."""
    parts = (
        [measured.summary]
        if objective.level is None
        else [level for level in measured.levels if level.level == objective.level]
    )
    if objective.level is not None and not measured.levels:
        parts = [measured.summary]  # a run of one level has no table of levels
    found = [part.operations.get(objective.operation) if objective.operation else part.total for part in parts]
    return [stats for stats in found if stats is not None]


def _of_stats(objective: Objective, stats: Stats) -> ObjectiveResult:
    value = value_of(stats, objective.metric)
    if value is None:
        # that all failed no limit on the times of answers survives
        unanswered = stats.counts.scheduled and objective.metric.startswith(ANSWER_TIMES)
        return _made(objective, None, *(("fail", _NO_ANSWER) if unanswered else ("none", _NOTHING)))
    time, _, statistic = objective.metric.rpartition(".")
    quantile = _QUANTILES.get(statistic)
    censored = quantile is not None and is_censored(stats, time, quantile)
    notes = []
    if censored:
        notes.append("at least the timeout: too many requests have no answer")
    if stats.response_time_ms.count < _FEWEST.get(statistic, 0):
        notes.append(f"only {stats.response_time_ms.count:,} values")
    return _made(objective, value, *_judged(objective, value, notes, censored=censored))


def _of_stretches(objective: Objective, measured: Measured) -> ObjectiveResult:
    found = measured.windows.get(objective)
    if found is None:
        return _made(objective, None, "none", f"the run had no {format_duration(objective.over_s)} to judge")
    worst, newest = found.worst, found.newest
    notes = [f"worst from {format_clock(worst.start_s)}, last {_shown(objective, newest)}"]
    if worst.value is None:
        return _made(objective, None, "fail", f"{_NO_ANSWER} from {format_clock(worst.start_s)}")
    return _made(objective, worst.value, *_judged(objective, worst.value, notes))


def _shown(objective: Objective, stretch: Stretch) -> str:
    if stretch.value is None:
        return "without an answer"
    return format_value(stretch.value, metric_unit(objective.metric))


def _of_growth(objective: Objective, growth: Growth | None) -> ObjectiveResult:
    if growth is None:
        return _made(objective, None, "none", "the memory of the target's process was not watched long enough to say")
    scale = 1.0 if objective.metric == "target.memory_growth" else growth.seconds / 3600
    unit = metric_unit(objective.metric)
    low, high = (format_value(bound * scale, unit) for bound in (growth.low, growth.high))
    return _made(objective, growth.per_hour * scale, *_judged(objective, growth.per_hour * scale, [f"{low} to {high}"]))


def _judged(
    objective: Objective, value: float, notes: Iterable[str] = (), *, censored: bool = False
) -> tuple[Verdict, str]:
    """The verdict on a value; one that is only known to be larger misses every upper limit."""
    verdict: Verdict = "pass"
    missed: Limit | None = None
    for text, if_missed in ((objective.target, "warn"), (objective.critical, "fail")):
        if not text:
            continue
        limit = parse_limit(text, objective.metric)
        if not limit.holds(value) or (censored and limit.is_upper):
            missed = limit
            verdict = "warn" if if_missed == "warn" else "fail"
    said = [f"{format_value(value, missed.unit)} misses {missed}"] if missed else []
    return verdict, "; ".join([*said, *notes])


def _made(objective: Objective, value: float | None, verdict: Verdict, detail: str) -> ObjectiveResult:
    target, critical = (
        str(parse_limit(text, objective.metric)) if text else "" for text in (objective.target, objective.critical)
    )
    return ObjectiveResult(
        metric=objective.metric,
        operation=objective.operation,
        level=objective.level,
        over_s=objective.over_s,
        value=value,
        target=target,
        critical=critical,
        verdict=verdict,
        detail=detail,
    )
