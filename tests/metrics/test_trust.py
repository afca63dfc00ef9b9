"""What the generator did to the numbers of a run, and which causes are named, just below and just above each limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from msgspec.structs import replace

from perftui.metrics.timeline import Timeline
from perftui.metrics.trust import is_generator_limit, judge_interval
from perftui.model.interval import Cell, Counts, HostSample, Interval, TrustReason, TrustVerdict, WorkerHealth
from perftui.model.plan import Load, Mode, Objective, Operation, Phase, Plan, Stage, Target
from perftui.model.record import Trust
from support.simulated_runs import histogram_data


def _plan(url: str = "http://service.example", mode: Mode = "rate") -> Plan:
    load = Load(mode=mode, stages=(Stage(duration_s=60, to=100),), start_level=100)
    return Plan(name="test", target=Target(url=url), load=load, operations=(Operation(name="get"),))


def _second(
    at_s: float = 0.0, *, phase: Phase = "measure", service_ms: float = 10.0, delay_ms: float = 0.02,
    counts: Counts | None = None, host: HostSample | None = None, workers: int = 1, lag_ms: float = 0.05,
    lagging: float = 1.0, **health: Any,
) -> Interval:  # fmt: skip
    """A second with a hundred answers, all alike; in a share of it the loop was that late."""
    times = histogram_data(np.full(100, int(service_ms * 1e3)))
    lags = histogram_data(np.where(np.arange(200) < 200 * lagging, int(lag_ms * 1e3), 50))
    delays = histogram_data(np.full(100, int(delay_ms * 1e3)))
    responses = histogram_data(np.full(100, int((service_ms + delay_ms) * 1e3)))
    cell = Cell(
        counts=counts or Counts(scheduled=100, started=100, ok=100), service_time=times, response_time=responses,
        start_delay=delays,
    )  # fmt: skip
    return Interval(
        at_s=at_s, duration_s=1.0, phase=phase, cells={"measure": {"get": cell}}, host=host or HostSample(),
        workers=tuple(WorkerHealth(worker=number, loop_lag=lags, **health) for number in range(workers)),
    )  # fmt: skip


def _seconds(count: int, first: Interval, rest: Interval | None = None, flagged: int | None = None) -> list[Interval]:
    """Some flagged seconds, then quiet ones."""
    flagged = count if flagged is None else flagged
    quiet = rest or _second()
    return [replace(first if at < flagged else quiet, at_s=float(at)) for at in range(count)]


def judge_run(intervals: Sequence[Interval], plan: Plan) -> Trust:
    timeline = Timeline(plan)
    earlier: list[Interval] = []
    for interval in intervals:
        judged = judge_interval(interval, plan, earlier[-2:])
        earlier.append(judged)
        timeline.add(judged)
    return timeline.trust()


def _codes(reasons: Sequence[TrustReason]) -> dict[str, TrustVerdict]:
    return {reason.code: reason.verdict for reason in reasons}


@pytest.mark.parametrize(
    ("code", "interval", "named"),
    [
        ("start_delay", _second(start_delay_p99_ms=2.0), False),
        ("start_delay", _second(start_delay_p99_ms=2.1), True),
        # 5 % of a median of 200 ms
        ("start_delay", _second(start_delay_p99_ms=9.9, service_ms=200), False),
        ("start_delay", _second(start_delay_p99_ms=10.1, service_ms=200), True),
        ("loop_lag", _second(loop_lag_p99_ms=10.0), False),
        ("loop_lag", _second(loop_lag_p99_ms=10.1), True),
        ("held_up", _second(loop_lag_over_100ms=1, loop_lag_max_ms=150), True),
        ("gc", _second(gc_pause_max_ms=5.0), False),
        ("gc", _second(gc_pause_max_ms=5.1), True),
        ("at_cap", _second(at_cap_s=0.0), False),
        ("at_cap", _second(at_cap_s=0.001), True),
        ("throttled", _second(host=HostSample(throttled_percent=0.1)), True),
        ("steal", _second(host=HostSample(steal_percent=5.0)), False),
        ("steal", _second(host=HostSample(steal_percent=5.1)), True),
        ("worker", _second(state="unresponsive"), True),
        ("worker", _second(state="lost"), True),
    ],
)
def test_causes_are_named_and_are_no_verdict(code: str, interval: Interval, *, named: bool) -> None:
    judged = judge_interval(interval, _plan())
    assert _codes(judged.trust_reasons).get(code) == ("valid" if named else None)
    assert judged.trust == "valid"


@pytest.mark.parametrize(
    ("code", "interval"),
    [
        ("suspended", _second(host=HostSample(suspended_s=12.0))),
        ("client_errors", _second(counts=Counts(scheduled=100, started=99, ok=99, client_errors=1))),
    ],
)
def test_own_errors_and_sleep_make_a_second_and_the_run_invalid(code: str, interval: Interval) -> None:
    judged = judge_interval(interval, _plan())
    assert _codes(judged.trust_reasons) == {code: "invalid"}
    assert judged.trust == "invalid"
    assert judge_run(_seconds(600, interval, flagged=1), _plan()).verdict == "invalid"


@pytest.mark.parametrize(
    ("interval", "verdict"),
    [
        (_second(), "valid"),
        (_second(lag_ms=3.0, lagging=0.03), "valid"),  # so few ticks reach neither median nor p95 of equal answers
        (_second(lag_ms=1.0), "degraded"),  # every answer a tenth later
        (_second(lag_ms=3.0), "invalid"),  # a third
        (_second(delay_ms=1.0), "degraded"),  # starts late: part of response times
        (_second(delay_ms=8.0), "invalid"),
    ],
)
def test_a_second_is_worth_what_its_median_and_p95_are(interval: Interval, verdict: TrustVerdict) -> None:
    assert judge_interval(interval, _plan()).trust == verdict
    assert judge_run(_seconds(12, interval), _plan()).verdict == verdict


def test_a_bad_tenth_of_a_run_spoils_its_tail_and_is_said_of_those_numbers_only() -> None:
    trust = judge_run(_seconds(60, _second(lag_ms=500.0, service_ms=510), flagged=6), _plan())
    assert trust.verdict == "degraded"
    assert [reason.code for reason in trust.reasons] == ["response_time.p95", "response_time.p99"]
    assert trust.reasons[0].detail == (
        "response_time.p95 510 ms: up to 500 ms of it (98.1 %) may be the generator's: unusable"
    )


def test_the_numbers_that_objectives_name_decide() -> None:
    seconds = _seconds(60, _second(lag_ms=500.0, service_ms=510), flagged=6)
    p50 = Objective(metric="response_time.p50", target="< 1s")
    assert judge_run(seconds, replace(_plan(), objectives=(p50,))).verdict == "valid"
    tail = Objective(metric="service_time.p99", target="< 1s", operation="get")
    trust = judge_run(seconds, replace(_plan(), objectives=(p50, tail)))
    assert _codes(trust.reasons) == {"get: service_time.p99": "degraded"}
    # a median that is worth nothing makes the run invalid whatever is named
    assert judge_run(_seconds(12, _second(lag_ms=5.0)), replace(_plan(), objectives=(tail,))).verdict == "invalid"
    # an objective on something else leaves the headline to decide
    failures = Objective(metric="error_rate", target="< 1%")
    assert judge_run(seconds, replace(_plan(), objectives=(failures,))).verdict == "degraded"


@pytest.mark.parametrize("cpu", [80, 81])
def test_worker_cpu_must_last_three_seconds(cpu: float) -> None:
    busy = _second(cpu_percent=cpu)
    named = {"worker_cpu": "valid"} if cpu > 80 else {}
    assert judge_interval(busy, _plan()).trust_reasons == ()
    assert judge_interval(busy, _plan(), [busy]).trust_reasons == ()
    assert judge_interval(busy, _plan(), [_second(cpu_percent=10), busy]).trust_reasons == ()
    assert _codes(judge_interval(busy, _plan(), [busy, busy]).trust_reasons) == named
    assert _codes(judge_run(_seconds(30, busy, flagged=2), _plan()).reasons) == {}
    assert _codes(judge_run(_seconds(30, busy, flagged=3), _plan()).reasons) == named


@pytest.mark.parametrize(
    ("url", "named"),
    [("http://service.example", True), ("http://127.0.0.1:8000", False), ("http://localhost", False)],
)
def test_a_busy_core_counts_only_when_the_target_is_elsewhere(url: str, *, named: bool) -> None:
    busy = _second(host=HostSample(cpu_max_core_percent=80.1))
    assert bool(judge_interval(busy, _plan(url), [busy, busy]).trust_reasons) == named
    least = _second(host=HostSample(cpu_max_core_percent=80.0))
    assert judge_interval(busy, _plan(url), [busy, least]).trust_reasons == ()


def test_at_the_cap_the_wait_is_named_once() -> None:
    judged = judge_interval(_second(start_delay_p99_ms=500.0, at_cap_s=0.01), _plan())
    assert _codes(judged.trust_reasons) == {"at_cap": "valid"}


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
    assert judge_interval(_second(start_delay_p99_ms=500), _plan(mode="users")).trust_reasons == ()


def _dropping(dropped: int, error_class: str) -> Interval:
    second = _second(counts=Counts(scheduled=1000, started=1000 - dropped, ok=1000 - dropped, dropped=dropped))
    cell = replace(second.cells["measure"]["get"], error_classes={error_class: dropped})
    return replace(second, cells={"measure": {"get": cell}})


@pytest.mark.parametrize(
    ("dropped", "error_class", "verdict"),
    [
        (10, "dropped.generator", "valid"), (11, "dropped.generator", "degraded"),
        (50, "dropped.generator", "degraded"), (51, "dropped.generator", "invalid"),
        (11, "dropped.worker_lost", "degraded"), (51, "dropped.worker_lost", "invalid"),
        (200, "dropped.late", "valid"),
    ],
)  # fmt: skip
def test_what_was_not_sent_by_its_own_fault(dropped: int, error_class: str, verdict: TrustVerdict) -> None:
    """No place in flight because the target does not answer is not the generator's doing."""
    trust = judge_run(_seconds(20, _dropping(dropped, error_class)), _plan())
    assert trust.verdict == verdict
    assert ("schedule_deficit" in _codes(trust.reasons)) == (verdict != "valid")


@pytest.mark.parametrize(
    ("intervals", "code", "named"),
    [
        # more than 5 % of the seconds
        (_seconds(60, _second(start_delay_p99_ms=3), flagged=3), "start_delay", False),
        (_seconds(60, _second(start_delay_p99_ms=3), flagged=4), "start_delay", True),
        (_seconds(60, _second(loop_lag_p99_ms=12), flagged=3), "loop_lag", False),
        (_seconds(60, _second(loop_lag_p99_ms=12), flagged=4), "loop_lag", True),
        (_seconds(60, _second(gc_pause_max_ms=6), flagged=3), "gc", False),
        (_seconds(60, _second(host=HostSample(steal_percent=6)), flagged=4), "steal", True),
        # at once
        (_seconds(600, _second(loop_lag_over_100ms=1, loop_lag_max_ms=120), flagged=1), "held_up", True),
        (_seconds(600, _second(host=HostSample(throttled_percent=1)), flagged=1), "throttled", True),
        (_seconds(600, _second(at_cap_s=0.5), flagged=1), "at_cap", True),
        (_seconds(60, _second(state="lost"), flagged=1), "worker", True),
    ],
)
def test_which_causes_are_named_for_a_run(intervals: list[Interval], code: str, *, named: bool) -> None:
    trust = judge_run(intervals, _plan())
    assert (code in _codes(trust.reasons)) == named
    assert trust.verdict == "valid"


def _full_speed(busy: float) -> list[Interval]:
    return _seconds(20, _second(service_ms=0.5, busy_percent=busy))


def test_users_at_full_speed_may_find_the_limit_of_the_generator() -> None:
    plan = _plan(mode="users")
    trust = judge_run(_full_speed(97), plan)
    assert is_generator_limit(trust)
    assert trust.verdict == "degraded"
    assert trust.reasons[0].detail.startswith("the generator was the limit, busy 97.0 % of the time")
    assert not is_generator_limit(judge_run(_full_speed(80), plan))
    thinking = replace(plan, load=replace(plan.load, think_s=(0.1, 0.2)))
    assert not is_generator_limit(judge_run(_full_speed(97), thinking))
    assert not is_generator_limit(judge_run(_full_speed(97), _plan()))


def test_a_single_client_error_anywhere_makes_the_run_invalid() -> None:
    failing = _second(phase="warmup", counts=Counts(scheduled=100, started=99, ok=99, client_errors=1))
    trust = judge_run(_seconds(60, failing, flagged=1), _plan())
    assert trust.verdict == "invalid"
    assert trust.reasons[0].code == "client_errors"
    assert trust.reasons[0].detail == "1 request failed in the generator itself"


def test_causes_in_warm_up_and_drain_are_not_named_for_the_run() -> None:
    slow = [_second(float(at), phase=phase, loop_lag_p99_ms=50) for phase in ("warmup", "drain") for at in range(10)]
    assert judge_run([*slow, *_seconds(20, _second())], _plan()).reasons == ()


def test_a_loopback_target_is_noted_and_stays_valid() -> None:
    trust = judge_run(_seconds(5, _second()), _plan("http://[::1]:8000"))
    assert trust.verdict == "valid"
    assert _codes(trust.reasons) == {"shared_cpu": "valid"}


def test_numbers_come_first_then_causes_with_how_long_they_held() -> None:
    slow = _second(start_delay_p99_ms=34.2, delay_ms=34.2, host=HostSample(steal_percent=7.5))
    trust = judge_run(_seconds(10, slow), _plan())
    assert trust.verdict == "invalid"
    codes = ["response_time.p50", "response_time.p95", "response_time.p99", "start_delay", "steal"]
    assert [reason.code for reason in trust.reasons] == codes
    assert trust.reasons[3].detail == "worker 0 started requests 34.2 ms late (p99), limit 2.00 ms (10 of 10 s)"
    assert trust.reasons[4].detail == "the hypervisor took 7.5 % of the CPU, limit 5 % (10 of 10 s)"
    assert trust.reasons[3].at_s == 0.0
