"""Every limit of the trust table, just below and just above it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from perftui.metrics.timeline import Timeline
from perftui.metrics.trust import judge_interval
from perftui.model.interval import Cell, Counts, HostSample, Interval, TrustReason, TrustVerdict, WorkerHealth
from perftui.model.plan import Load, Mode, Operation, Phase, Plan, Stage, Target
from perftui.model.record import Trust
from support.simulated_runs import histogram_data


def _plan(url: str = "http://service.example", mode: Mode = "rate") -> Plan:
    load = Load(mode=mode, stages=(Stage(duration_s=60, to=100),), start_level=100)
    return Plan(name="test", target=Target(url=url), load=load, operations=(Operation(name="get"),))


def _second(
    at_s: float = 0.0, *, phase: Phase = "measure", service_ms: float = 10.0, delay_ms: float = 0.02,
    counts: Counts | None = None, host: HostSample | None = None, workers: int = 1, **health: Any,
) -> Interval:  # fmt: skip
    times = histogram_data(np.full(100, int(service_ms * 1e3)))
    delays = histogram_data(np.full(100, int(delay_ms * 1e3)))
    cell = Cell(
        counts=counts or Counts(scheduled=100, started=100, ok=100), service_time=times, response_time=times,
        start_delay=delays,
    )  # fmt: skip
    return Interval(
        at_s=at_s, duration_s=1.0, phase=phase, cells={"measure": {"get": cell}}, host=host or HostSample(),
        workers=tuple(WorkerHealth(worker=number, **health) for number in range(workers)),
    )  # fmt: skip


def _seconds(count: int, first: Interval, rest: Interval | None = None, flagged: int | None = None) -> list[Interval]:
    """Some flagged seconds, then quiet ones."""
    flagged = count if flagged is None else flagged
    quiet = rest or _second()
    return [replace(first if at < flagged else quiet, at_s=float(at)) for at in range(count)]


def judge_run(intervals: Sequence[Interval], plan: Plan) -> Trust:
    timeline = Timeline(plan)
    for interval in intervals:
        timeline.add(interval)
    return timeline.trust()


def _codes(reasons: Sequence[TrustReason]) -> dict[str, TrustVerdict]:
    return {reason.code: reason.verdict for reason in reasons}


@pytest.mark.parametrize(
    ("code", "interval", "verdict"),
    [
        ("start_delay", _second(start_delay_p99_ms=2.0), None),
        ("start_delay", _second(start_delay_p99_ms=2.1), "degraded"),
        ("start_delay", _second(start_delay_p99_ms=20.0), "degraded"),
        ("start_delay", _second(start_delay_p99_ms=20.1), "invalid"),
        # 5 % and 25 % of a median of 200 ms
        ("start_delay", _second(start_delay_p99_ms=9.9, service_ms=200), None),
        ("start_delay", _second(start_delay_p99_ms=10.1, service_ms=200), "degraded"),
        ("start_delay", _second(start_delay_p99_ms=49.5, service_ms=200), "degraded"),
        ("start_delay", _second(start_delay_p99_ms=50.5, service_ms=200), "invalid"),
        ("loop_lag", _second(loop_lag_p99_ms=10.0), None),
        ("loop_lag", _second(loop_lag_p99_ms=10.1), "degraded"),
        ("loop_lag", _second(loop_lag_over_100ms=1, loop_lag_max_ms=150), "degraded"),
        ("loop_lag", _second(loop_lag_over_100ms=2, loop_lag_max_ms=150), "invalid"),
        ("gc", _second(gc_pause_max_ms=5.0), None),
        ("gc", _second(gc_pause_max_ms=5.1), "degraded"),
        ("gc", _second(gc_pause_max_ms=100.0), "degraded"),
        ("gc", _second(gc_pause_max_ms=100.1), "invalid"),
        ("at_cap", _second(at_cap_s=0.0), None),
        ("at_cap", _second(at_cap_s=0.001), "degraded"),
        ("at_cap", _second(at_cap_s=0.051), "invalid"),
        ("throttled", _second(host=HostSample(throttled_percent=0.1)), "degraded"),
        ("throttled", _second(host=HostSample(throttled_percent=10.0)), "degraded"),
        ("throttled", _second(host=HostSample(throttled_percent=10.1)), "invalid"),
        ("steal", _second(host=HostSample(steal_percent=5.0)), None),
        ("steal", _second(host=HostSample(steal_percent=5.1)), "degraded"),
        ("suspended", _second(host=HostSample(suspended_s=12.0)), "invalid"),
        ("client_errors", _second(counts=Counts(scheduled=100, started=99, ok=99, client_errors=1)), "invalid"),
        ("worker", _second(state="unresponsive"), "degraded"),
        ("worker", _second(state="lost"), "degraded"),
    ],
)
def test_limits_of_one_second(code: str, interval: Interval, verdict: TrustVerdict | None) -> None:
    judged = judge_interval(interval, _plan())
    assert _codes(judged.trust_reasons).get(code) == verdict
    assert judged.trust == (verdict or "valid")


@pytest.mark.parametrize(("cpu", "verdict"), [(80, "valid"), (81, "degraded"), (95, "degraded"), (96, "invalid")])
def test_worker_cpu_must_last_three_seconds(cpu: float, verdict: TrustVerdict) -> None:
    busy = _second(cpu_percent=cpu)
    assert judge_interval(busy, _plan()).trust == "valid"
    assert judge_interval(busy, _plan(), [busy]).trust == "valid"
    assert judge_interval(busy, _plan(), [_second(cpu_percent=10), busy]).trust == "valid"
    assert judge_interval(busy, _plan(), [busy, busy]).trust == verdict
    assert judge_run(_seconds(30, busy, flagged=2), _plan()).verdict == "valid"
    assert judge_run(_seconds(30, busy, flagged=3), _plan()).verdict == verdict


@pytest.mark.parametrize(
    ("url", "verdict"),
    [("http://service.example", "degraded"), ("http://127.0.0.1:8000", "valid"), ("http://localhost", "valid")],
)
def test_a_busy_core_counts_only_when_the_target_is_elsewhere(url: str, verdict: TrustVerdict) -> None:
    busy = _second(host=HostSample(cpu_max_core_percent=80.1))
    assert judge_interval(busy, _plan(url), [busy, busy]).trust == verdict
    least = _second(host=HostSample(cpu_max_core_percent=80.0))
    assert judge_interval(busy, _plan(url), [busy, least]).trust == "valid"


def test_at_the_cap_the_wait_is_judged_once() -> None:
    judged = judge_interval(_second(start_delay_p99_ms=500.0, at_cap_s=0.01), _plan())
    assert _codes(judged.trust_reasons) == {"at_cap": "degraded"}


def test_over_the_run_as_well() -> None:
    """Delays of 500 ms in a second at the cap are no lateness of the generator's, neither then nor over the run."""
    capped = _second(start_delay_p99_ms=500.0, delay_ms=500.0, at_cap_s=0.04)
    assert _codes(judge_run(_seconds(60, capped, flagged=3), _plan()).reasons) == {"at_cap": "degraded"}


@pytest.mark.parametrize(
    ("cap", "connections", "words"),
    [
        (4096, 0, "the in-flight cap of 4,096"),
        (4096, 1, "the limit of 1 connection"),
        (4096, 20, "the limit of 20 connections"),
        (10, 20, "the in-flight cap of 10"),
    ],
)
def test_which_limit_requests_wait_at(cap: int, connections: int, words: str) -> None:
    plan = replace(_plan(), load=replace(_plan().load, in_flight_cap=cap, connections=connections))
    capped = _second(at_cap_s=0.5)
    [reason] = judge_interval(capped, plan).trust_reasons
    assert reason.detail == f"requests of worker 0 waited at {words} for 0.5 s"
    [reason] = judge_run(_seconds(10, capped), plan).reasons
    assert reason.detail == f"requests waited at {words} for 50.0 % of the time"


def test_start_delay_is_not_judged_in_users_mode() -> None:
    assert judge_interval(_second(start_delay_p99_ms=500), _plan(mode="users")).trust == "valid"


def _dropping(dropped: int) -> Interval:
    return _second(counts=Counts(scheduled=1000, started=1000 - dropped, ok=1000 - dropped, dropped=dropped))


@pytest.mark.parametrize(
    ("intervals", "code", "verdict"),
    [
        # share of what was due and never sent, over the run
        (_seconds(20, _dropping(10)), "schedule_deficit", None),
        (_seconds(20, _dropping(11)), "schedule_deficit", "degraded"),
        (_seconds(20, _dropping(50)), "schedule_deficit", "degraded"),
        (_seconds(20, _dropping(51)), "schedule_deficit", "invalid"),
        # p99 of the start delay, over the run
        (_seconds(20, _second(delay_ms=1.9)), "start_delay", None),
        (_seconds(20, _second(delay_ms=2.1)), "start_delay", "degraded"),
        (_seconds(20, _second(delay_ms=20.1)), "start_delay", "invalid"),
        # more than 5 % of the seconds
        (_seconds(60, _second(start_delay_p99_ms=3), flagged=3), "start_delay", None),
        (_seconds(60, _second(start_delay_p99_ms=3), flagged=4), "start_delay", "degraded"),
        (_seconds(60, _second(start_delay_p99_ms=30), flagged=1), "start_delay", "degraded"),
        (_seconds(60, _second(start_delay_p99_ms=30), flagged=4), "start_delay", "invalid"),
        (_seconds(60, _second(loop_lag_p99_ms=12), flagged=3), "loop_lag", None),
        (_seconds(60, _second(loop_lag_p99_ms=12), flagged=4), "loop_lag", "degraded"),
        (_seconds(60, _second(gc_pause_max_ms=6), flagged=3), "gc", None),
        (_seconds(60, _second(host=HostSample(steal_percent=6)), flagged=3), "steal", None),
        (_seconds(60, _second(host=HostSample(steal_percent=6)), flagged=4), "steal", "degraded"),
        # at once
        (_seconds(600, _second(loop_lag_over_100ms=1, loop_lag_p99_ms=120), flagged=1), "loop_lag", "degraded"),
        (_seconds(600, _second(loop_lag_over_100ms=1, loop_lag_p99_ms=120), flagged=2), "loop_lag", "invalid"),
        (_seconds(600, _second(gc_pause_max_ms=101), flagged=1), "gc", "invalid"),
        (_seconds(600, _second(host=HostSample(suspended_s=1)), flagged=1), "suspended", "invalid"),
        (_seconds(600, _second(host=HostSample(throttled_percent=1)), flagged=1), "throttled", "degraded"),
        (_seconds(10, _second(host=HostSample(throttled_percent=11))), "throttled", "invalid"),
        (_seconds(600, _second(at_cap_s=0.5), flagged=1), "at_cap", "degraded"),
        (_seconds(100, _second(at_cap_s=1.0), flagged=5), "at_cap", "degraded"),
        (_seconds(100, _second(at_cap_s=1.0), flagged=6), "at_cap", "invalid"),
        (_seconds(60, _second(state="lost"), flagged=1), "worker", "degraded"),
    ],
)  # fmt: skip
def test_how_seconds_add_up_to_a_run(intervals: list[Interval], code: str, verdict: TrustVerdict | None) -> None:
    trust = judge_run(intervals, _plan())
    assert _codes(trust.reasons).get(code) == verdict
    assert trust.verdict == (verdict or "valid")


def test_the_share_of_a_lost_worker_degrades_and_is_not_counted_as_lateness() -> None:
    lost = _second(state="lost", counts=Counts(scheduled=100, started=75, ok=75, dropped=25))
    cell = replace(lost.cells["measure"]["get"], error_classes={"dropped.worker_lost": 25})
    trust = judge_run(_seconds(60, replace(lost, cells={"measure": {"get": cell}})), _plan())
    assert _codes(trust.reasons) == {"worker": "degraded"}


def test_a_single_client_error_anywhere_makes_the_run_invalid() -> None:
    failing = _second(phase="warmup", counts=Counts(scheduled=100, started=99, ok=99, client_errors=1))
    trust = judge_run(_seconds(60, failing, flagged=1), _plan())
    assert trust.verdict == "invalid"
    assert trust.reasons[0].code == "client_errors"
    assert trust.reasons[0].detail == "1 request failed in the generator itself"


def test_warm_up_and_drain_do_not_count() -> None:
    slow = [_second(float(at), phase=phase, loop_lag_p99_ms=50) for phase in ("warmup", "drain") for at in range(10)]
    assert judge_run([*slow, *_seconds(20, _second())], _plan()).verdict == "valid"


def test_a_loopback_target_is_noted_and_stays_valid() -> None:
    trust = judge_run(_seconds(5, _second()), _plan("http://[::1]:8000"))
    assert trust.verdict == "valid"
    assert _codes(trust.reasons) == {"shared_cpu": "valid"}


def test_reasons_say_numbers_limit_and_moment_and_the_worst_comes_first() -> None:
    slow = _second(start_delay_p99_ms=34.2, delay_ms=34.2, host=HostSample(steal_percent=7.5))
    trust = judge_run(_seconds(10, slow), _plan())
    assert trust.verdict == "invalid"
    assert [reason.code for reason in trust.reasons] == ["start_delay", "steal"]
    assert trust.reasons[0].detail == "worker 0 started requests 34.2 ms late (p99), limit 20.0 ms (10 of 10 s)"
    assert trust.reasons[1].detail == "the hypervisor took 7.5 % of the CPU, limit 5 % (10 of 10 s)"
    assert trust.reasons[0].at_s == 0.0
