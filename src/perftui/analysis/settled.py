"""What objectives come to in the end: what was not measured fails, what the generator blurs is not decided.

And what must hold of every run, asked for or not: something was answered, and not most of it failed.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from perftui.analysis.objectives import evaluate
from perftui.metrics.generator_bounds import SOUND
from perftui.metrics.measured import Measured
from perftui.metrics.trust import bound_of
from perftui.model.objectives import FRACTION_METRICS, RATE_METRICS, format_value, parse_limit
from perftui.model.plan import Objective
from perftui.model.record import ObjectiveResult, Stats, Summary

_FAILURES = Objective(metric="error_rate", target="< 50%", critical="< 50%")
_ANSWERS = Objective(metric="success_rate", target="> 0%", critical="> 0%")
_OF_ANSWERS = ("response_time.", "service_time.", *FRACTION_METRICS, *RATE_METRICS)
"""What every request has. Times of errors and start delays may be missing for a good reason."""


def settled(
    objectives: Sequence[Objective], results: Sequence[ObjectiveResult], measured: Measured, *, at_least: bool = False
) -> tuple[ObjectiveResult, ...]:
    """The results as they count.

    Without any, the implied ones stand for them. With some, a missed one of those counts all the same: a run in which
    no request was ok, or that measured none, has failed whatever else its objectives say.

    Args:
        objectives: of the plan.
        results: of each of them.
        measured: of the run.
        at_least: whether the throughput is only the least that the target can do.
    """
    summary = measured.summary
    found = [
        _noted(_settled(result, summary, at_least=at_least), objective.note)
        for objective, result in zip(objectives, results, strict=True)
    ]
    implied = [
        replace(_settled(result, summary, at_least=False), implied=True)
        for result in evaluate((_FAILURES, _ANSWERS), measured)
    ]
    if not found:
        return tuple(implied)
    return (*found, *(result for result in implied[1:] if result.verdict == "fail"))


def _noted(result: ObjectiveResult, note: str) -> ObjectiveResult:
    return replace(result, detail="; ".join(filter(None, (result.detail, note)))) if note else result


def _settled(result: ObjectiveResult, summary: Summary, *, at_least: bool) -> ObjectiveResult:
    stats = summary.operations.get(result.operation) if result.operation else summary.total
    if stats is None or not stats.counts.scheduled:
        missing = result.verdict == "none" and result.value is None and result.metric.startswith(_OF_ANSWERS)
        return replace(result, verdict="fail", detail="nothing was measured") if missing else result
    if result.verdict not in {"warn", "fail"} or result.level is not None or result.over_s:
        return result  # of a level or a stretch it is not known what of it is the generator's
    why = _undecided(result, stats, at_least=at_least)
    if not why:
        return result
    # a missed target is a warning all the same; a missed critical limit would be a verdict that nothing supports
    if result.verdict == "warn" and result.critical:
        return replace(result, detail=why)
    return replace(result, verdict="none", detail=why, undecided=True)


def _undecided(result: ObjectiveResult, stats: Stats, *, at_least: bool) -> str:
    """Why a limit that the measured value misses may hold all the same; empty when it is missed for sure."""
    # a result has its limits as people read them: 1,800/s
    shown = result.critical if result.verdict == "fail" else result.target
    limit = parse_limit(shown.replace(",", ""), result.metric)
    if result.metric in RATE_METRICS and at_least and not limit.is_upper:
        return "the generator was the limit: the target can do at least this, and perhaps more"
    bound = bound_of(stats, result.metric)
    if bound is None or not limit.is_upper or not limit.holds(bound.lower):
        return ""
    if bound.verdict != "unusable" and bound.share <= SOUND[0]:
        return ""  # near enough to the limit to have missed it; what is half a millisecond may be half of a fast answer
    ours = format_value(bound.upper - bound.lower, limit.unit)
    return f"cannot be told: up to {ours} of {format_value(bound.upper, limit.unit)} may be the generator's"
