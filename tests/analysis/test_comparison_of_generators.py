"""Runs whose generators were late, compared: what they added is inside the interval, not a cap on the verdict."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import msgspec

from perftui.analysis.comparison import compare
from perftui.metrics.trust import LIMIT
from perftui.model.comparison import Comparison, MetricChange
from perftui.model.interval import TrustReason, WorkerHealth
from perftui.model.record import Record, Trust
from support.simulated_runs import Model, SimulatedRun, simulated_rounds, simulated_run

MODEL = Model(seconds=30, rate=200, round_spread=0.05, second_spread=0.05, memory=0.4)


def _of(comparison: Comparison, metric: str) -> MetricChange:
    return next(change for change in comparison.metrics if (change.metric, change.operation) == (metric, ""))


def _changed(run: SimulatedRun, **fields: object) -> SimulatedRun:
    return SimulatedRun(msgspec.structs.replace(run.record, **fields), run.intervals)


def _like(model: Record, record: Record) -> Record:
    return msgspec.structs.replace(record, plan=model.plan)


_STEADY = Model(seconds=12, rate=200, spread=0.02, round_spread=0.01, second_spread=0.01, memory=0.0)
_HOG = replace(_STEADY, late_share=1.0, late_ms=3.0)
_BUSY = replace(_STEADY, late_share=0.1, late_ms=4.0)


def test_twelve_seconds_on_a_machine_that_is_hogged_find_thirty_per_cent() -> None:
    found = Counter(
        compare([simulated_run(_HOG, f"hog {n}")], [simulated_run(_HOG.with_factor(1.3), f"hog+ {n}")]).verdict
        for n in range(8)
    )
    assert found == {"regression": 8}


def test_what_only_the_generator_added_is_no_regression() -> None:
    """Quiet before, hogged after: p50 and p95 are far higher, and every bit of it is the generator's."""
    for number in range(8):
        before, after = simulated_run(_STEADY, f"quiet {number}"), simulated_run(_HOG, f"hogged {number}")
        comparison = compare([before], [after])
        assert comparison.verdict != "regression"
        p95 = _of(comparison, "response_time.p95")
        assert p95.change > 0.2
        assert p95.low < 0
        assert "may be the generator's, which was later in the run" in p95.reason
    back = compare([after], [before])
    assert back.verdict != "improvement"


def test_more_than_the_generators_difference_is_a_regression() -> None:
    """A tenth of the answers is late in the run: its p95 says nothing, its median does."""
    comparison = compare([simulated_run(_STEADY, "still")], [simulated_run(_BUSY.with_factor(1.3), "busy")])
    assert _of(comparison, "response_time.p50").verdict == "regression"
    assert comparison.verdict == "regression"


def test_a_change_of_39_per_cent_on_a_machine_with_two_late_requests_is_a_regression() -> None:
    """2,400 requests of 20 or 28 ms, two of them started 3.7 ms late: the verdict a reader sees at once."""
    model = replace(_STEADY, late_share=0.001, late_ms=3.7, median_ms=20.0)
    comparison = compare([simulated_run(model, "v1")], [simulated_run(model.with_factor(1.387), "v2")])
    p50 = _of(comparison, "response_time.p50")
    assert comparison.verdict == p50.verdict == "regression"
    assert p50.low > 0.2


def _with_users(run: SimulatedRun, users: float) -> SimulatedRun:
    return SimulatedRun(run.record, [msgspec.structs.replace(each, level=users) for each in run.intervals])


def test_users_who_waited_for_the_generator_are_no_slower_target() -> None:
    """Five users, 20 ms each: 250/s, and 192/s where the generator takes 6 ms of every turn."""
    quiet = replace(_STEADY, mode="users", rate=250)
    hogged = replace(quiet, rate=192, late_share=1.0, late_ms=6.0)
    plan = simulated_run(quiet, "users").record.plan
    sides = [
        _changed(_with_users(simulated_run(model, name), 5), plan=plan)
        for model, name in ((quiet, "users"), (hogged, "hogged users"))
    ]
    comparison = compare(sides[:1], sides[1:])
    throughput = _of(comparison, "throughput")
    assert throughput.change < -0.2
    assert throughput.high > 0
    assert "may be the generator's, which was later in the run" in throughput.reason
    assert comparison.verdict != "regression"
    assert compare(sides[1:], sides[:1]).verdict != "improvement"
    # the same without a late generator is a slower target
    slower = _changed(_with_users(simulated_run(replace(quiet, rate=192), "slower users"), 5), plan=plan)
    assert _of(compare(sides[:1], [slower]), "throughput").verdict == "regression"


def _limited(run: SimulatedRun) -> SimulatedRun:
    reason = TrustReason(code=LIMIT, verdict="degraded", detail="the generator was the limit")
    return _changed(run, trust=Trust(verdict="degraded", reasons=(reason,)))


def test_what_the_generator_limited_decides_in_one_direction() -> None:
    """Its throughput is the least, its times are the most that the target's can be."""
    model = replace(MODEL, mode="users", round_spread=0.01)
    fast = simulated_rounds(model, "limited", 3)
    slow = [
        SimulatedRun(_like(fast[0].record, run.record), run.intervals)
        for run in simulated_rounds(replace(model, rate=100, factor=2.0), "slow", 3)
    ]
    worse = compare([_limited(run) for run in fast], slow)
    assert _of(worse, "throughput").verdict == _of(worse, "service_time.p50").verdict == "regression"
    unknown = compare(fast, [_limited(run) for run in slow])
    for metric in ("throughput", "service_time.p50"):
        change = _of(unknown, metric)
        assert (change.verdict, change.reason) == ("inconclusive", "the generator was the limit in the run")
    neither = compare([_limited(run) for run in fast], [_limited(run) for run in slow])
    assert neither.verdict == "not_comparable"
    assert neither.reasons[0].startswith("the generator was the limit in both")


def test_one_rule_for_results_of_other_tools_and_runs_of_older_versions() -> None:
    fine = simulated_run(MODEL, "ours")
    failing = simulated_run(replace(MODEL, error_rate=0.5), "theirs")
    foreign = SimulatedRun(failing.record, (), ("wrk does not say when",))
    comparison = compare([foreign], [fine])
    assert (comparison.verdict, comparison.notes) == ("inconclusive", ("wrk does not say when",))
    assert _of(comparison, "error_rate").verdict == "improvement"
    assert compare([fine], [foreign]).verdict == "regression"
    old = [msgspec.structs.replace(interval, workers=(WorkerHealth(worker=0),)) for interval in fine.intervals]
    stats = msgspec.structs.replace(fine.record.summary.total, service_time_bounds={})
    record = msgspec.structs.replace(fine.record, summary=msgspec.structs.replace(fine.record.summary, total=stats))
    aged = compare([SimulatedRun(record, old)], [fine])
    assert aged.verdict != "not_comparable"
    assert aged.notes == ("ours does not say how late its generator was: it is of an older version",)
