"""How far rounds lie apart, whether each was steady, and whether the first was slower than the others."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from perftui.analysis.log_change import FEWEST_ROUNDS
from perftui.analysis.round_data import Part, Round, Run
from perftui.analysis.student import t_quantile
from perftui.metrics.summary import value_of
from perftui.model.objectives import FRACTION_METRICS, OWN_RATES, OWN_TIMES, format_value, metric_unit
from perftui.model.record import Record
from perftui.model.rounds import Drift, MetricSpread, Rounds
from perftui.model.units import ms_of, to_digits

UNSTABLE = 0.10
DRIFT = 0.10
_CONFIDENCE = 0.99
_FENCE = 1.5
_FIRST_SLOW_SIGMAS = 10.0
_MAD_SIGMA = 1.4826
_FEWEST_VALUES = 200
_STATISTICS = ("p50", "p95", "p99", "mean")
_OF_FURTHER = ("p50", "p95")
"""Of what only some protocols measure."""


def rounds_of(runs: Sequence[Run]) -> Rounds:
    """The report on some rounds of one plan, at least one."""
    records = [run.record for run in runs]
    time = "service_time" if records[0].plan.load.mode == "users" else "response_time"
    own = [f"{name}.{statistic}" for name in OWN_TIMES for statistic in _OF_FURTHER]
    metrics = ("throughput", *(f"{time}.{name}" for name in _STATISTICS), "error_rate", "hit_rate", *own, *OWN_RATES)
    operations = list(records[0].summary.operations)
    spreads = [spread for metric in metrics if (spread := spread_of(records, metric))]
    if len(operations) > 1:
        spreads += [
            spread for name in operations for metric in (f"{time}.p50", f"{time}.p95")
            if (spread := spread_of(records, metric, name))
        ]  # fmt: skip
    drifts = [drift for run in runs for drift in drifts_of(run)]
    notes = [*_unstable(spreads), *_first_slow(spreads), *(_unsteady(drift) for drift in drifts if not drift.steady)]
    return Rounds(
        run_ids=tuple(record.id for record in records),
        metrics=tuple(spreads),
        drifts=tuple(drifts),
        notes=tuple(notes),
    )


def spread_of(records: Sequence[Record], metric: str, operation: str = "") -> MetricSpread | None:
    """One metric over the rounds; None when a round has not measured it."""
    values = []
    for record in records:
        stats = record.summary.operations.get(operation) if operation else record.summary.total
        value = value_of(stats, metric) if stats else None
        if value is None:
            return None
        values.append(value)
    mean = statistics.fmean(values)
    stddev = statistics.stdev(values) if len(values) > 1 else 0.0
    low, _, high = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [mean] * 3
    fence = _FENCE * (high - low)
    varies = stddev / mean if mean else 0.0
    return MetricSpread(
        metric=metric,
        operation=operation,
        unit=metric_unit(metric),
        values=tuple(values),
        min=min(values),
        max=max(values),
        mean=to_digits(mean),
        median=to_digits(statistics.median(values)),
        stddev=to_digits(stddev),
        iqr=to_digits(high - low),
        varies=to_digits(varies),
        outliers=tuple(place for place, value in enumerate(values) if not low - fence <= value <= high + fence),
        unstable=varies > UNSTABLE and metric not in FRACTION_METRICS,
    )


def drifts_of(run: Run) -> list[Drift]:
    """First half of a round against the second: median and p95. Nothing for a run too short or with too few values."""
    held = Round(run)
    if not held.has_seconds:
        return []
    time = "service_time" if run.record.plan.load.mode == "users" else "response_time"
    found = [_drift(held, held.parts[""], time, name, q) for name, q in (("p50", 0.5), ("p95", 0.95))]
    return [drift for drift in found if drift]


def _drift(held: Round, part: Part, time: str, statistic: str, q: float) -> Drift | None:
    seconds, middle = part.time(time), held.length // 2
    halves = seconds.part(0, middle), seconds.part(middle, held.length)
    if min(half.total for half in halves) < _FEWEST_VALUES:
        return None
    first, second = (half.quantile(q, f"{held.id}/{time}/half {place}") for place, half in enumerate(halves))
    if min(first.blocks, second.blocks) < FEWEST_ROUNDS:
        return None
    error = math.hypot(first.error, second.error)
    t = t_quantile(1 - (1 - _CONFIDENCE) / 2, min(first.blocks, second.blocks) - 1)
    change = second.log_value - first.log_value
    low, high = change - t * error, change + t * error
    sure = low > 0 or high < 0
    return Drift(
        run_id=held.id,
        metric=f"{time}.{statistic}",
        first=ms_of(math.exp(first.log_value)),
        second=ms_of(math.exp(second.log_value)),
        change=to_digits(math.expm1(change)),
        low=to_digits(math.expm1(low)),
        high=to_digits(math.expm1(high)),
        steady=not (sure and abs(math.expm1(change)) > DRIFT),
    )


def _unstable(spreads: Sequence[MetricSpread]) -> list[str]:
    """What varies too much; of operations only what the total does not say already."""
    shaky = [spread for spread in spreads if spread.unstable and not spread.metric.endswith(".p99")]
    in_total = {spread.metric for spread in shaky if not spread.operation}
    notes = []
    for spread in shaky:
        if not spread.operation or spread.metric not in in_total:
            worst = f"{format_value(spread.min, spread.unit)} and {format_value(spread.max, spread.unit)}"
            notes.append(f"{_name(spread)} is unstable: varies by {spread.varies * 100:.0f} %, between {worst}")
    return notes


def _first_slow(spreads: Sequence[MetricSpread]) -> list[str]:
    """A first round far above the others: the target was not warm."""
    for spread in spreads:
        if spread.operation or not spread.metric.endswith(".p50") or len(spread.values) < FEWEST_ROUNDS + 1:
            continue
        first, rest = spread.values[0], spread.values[1:]
        median = statistics.median(rest)
        sigma = _MAD_SIGMA * statistics.median(abs(value - median) for value in rest)
        if first - median > max(_FIRST_SLOW_SIGMAS * sigma, 0.05 * median):
            shown = f"{format_value(first, spread.unit)} against {format_value(median, spread.unit)}"
            return [f"the first round was slower: {shown}; a longer warm-up would help"]
    return []


def _unsteady(drift: Drift) -> str:
    return (
        f"{drift.run_id} was not steady: {drift.metric} {format_value(drift.first, 'ms')} in its first half, "
        f"{format_value(drift.second, 'ms')} in its second ({drift.change * 100:+.0f} %)"
    )


def _name(spread: MetricSpread) -> str:
    return f"{spread.operation}: {spread.metric}" if spread.operation else spread.metric
