"""What the generator did to the numbers of a run, and the verdict that follows.

The verdict of a run is that of its own numbers (metrics/generator_bounds.py has that of one number): of every
percentile that an objective names, else of p50, p95 and p99 of the response times.

    valid       every one of them is sound, and the schedule was kept
    degraded    one of them is blurred or unusable, or more than 1 % of what was due was not sent by the generator's
                own fault
    invalid     the median itself is unusable, more than 5 % of what was due was not sent by the generator's own fault,
                a request failed in the generator, or the machine slept

What may have caused it (a busy worker, the cap, garbage collection, a quota) is said beside it and is no verdict: a
busy processor that made nobody late has disturbed nothing. metrics/trust_rules.py finds causes second by second.

Users without think time load as fast as they can: something is always at its limit. Where that is the worker,
throughput is the least that the target can do, and the times are mostly the worker's own queue. That is a finding, not
a fault.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from perftui.metrics.cells import sum_of
from perftui.metrics.failures import own_drops
from perftui.metrics.generator_bounds import bounds
from perftui.metrics.summary import generator_of
from perftui.metrics.trust_rules import AT_ONCE, BUSY, cap_text, client_errors_text, is_local, second_causes
from perftui.model.interval import Interval, NumberVerdict, TrustReason, TrustVerdict
from perftui.model.plan import Phase, Plan
from perftui.model.record import Bound, Stats, Summary, Trust
from perftui.model.units import format_ms, format_percent

DEFICIT = (0.01, 0.05)
"""Share of what was due and not sent by the generator's fault that degrades a run, and that makes it invalid."""
SECONDS_SHARE = 0.05
"""Of the seconds in which a cause must have been there to be named for the run."""
LIMIT = "generator_limit"
_ORDER: dict[TrustVerdict, int] = {"valid": 0, "degraded": 1, "invalid": 2}
_ANY_PHASE = frozenset({"client_errors", "suspended", "worker"})
_LOADED_PHASES: tuple[Phase, ...] = ("ramp", "measure")
"""Whose seconds count for a run."""
_FEWEST = {"p99": 1_000, "p99_9": 10_000}
"""Values below which a percentile is not shown, and not judged unless an objective names it."""
_OF_A_SECOND = ("p50", "p95")


def worst_of(reasons: Iterable[TrustReason]) -> TrustVerdict:
    """The worst verdict of some reasons; valid without any."""
    return max((reason.verdict for reason in reasons), key=_ORDER.__getitem__, default="valid")


def is_generator_limit(trust: Trust) -> bool:
    """Whether the generator's own speed is what was measured."""
    return any(reason.code == LIMIT for reason in trust.reasons)


def judge_interval(interval: Interval, plan: Plan, earlier: Sequence[Interval] = ()) -> Interval:
    """The interval with its trust filled in. Called once, where it is written.

    Args:
        interval: What was measured.
        plan: What the run does.
        earlier: The intervals before it, oldest first; the last two are enough.
    """
    reasons = (*_of_second(interval, plan), *second_causes(interval, plan, earlier))
    return msgspec.structs.replace(interval, trust=worst_of(reasons), trust_reasons=reasons)


def _of_second(interval: Interval, plan: Plan) -> list[TrustReason]:
    total = sum_of(cell for cells in interval.cells.values() for cell in cells.values())
    times = total.shown_time("response_time", plan.load.mode).stats()
    found = bounds(times, total.time("service_time"), generator_of([interval]))
    named = {f"response_time.{name}": found[name] for name in _OF_A_SECOND if name in found}
    return [msgspec.structs.replace(reason, at_s=interval.at_s) for reason in _of_numbers(named)]


def _of_numbers(named: dict[str, Bound]) -> list[TrustReason]:
    """A reason for each number that is not sound."""
    verdicts: dict[NumberVerdict, TrustVerdict] = {"sound": "valid", "blurred": "degraded", "unusable": "degraded"}
    reasons = []
    for metric, bound in named.items():
        verdict = verdicts[bound.verdict]
        if metric == "response_time.p50" and bound.verdict == "unusable":
            verdict = "invalid"
        if verdict != "valid":
            detail = f"{metric} {format_ms(bound.upper)} ms: up to {format_ms(bound.upper - bound.lower)} ms of it "
            detail += f"({format_percent(bound.share)}) may be the generator's: {bound.verdict}"
            reasons.append(TrustReason(code=metric, verdict=verdict, detail=detail))
    return reasons


def named_bounds(plan: Plan, summary: Summary) -> dict[str, Bound]:
    """The numbers that the verdict of a run is about, by metric (after its operation, where it has one)."""
    found: dict[str, Bound] = {}
    for objective in plan.objectives:
        stats = summary.operations.get(objective.operation) if objective.operation else summary.total
        bound = bound_of(stats, objective.metric) if stats else None
        if bound is not None:
            name = f"{objective.operation}: {objective.metric}" if objective.operation else objective.metric
            found[name] = bound
    total = summary.total
    if found:
        median = total.response_time_bounds.get("p50")
        return {"response_time.p50": median, **found} if median and median.verdict == "unusable" else found
    shown = [name for name in ("p50", "p95", "p99") if total.response_time_ms.count >= _FEWEST.get(name, 1)]
    return {f"response_time.{name}": total.response_time_bounds[name] for name in shown if total.response_time_bounds}


def bound_of(stats: Stats, metric: str) -> Bound | None:
    """The interval of a metric; None for what is no time of answers, or is not known."""
    time, _, statistic = metric.rpartition(".")
    held = {"response_time": stats.response_time_bounds, "service_time": stats.service_time_bounds}.get(time, {})
    return held.get(statistic)


class _Cause:
    """What one rule found so far."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.first: TrustReason | None = None

    def add(self, reason: TrustReason, duration_s: float) -> None:
        self.seconds += duration_s
        self.first = self.first or reason


class RunTrust:
    """Follows a run interval by interval, in constant memory."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._causes: dict[str, _Cause] = {}
        self._seconds = 0.0
        self._scheduled = self._own_drops = 0
        self._client_errors = 0
        self._at_cap_s = 0.0
        self._busy_s = 0.0

    def add(self, interval: Interval) -> None:
        """Take one more interval, judged when it was written. A merged one keeps what was found in its parts."""
        counted = interval.phase in _LOADED_PHASES
        told: dict[str, TrustReason] = {}
        for reason in interval.trust_reasons:
            if counted or reason.code in _ANY_PHASE:
                told.setdefault(reason.code, reason)
        for code, reason in told.items():
            self._causes.setdefault(code, _Cause()).add(reason, reason.lasted_s or interval.duration_s)
        for cells in interval.cells.values():
            for cell in cells.values():
                self._scheduled += cell.counts.scheduled
                self._own_drops += own_drops(cell.error_classes)
                self._client_errors += cell.counts.client_errors
        if counted:
            self._seconds += interval.duration_s
            self._at_cap_s += max((worker.at_cap_s for worker in interval.workers), default=0.0)
            busy = [worker.busy_percent or worker.cpu_percent for worker in interval.workers]
            self._busy_s += sum(busy) / len(busy) / 100 * interval.duration_s if busy else 0.0

    @property
    def is_limit(self) -> bool:
        """Whether users load as fast as they can and the workers never had to wait for an answer."""
        load = self._plan.load
        full_speed = load.mode == "users" and load.think_s[1] <= 0
        return full_speed and self._seconds > 0 and self._busy_s > BUSY * self._seconds

    def trust(self, summary: Summary) -> Trust:
        """The verdict up to now, the worst reasons first, causes after them.

        Args:
            summary: Of the measure phase.
        """
        reasons = [*self._over_the_run(summary), *self._from_seconds()]
        ordered = sorted(reasons, key=lambda reason: -_ORDER[reason.verdict])
        if is_local(self._plan):
            ordered.append(
                TrustReason(code="shared_cpu", verdict="valid", detail="target and generator share this machine's CPU")
            )
        return Trust(verdict=worst_of(ordered), reasons=tuple(ordered))

    def _over_the_run(self, summary: Summary) -> list[TrustReason]:
        reasons = []
        if self.is_limit:
            busy = format_percent(self._busy_s / self._seconds)
            detail = (
                f"the generator was the limit, busy {busy} of the time: throughput is at least that, and times are "
            )
            detail += "mostly the generator's own; more workers may find more (--workers)"
            reasons.append(TrustReason(code=LIMIT, verdict="degraded", detail=detail))
        else:
            reasons += _of_numbers(named_bounds(self._plan, summary))
        deficit = self._own_drops / self._scheduled if self._scheduled else 0.0
        if deficit > DEFICIT[0]:
            verdict: TrustVerdict = "invalid" if deficit > DEFICIT[1] else "degraded"
            detail = f"{format_percent(deficit)} of the requests that were due were not sent by the generator's fault, "
            detail += f"limit {format_percent(DEFICIT[verdict == 'invalid'])}"
            reasons.append(TrustReason(code="schedule_deficit", verdict=verdict, detail=detail))
        if self._at_cap_s > 0:
            share = min(1.0, self._at_cap_s / self._seconds)
            detail = f"requests waited at {cap_text(self._plan)} for {format_percent(share)} of the time"
            reasons.append(TrustReason(code="at_cap", verdict="valid", detail=detail))
        return reasons

    def _from_seconds(self) -> list[TrustReason]:
        reasons = []
        for code, cause in self._causes.items():
            reason = cause.first
            if reason is None or code == "at_cap" or code.partition(".")[0] in {"response_time", "service_time"}:
                continue  # said over the run
            if cause.seconds <= SECONDS_SHARE * self._seconds and code not in AT_ONCE:
                continue
            detail = reason.detail
            if code == "client_errors":
                detail = client_errors_text(self._client_errors)
            elif self._seconds > 0:
                detail += f" ({cause.seconds:.0f} of {max(self._seconds, cause.seconds):.0f} s)"
            reasons.append(msgspec.structs.replace(reason, detail=detail, lasted_s=0.0))
        return reasons
