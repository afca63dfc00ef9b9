"""What changed between two sets of rounds, metric by metric."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from msgspec.structs import replace

from perftui.analysis.blocks import Estimate, ratio, summed
from perftui.analysis.further import FEWEST_BEYOND, further_metrics
from perftui.analysis.log_change import ASSUMED_DF, ASSUMED_SPREAD, LogChange, Spread, log_change
from perftui.analysis.proportions import share_of
from perftui.analysis.round_data import Outcomes, Part, Round, slowed_by
from perftui.analysis.share_change import share_change
from perftui.metrics.failures import failures
from perftui.metrics.generator_bounds import Excess, comonotone, excess
from perftui.metrics.histogram import Float64s
from perftui.metrics.sparse import Sparse
from perftui.metrics.summary import is_censored, value_of
from perftui.model.comparison import ComparisonVerdict, MetricChange
from perftui.model.objectives import OWN_MEANS, OWN_RATES, higher_is_better, metric_unit
from perftui.model.record import Record
from perftui.model.units import to_digits

ALPHA = 0.05
FLOOR_MS = 0.1
"""A change of a time below it never matters: start delays of the generator are as large."""
ERROR_MARGIN = 0.005
ATTAINED_MARGIN = 0.01
HIT_MARGIN = 0.01
FEWEST_HISTORY = 5
OVERLOADED = 0.01
_WIDEST = math.log(1000)
"""Between the ends of an interval; a wider one says nothing and is not shown."""
_QUANTILES = {"p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}
_OF_TOTAL = ("p50", "p95", "p99")
_OF_OPERATION = ("p50", "p95")
_SHOWN = ("mean", "p90", "p99_9")
_NOTHING: Float64s = np.zeros(0)


class Changes:
    """All changes between the rounds of a baseline and those of a run."""

    def __init__(
        self, baseline: Sequence[Round], runs: Sequence[Round], threshold: float, history: Sequence[Record],
        alpha: float = ALPHA,
    ) -> None:  # fmt: skip
        self._sides = baseline, runs
        self._threshold = threshold
        self._history = history
        rounds = (*baseline, *runs)
        self._has_seconds = all(part.has_seconds for part in rounds)
        open_loop = all(part.record.plan.load.mode == "rate" for part in rounds)
        intended = all(part.parts[""].stats.response_time_ms.count for part in rounds)
        self._time = "response_time" if open_loop and intended else "service_time"
        self._asked = open_loop and not any(part.is_foreign for part in rounds)
        """Whether it is known on both sides how many requests were asked for."""
        names = [name for name in baseline[0].parts if name]
        common = [name for name in names if all(name in part.parts for part in rounds)]
        self._operations = common if len(names) > 1 else []
        self._excess = _excess_of(baseline, runs)
        self._limited = tuple(any(part.is_generator_limit for part in side) for side in self._sides)
        self._further = further_metrics({name: self._parts(name) for name in ("", *self._operations)})
        gated = len(_OF_TOTAL) + 2 + len(self._operations) * (len(_OF_OPERATION) + 1)
        gated += sum(further.deciding for further in self._further.values())
        self._confidence = 1 - alpha / gated

    def metrics(self) -> tuple[MetricChange, ...]:
        """All changes: the total's, then each operation's."""
        time = self._time
        changes = [self._change_of(time, name, "", gated=name in _OF_TOTAL) for name in (*_OF_TOTAL, *_SHOWN)]
        if time == "response_time":
            changes.append(self._change_of("service_time", "p95", "", gated=False))
        changes += [self._error_rate(""), self._throughput(), self._attained(), *self._further_of("")]
        for operation in self._operations:
            for name in (*_OF_OPERATION, "p99"):
                changes.append(self._change_of(time, name, operation, gated=name in _OF_OPERATION))
            changes += [self._error_rate(operation), *self._further_of(operation)]
        return tuple(_to_digits(change) for change in changes if change is not None)

    def _further_of(self, operation: str) -> list[MetricChange | None]:
        """What only some protocols have, and hits."""
        further = self._further[operation]
        changes = [
            self._change_of(time, name, operation, gated=name in deciding)
            for time, (shown, deciding) in further.times.items()
            for name in shown
        ]
        for name in further.rates:
            counted = [[part.amounts.get(name, _NOTHING) for part in side] for side in self._parts(operation)]
            # an operation that never counted it has no seconds of it
            per = [
                [held.seconds[: len(each)] for held, each in zip(*both, strict=True)]
                for both in zip(self._sides, counted, strict=True)
            ]
            changes.append(self._per(name, operation, counted, per, gated=not self._asked))
        for name in further.means:
            counted, per = (
                [[part.amounts.get(each, _NOTHING) for part in side] for side in self._parts(operation)]
                for each in (name, OWN_MEANS[name])
            )
            changes.append(self._per(name, operation, counted, per, gated=True))
        if further.has_hits:
            changes.append(self._share("hit_rate", operation, _hits, _looked_up))
        return changes

    def _parts(self, operation: str) -> tuple[list[Part], list[Part]]:
        before, after = ([held.parts[operation] for held in side] for side in self._sides)
        return before, after

    def _change_of(self, time: str, statistic: str, operation: str, *, gated: bool) -> MetricChange | None:
        before, after = self._parts(operation)
        metric = f"{time}.{statistic}"
        counts = [[part.count_of(time) for part in side] for side in (before, after)]
        values = [[value_of(part.stats, metric) for part in side] for side in (before, after)]
        known = [[value for value in side if value] for side in values]
        if not all(known) or any(len(some) < len(every) for some, every in zip(known, values, strict=True)):
            return None  # not measured on a side: nothing is invented
        template = MetricChange(
            metric=metric, operation=operation, unit="ms", baseline=_geometric(known[0]), run=_geometric(known[1]),
            change=0.0, low=-1.0, high=9.99, interval_known=False, confidence=self._confidence,
            threshold=self._threshold, verdict="inconclusive", gated=gated,
            n_baseline=sum(counts[0]), n_run=sum(counts[1]),
        )  # fmt: skip
        if not self._has_seconds:
            return _without_interval(template)
        sides = before, after
        estimates = [
            [self._estimate(part, held, time, statistic, operation) for part, held in zip(side, rounds, strict=True)]
            for side, rounds in zip(sides, self._sides, strict=True)
        ]
        floor = FLOOR_MS / min(template.baseline, template.run)
        found = log_change(
            *estimates, confidence=self._confidence, margin=math.log1p(self._threshold), worse=1,
            spread=self._spread(metric, operation, statistic), floor=math.log1p(floor),
            reach=self._reach(sides, time, statistic),
        )  # fmt: skip
        change = self._of_limited(_filled(template, found))
        quantile = _QUANTILES.get(statistic)
        return self._limits_of_time(change, sides, quantile, counts) if quantile is not None else change

    def _reach(self, sides: tuple[list[Part], list[Part]], time: str, statistic: str) -> tuple[float, float]:
        """How far each side's value may go up by what the other side's generator added beyond its own."""
        found = []
        for side, added in zip(sides, self._excess, strict=True):
            each = [
                part.time(time).reach_of_mean(added)
                if statistic == "mean"
                else part.time(time).reach(_QUANTILES[statistic], added)
                for part in side
            ]
            found.append(sum(each) / len(each))
        return found[0], found[1]

    def _of_limited(self, change: MetricChange) -> MetricChange:
        """Where the generator was the limit, a value is the worst that the target's can be: that decides one way."""
        before, after = self._limited
        if not (before or after):
            return change
        known = (change.verdict == "regression" and not after) or (change.verdict == "improvement" and not before)
        if known:
            return change
        where = "both" if before and after else "the run" if after else "the baseline"
        return _with(change, "inconclusive", f"the generator was the limit in {where}")

    def _estimate(self, part: Part, held: Round, time: str, statistic: str, operation: str) -> Estimate:
        seconds = part.time(time)
        if statistic == "mean":
            return seconds.mean()
        return seconds.quantile(_QUANTILES[statistic], f"{held.id}/{time}/{operation}")

    def _limits_of_time(
        self, change: MetricChange, sides: tuple[list[Part], list[Part]], quantile: float, counts: list[list[int]]
    ) -> MetricChange:
        """What keeps a quantile from deciding: too few values, no answers, an overloaded target."""
        time = change.metric.partition(".")[0]
        censored = [any(is_censored(part.stats, time, quantile) for part in side) for side in sides]
        if any(censored):
            if all(censored):
                return _with(change, "inconclusive", "at the timeout in both")
            worse = censored[1]
            verdict: ComparisonVerdict = "regression" if worse else "improvement"
            return _with(change, verdict, f"at the timeout in the {'run' if worse else 'baseline'} only", known=False)
        fewest = min(min(side) for side in counts) * (1 - quantile)
        if fewest < FEWEST_BEYOND:
            needed = math.ceil(FEWEST_BEYOND / (1 - quantile) - 1e-6)
            return _with(change, "inconclusive", f"needs {needed:,} values on each side", gated=False)
        if change.metric.startswith("response_time") and any(_overloaded(side) for side in sides):
            reason = "overloaded: response times grow with the length of the run; attained decides"
            return _with(change, change.verdict, reason, gated=False)
        return change

    def _spread(self, metric: str, operation: str, statistic: str) -> Spread:
        values = []
        for record in self._history:
            stats = record.summary.operations.get(operation) if operation else record.summary.total
            value = value_of(stats, metric) if stats else None
            if value:
                values.append(math.log(value))
        if len(values) >= FEWEST_HISTORY:
            return Spread(float(np.std(values, ddof=1)), len(values) - 1, assumed=False)
        return Spread(ASSUMED_SPREAD[statistic], ASSUMED_DF, assumed=True)

    def _throughput(self) -> MetricChange | None:
        ended = [[part.outcomes.ended for part in side] for side in self._parts("")]
        per = [[held.seconds for held in side] for side in self._sides]
        slowed = (0.0, 0.0)  # the baseline's generator: its throughput is the higher without it; the run's
        if not self._asked and self._has_seconds:
            slowed = slowed_by(self._sides[0], self._excess[1]), slowed_by(self._sides[1], self._excess[0])
        return self._per("throughput", "", ended, per, gated=not self._asked, reach=slowed)

    def _per(
        self, metric: str, operation: str, counted: list[list[Float64s]], per: list[list[Float64s]], *, gated: bool,
        reach: tuple[float, float] = (0.0, 0.0),
    ) -> MetricChange | None:  # fmt: skip
        """Something that is counted, for each second or for each of something else."""
        sides = self._parts(operation)
        values = [[value for part in side if (value := value_of(part.stats, metric))] for side in sides]
        if [len(side) for side in values] != [len(side) for side in sides]:
            return None
        template = MetricChange(
            metric=metric, operation=operation, unit=metric_unit(metric), baseline=_geometric(values[0]),
            run=_geometric(values[1]), change=0.0, low=-1.0, high=9.99, interval_known=False,
            confidence=self._confidence, threshold=self._threshold, verdict="inconclusive", gated=gated,
            n_baseline=_number_behind(metric, sides[0]), n_run=_number_behind(metric, sides[1]),
        )  # fmt: skip
        if not self._has_seconds or not all(seconds.sum() for side in (*counted, *per) for seconds in side):
            return _without_interval(template)
        estimates = [[ratio(*each) for each in zip(*both, strict=True)] for both in zip(counted, per, strict=True)]
        worse = -1 if higher_is_better(metric) else 1
        found = log_change(
            *estimates, confidence=self._confidence, margin=worse * math.log1p(worse * self._threshold), worse=worse,
            spread=self._spread(metric, operation, "p50"), reach=reach,
        )  # fmt: skip
        change = self._of_limited(_filled(template, found))
        return change if gated else _with(change, change.verdict, "set by the asked rate; attained decides")

    def _error_rate(self, operation: str) -> MetricChange | None:
        return self._share("error_rate", operation, _failed, _judged)

    def _attained(self) -> MetricChange | None:
        return self._share("attained", "", _ok, _scheduled) if self._asked else None

    def _share(
        self, metric: str, operation: str, hits: Callable[[Part], Float64s], trials: Callable[[Part], Float64s]
    ) -> MetricChange | None:
        sides = self._parts(operation)
        if any(value_of(part.stats, metric) is None for side in sides for part in side):
            return None
        before, after = (share_of([_paired(hits(part), trials(part)) for part in side]) for side in sides)
        worse = -1 if higher_is_better(metric) else 1
        match metric:
            case "attained":
                margin = ATTAINED_MARGIN
            case "hit_rate":  # its misses are what grows
                margin = max(HIT_MARGIN, self._threshold * (1 - max(before.p, after.p)))
            case _:
                margin = max(ERROR_MARGIN, self._threshold * min(before.p, after.p))
        found = share_change(before, after, confidence=self._confidence, margin=margin, worse=worse)
        return MetricChange(
            metric=metric, operation=operation, unit=metric_unit(metric), baseline=before.p, run=after.p,
            change=found.change, low=found.low, high=found.high, confidence=self._confidence, threshold=margin,
            verdict=found.verdict, reason=found.reason, n_baseline=before.trials, n_run=after.trials,
        )  # fmt: skip


def _excess_of(baseline: Sequence[Round], runs: Sequence[Round]) -> tuple[Excess, Excess]:
    """What the run's generator added beyond the baseline's, and the other way round, of start delays and loop lag.

    Where the lag of one side is not known, it is left out on both.
    """
    known = all(held.lag.total for held in (*baseline, *runs))
    before, after = (
        comonotone(
            [
                Sparse.merged([held.start_delay for held in side]),
                Sparse.merged([held.lag for held in side]) if known else Sparse(),
            ]
        )
        for side in (baseline, runs)
    )
    return excess(after, before), excess(before, after)


def _outcomes(part: Part) -> Outcomes:
    """Second by second, or all at once when only a summary is known."""
    if len(part.outcomes.ok):
        return part.outcomes
    whole, counts = Outcomes(1), part.stats.counts
    whole.ok[0], whole.scheduled[0] = counts.ok, counts.scheduled
    whole.failed[0] = failures(counts, part.stats.error_classes)
    return whole


def _failed(part: Part) -> Float64s:
    return _outcomes(part).failed


def _judged(part: Part) -> Float64s:
    outcomes = _outcomes(part)
    return outcomes.ok + outcomes.failed


def _ok(part: Part) -> Float64s:
    return _outcomes(part).ok


def _scheduled(part: Part) -> Float64s:
    return _outcomes(part).scheduled


def _hits(part: Part) -> Float64s:
    return _values(part, "hit_time")


def _looked_up(part: Part) -> Float64s:
    return _values(part, "hit_time") + _values(part, "miss_time")


def _values(part: Part, time: str) -> Float64s:
    """How many values a time has, second by second, or all at once."""
    return part.time(time).per_second if len(part.outcomes.ok) else np.array([float(part.count_of(time))])


def _number_behind(metric: str, side: Sequence[Part]) -> int:
    """How many values are behind what is counted per second, or for each of something."""
    amounts = [part.stats.of_protocol.amounts for part in side]
    if metric in OWN_MEANS:
        return sum(each[OWN_MEANS[metric]].total for each in amounts)
    return (
        sum(each[metric].total for each in amounts)
        if metric in OWN_RATES
        else sum(part.stats.counts.ok for part in side)
    )


def _paired(hits: Float64s, trials: Float64s) -> tuple[Float64s, Float64s]:
    """Hits and trials in blocks of two seconds: neighbours depend on each other."""
    places = np.arange(len(hits)) // 2
    return summed(places, hits), summed(places, trials)


def _overloaded(side: Sequence[Part]) -> bool:
    scheduled = sum(part.stats.counts.scheduled for part in side)
    unanswered = sum(
        part.stats.counts.timeouts + part.stats.counts.dropped + part.stats.counts.cancelled for part in side
    )
    return unanswered > OVERLOADED * scheduled


def _geometric(values: Sequence[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values)) if len(values) > 1 else values[0]


def _without_interval(template: MetricChange) -> MetricChange:
    return replace(
        template, change=template.run / template.baseline - 1, reason="no time series: how sure it is cannot be said"
    )


def _to_digits(change: MetricChange) -> MetricChange:
    """Without the digits that mean nothing."""
    names = ("baseline", "run", "change", "low", "high", "confidence", "threshold")
    equivalence = change.equivalence and (to_digits(change.equivalence[0]), to_digits(change.equivalence[1]))
    return replace(change, **{name: to_digits(getattr(change, name)) for name in names}, equivalence=equivalence)


def _filled(template: MetricChange, found: LogChange) -> MetricChange:
    known = found.high - found.low < _WIDEST
    return replace(
        template,
        change=math.expm1(found.change),
        low=math.expm1(found.low) if known else template.low,
        high=math.expm1(found.high) if known else template.high,
        interval_known=known,
        verdict=found.verdict,
        reason=found.reason,
        equivalence=found.equivalence and (math.expm1(found.equivalence[0]), math.expm1(found.equivalence[1])),
    )


def _with(
    change: MetricChange, verdict: ComparisonVerdict, reason: str, *, gated: bool | None = None, known: bool = True
) -> MetricChange:
    return replace(
        change,
        verdict=verdict,
        reason=reason,
        gated=change.gated if gated is None else gated,
        interval_known=known and change.interval_known,
        equivalence=change.equivalence if verdict == "no_difference" else None,
    )
