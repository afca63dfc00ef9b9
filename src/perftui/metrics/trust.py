"""Whether the generator kept up: per interval, and for the run.

How judged seconds add up to a run's verdict (seconds of the measure and ramp phases; metrics/trust_rules.py has the
limits of one second):

* At once: an error of the generator itself, a suspended machine, loop lag above 100 ms twice, a GC pause above 100 ms
  or a worker above 95 % CPU for 3 s make the run invalid; the in-flight cap, the CPU quota, a worker above 80 % CPU or
  a busy host core for 3 s, one loop lag above 100 ms, an invalid second of any kind or an unresponsive or lost worker
  degrade it.
* Over the run: start_delay p99 (of a run that was never at the cap), schedule deficit (dropped / scheduled: > 1 %
  degraded, > 5 % invalid), share of time at the cap (> 5 % invalid), mean of throttled periods (> 10 % invalid).
* By share: a signal that degrades more than 5 % of the seconds degrades the run, one that makes more than 5 % of them
  invalid makes the run invalid. A single late second in ten minutes is on the screen but is not the run's verdict.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from perftui.metrics.cells import CellSum
from perftui.metrics.trust_rules import (
    AT_CAP,
    THROTTLED,
    above,
    cap_text,
    client_errors_text,
    is_local,
    second_reasons,
    start_delay_limits,
)
from perftui.model.interval import Interval, TrustReason, TrustVerdict
from perftui.model.plan import Phase, Plan
from perftui.model.record import Trust
from perftui.model.units import format_ms, format_percent

DEFICIT = (0.01, 0.05)
SECONDS_SHARE = 0.05
_ORDER: dict[TrustVerdict, int] = {"valid": 0, "degraded": 1, "invalid": 2}
_DEGRADES_AT_ONCE = frozenset({"at_cap", "throttled", "worker_cpu", "host_cpu", "worker"})
_INVALID_AT_ONCE = frozenset({"client_errors", "suspended", "gc", "worker_cpu"})
_ANY_PHASE = frozenset({"client_errors", "suspended", "worker"})
LOADED_PHASES: tuple[Phase, ...] = ("ramp", "measure")
"""Whose seconds count for a run."""


def worst_of(reasons: Iterable[TrustReason]) -> TrustVerdict:
    """The worst verdict of some reasons; valid without any."""
    return max((reason.verdict for reason in reasons), key=_ORDER.__getitem__, default="valid")


def judge_interval(interval: Interval, plan: Plan, earlier: Sequence[Interval] = ()) -> Interval:
    """The interval with its trust filled in.

    Args:
        interval: What was measured.
        plan: What the run does.
        earlier: The intervals before it, oldest first; the last two are enough.
    """
    reasons = tuple(second_reasons(interval, plan, earlier))
    return msgspec.structs.replace(interval, trust=worst_of(reasons), trust_reasons=reasons)


def _worst_of_each(reasons: Iterable[TrustReason]) -> list[TrustReason]:
    """Of each code the worst reason, the first of those that are equally bad."""
    worst: dict[str, TrustReason] = {}
    for reason in reasons:
        held = worst.get(reason.code)
        if held is None or _ORDER[reason.verdict] > _ORDER[held.verdict]:
            worst[reason.code] = reason
    return list(worst.values())


class _Signal:
    """What one rule found so far."""

    def __init__(self) -> None:
        self.degraded_s = 0.0
        self.invalid_s = 0.0
        self.worst: TrustReason | None = None
        self.first_s: float | None = None

    def add(self, reason: TrustReason, duration_s: float) -> None:
        if reason.verdict == "invalid":
            self.invalid_s += duration_s
        else:
            self.degraded_s += duration_s
        if self.worst is None or _ORDER[reason.verdict] > _ORDER[self.worst.verdict]:
            self.worst = reason
        self.first_s = reason.at_s if self.first_s is None else self.first_s


class RunTrust:
    """Judges a run interval by interval, in constant memory."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._earlier: list[Interval] = []
        self._signals: dict[str, _Signal] = {}
        self._seconds = 0.0
        self._scheduled = self._dropped = 0
        self._client_errors = 0
        self._at_cap_s = 0.0
        self._throttled_s = 0.0
        self._lags = 0

    def add(self, interval: Interval) -> tuple[TrustReason, ...]:
        """Judge one more interval and say what was found. A merged one keeps what was found in its parts."""
        merged = any(reason.lasted_s for reason in interval.trust_reasons)
        found = interval.trust_reasons if merged else tuple(second_reasons(interval, self._plan, self._earlier))
        counted = interval.phase in LOADED_PHASES
        told = [reason for reason in found if counted or reason.code in _ANY_PHASE]
        for reason in told if merged else _worst_of_each(told):
            signal = self._signals.setdefault(reason.code, _Signal())
            signal.add(reason, reason.lasted_s or interval.duration_s)
        self._earlier = [*self._earlier[-1:], interval]
        for cells in interval.cells.values():
            for cell in cells.values():
                self._scheduled += cell.counts.scheduled
                # what a lost worker would have sent is said by its own reason
                self._dropped += cell.counts.dropped - cell.error_classes.get("dropped.worker_lost", 0)
                self._client_errors += cell.counts.client_errors
        if counted:
            self._seconds += interval.duration_s
            self._at_cap_s += max((worker.at_cap_s for worker in interval.workers), default=0.0)
            self._throttled_s += interval.host.throttled_percent * interval.duration_s
            self._lags += sum(worker.loop_lag_over_100ms for worker in interval.workers)
        return found

    def trust(self, loaded: CellSum) -> Trust:
        """The verdict up to now, the worst reasons first.

        Args:
            loaded: Everything measured in the measure and ramp phases.
        """
        reasons = [*self._from_seconds(), *self._over_the_run(loaded)]
        ordered = sorted(_worst_of_each(reasons), key=lambda reason: -_ORDER[reason.verdict])
        if is_local(self._plan):
            ordered.append(
                TrustReason(code="shared_cpu", verdict="valid", detail="target and generator share this machine's CPU")
            )
        return Trust(verdict=worst_of(ordered), reasons=tuple(ordered))

    def _from_seconds(self) -> list[TrustReason]:
        reasons = []
        for code, signal in self._signals.items():
            if signal.worst is None:
                continue
            verdict = self._verdict_of(code, signal)
            if verdict == "valid":
                continue
            detail = signal.worst.detail
            flagged_s = signal.degraded_s + signal.invalid_s
            if code == "client_errors":
                detail = client_errors_text(self._client_errors)
            elif self._seconds > 0:
                detail += f" ({flagged_s:.0f} of {max(self._seconds, flagged_s):.0f} s)"
            reasons.append(TrustReason(code=code, verdict=verdict, detail=detail, at_s=signal.first_s))
        return reasons

    def _verdict_of(self, code: str, signal: _Signal) -> TrustVerdict:
        if code == "loop_lag" and self._lags:
            return "invalid" if self._lags > 1 else "degraded"
        if signal.invalid_s and code in _INVALID_AT_ONCE:
            return "invalid"
        share_s = self._seconds * SECONDS_SHARE
        if code not in {"at_cap", "throttled"} and signal.invalid_s > share_s:
            return "invalid"
        if signal.invalid_s or code in _DEGRADES_AT_ONCE or signal.degraded_s > share_s:
            return "degraded"
        return "valid"

    def _over_the_run(self, loaded: CellSum) -> list[TrustReason]:
        reasons = []
        delays = loaded.time("start_delay")
        if delays.total:
            p50_ms = loaded.time("service_time").quantiles_us((0.5,))[0] / 1e3
            p99_ms = delays.quantiles_us((0.99,))[0] / 1e3
            limits = start_delay_limits(p50_ms)
            # at the cap, waiting is the cap's doing
            if "at_cap" not in self._signals and (verdict := above(p99_ms, limits)) != "valid":
                detail = f"requests started {format_ms(p99_ms)} ms late (p99), "
                detail += f"limit {format_ms(limits[verdict == 'invalid'])} ms"
                reasons.append(TrustReason(code="start_delay", verdict=verdict, detail=detail))
        deficit = self._dropped / self._scheduled if self._scheduled else 0.0
        if (verdict := above(deficit, DEFICIT)) != "valid":
            detail = f"{format_percent(deficit)} of the requests that were due were never sent, "
            detail += f"limit {format_percent(DEFICIT[verdict == 'invalid'])}"
            reasons.append(TrustReason(code="schedule_deficit", verdict=verdict, detail=detail))
        if self._seconds > 0:
            share = min(1.0, self._at_cap_s / self._seconds)
            if (verdict := above(share, AT_CAP)) != "valid":
                detail = f"requests waited at {cap_text(self._plan)} for {format_percent(share)} of the time"
                reasons.append(TrustReason(code="at_cap", verdict=verdict, detail=detail))
            throttled = self._throttled_s / self._seconds
            if (verdict := above(throttled, THROTTLED)) != "valid":
                detail = f"the CPU quota held this machine back in {throttled:.1f} % of its periods"
                reasons.append(TrustReason(code="throttled", verdict=verdict, detail=detail))
        return reasons
