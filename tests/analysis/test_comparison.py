"""The rules of the comparison."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
import pytest

from perftui.analysis.comparison import compare
from perftui.model.errors import ComparisonError
from perftui.model.interval import TrustReason, TrustVerdict, WorkerHealth
from perftui.model.plan import Plan
from perftui.model.record import Environment, Record, Trust
from support.simulated_runs import Model, SimulatedRun, simulated_rounds, simulated_run
from support.simulated_runs import change_of as _of

MODEL = Model(seconds=30, rate=200, round_spread=0.05, second_spread=0.05, memory=0.4)


@pytest.mark.parametrize("factor", [1.0, 1.1, 1.4])
@pytest.mark.parametrize("rounds", [1, pytest.param(4, marks=pytest.mark.slow)])
def test_verdicts_swap_with_the_sides(factor: float, rounds: int) -> None:
    a = simulated_rounds(replace(MODEL, error_rate=0.02), "swap a", rounds)
    b = simulated_rounds(replace(MODEL, error_rate=0.05).with_factor(factor), "swap b", rounds)
    swapped = {"regression": "improvement", "improvement": "regression"}
    there, back = compare(a, b), compare(b, a)
    assert len(there.metrics) == len(back.metrics) > 8
    for one, other in zip(there.metrics, back.metrics, strict=True):
        assert one.verdict == swapped.get(other.verdict, other.verdict), one.metric
        assert (one.baseline, one.run) == (other.run, other.baseline)
        if one.unit == "fraction":
            assert (one.low, one.high) == pytest.approx((-other.high, -other.low))
        else:
            assert (1 + one.low, 1 + one.high) == pytest.approx((1 / (1 + other.high), 1 / (1 + other.low)), rel=1e-5)


@pytest.mark.slow
def test_the_unit_of_time_does_not_matter() -> None:
    slow = replace(MODEL, median_ms=2000.0), replace(MODEL, median_ms=2000.0, factor=1.4)
    fast = replace(MODEL, median_ms=20.0), replace(MODEL, median_ms=20.0, factor=1.4)
    found = [compare(simulated_rounds(a, "unit a", 3), simulated_rounds(b, "unit b", 3)) for a, b in (slow, fast)]
    for one, other in zip(found[0].metrics, found[1].metrics, strict=True):
        assert one.verdict == other.verdict
        assert one.change == pytest.approx(other.change, abs=0.005)
        assert one.low == pytest.approx(other.low, abs=0.01)


def test_a_run_against_itself_has_no_change() -> None:
    run = simulated_run(replace(MODEL, seconds=120), "same")
    for change in compare([run], [run]).metrics:
        assert change.change == 0.0
        assert change.verdict in {"no_difference", "inconclusive"}


def test_same_input_same_bytes() -> None:
    a, b = simulated_rounds(MODEL, "det a", 2), simulated_rounds(MODEL, "det b", 2)
    assert msgspec.json.encode(compare(a, b)) == msgspec.json.encode(compare(a, b))


@pytest.mark.parametrize("seconds", [3, 6, 12])
def test_a_short_run_has_a_wide_interval_and_a_verdict_where_that_is_enough(seconds: int) -> None:
    short = replace(MODEL, seconds=seconds, memory=0.0)
    comparison = compare([simulated_run(short, "a")], [simulated_run(short.with_factor(3), "b")])
    p50 = _of(comparison, "response_time.p50")
    assert p50.interval_known
    assert (p50.verdict, comparison.verdict) == ("regression", "regression")
    equal = _of(compare([simulated_run(short, "c")], [simulated_run(short, "d")]), "response_time.p50")
    assert equal.interval_known
    assert equal.low < 0 < equal.high


def test_two_seconds_decide_nothing() -> None:
    brief = replace(MODEL, seconds=2, rate=2_000)
    comparison = compare([simulated_run(brief, "a")], [simulated_run(brief.with_factor(3), "b")])
    p50 = _of(comparison, "response_time.p50")
    assert (p50.verdict, p50.reason) == ("inconclusive", "at least 3 s needed")
    assert comparison.verdict == "inconclusive"


def test_too_few_values_decide_nothing() -> None:
    few = replace(MODEL, rate=20, round_spread=0.01)
    comparison = compare(simulated_rounds(few, "few a", 3), simulated_rounds(few, "few b", 3))
    p99 = _of(comparison, "response_time.p99")
    assert (p99.verdict, p99.gated, p99.reason) == ("inconclusive", False, "needs 5,000 values on each side")
    assert _of(comparison, "response_time.p50").gated


def test_a_stall_is_no_regression_of_the_median() -> None:
    calm = replace(MODEL, seconds=120, round_spread=0.0)
    stalled = replace(calm, stall_at=60, stall_s=10)
    comparison = compare([simulated_run(calm, "calm")], [simulated_run(stalled, "stalled")])
    assert _of(comparison, "response_time.p50").verdict != "regression"
    p99 = _of(comparison, "response_time.p99")
    assert p99.change > 10
    assert p99.verdict == "inconclusive", "one stall in one run is one event"


@pytest.mark.slow
def test_few_rounds_say_what_they_assume_and_saved_runs_replace_it() -> None:
    model = replace(MODEL, round_spread=0.01, memory=0.0)
    a, b = simulated_run(model, "hist a"), simulated_run(model, "hist b")
    assumed = _of(compare([a], [b]), "response_time.p95")
    assert "single round: run-to-run noise of 5 % assumed" in assumed.reason
    history = [simulated_run(model, f"hist {number}").record for number in range(8)]
    known = _of(compare([a], [b], history=history), "response_time.p95")
    assert "assumed" not in known.reason
    assert known.high - known.low < assumed.high - assumed.low
    two = _of(compare(simulated_rounds(model, "x", 2), simulated_rounds(model, "y", 2)), "response_time.p95")
    assert "fewer than 3 rounds: run-to-run noise of 5 % assumed" in two.reason


@pytest.mark.slow
def test_inconclusive_says_what_could_be_told_and_how_many_rounds_would_do() -> None:
    model = replace(MODEL, round_spread=0.25)
    comparison = compare(simulated_rounds(model, "noisy a", 3), simulated_rounds(model, "noisy b", 3))
    p95 = _of(comparison, "response_time.p95")
    assert p95.verdict == "inconclusive"
    assert " % cannot be told from noise; about " in p95.reason
    assert p95.reason.endswith(" rounds of each would do")
    wild = replace(MODEL, round_spread=1.5)
    comparison = compare(simulated_rounds(wild, "wild a", 3), simulated_rounds(wild, "wild b", 3))
    assert _of(comparison, "response_time.p95").reason == "too noisy to tell any change"


@pytest.mark.slow
def test_a_sure_but_small_change_is_called_small() -> None:
    model = replace(MODEL, round_spread=0.005, second_spread=0.01, memory=0.0)
    comparison = compare(simulated_rounds(model, "s a", 5), simulated_rounds(model.with_factor(1.06), "s b", 5))
    p50 = _of(comparison, "response_time.p50")
    assert p50.verdict == "no_difference"
    assert p50.reason.startswith("small: +")
    assert p50.low > 0


def test_what_is_below_a_tenth_of_a_millisecond_does_not_matter() -> None:
    model = replace(MODEL, median_ms=0.1, spread=0.1, round_spread=0.01, second_spread=0.01)
    comparison = compare(simulated_rounds(model, "u a", 5), simulated_rounds(model.with_factor(1.6), "u b", 5))
    assert _of(comparison, "response_time.p50").change == pytest.approx(0.6, abs=0.05)
    assert comparison.verdict == "no_difference"


@pytest.mark.slow
def test_an_operation_that_got_slower_is_found_although_the_total_hides_it() -> None:
    model = replace(MODEL, operations=("a", "b", "c", "d", "e", "f", "g", "h", "i", "j"), rate=500, round_spread=0.02)
    before = simulated_rounds(model, "ops a", 4)
    after = [_with_slow_operation(run, "j") for run in simulated_rounds(model, "ops b", 4)]
    comparison = compare(before, after)
    assert _of(comparison, "response_time.p50").verdict == "no_difference"
    assert _of(comparison, "response_time.p50", "j").verdict == "regression"
    assert comparison.verdict == "regression"
    assert _of(comparison, "response_time.p50").confidence == pytest.approx(1 - 0.05 / 35)


def _with_slow_operation(run: SimulatedRun, name: str) -> SimulatedRun:
    """The same run with one operation 1.5 times slower."""
    slow = simulated_run(Model(seconds=30, rate=50, operations=(name,), factor=1.5, round_spread=0.0), run.record.id)
    intervals = [
        msgspec.structs.replace(interval, cells={"measure": {**interval.cells["measure"], **other.cells["measure"]}})
        for interval, other in zip(run.intervals, slow.intervals, strict=True)
    ]
    operations = {**run.record.summary.operations, **slow.record.summary.operations}
    summary = msgspec.structs.replace(run.record.summary, operations=operations)
    return SimulatedRun(msgspec.structs.replace(run.record, summary=summary), intervals)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        (0.0, 0.0, "no_difference"),
        (0.01, 0.01, "no_difference"),
        (0.0, 0.02, "regression"),
        (0.02, 0.0, "improvement"),
        (0.0, 0.003, "no_difference"),
        (0.05, 0.055, "no_difference"),
    ],
)
def test_error_rates(before: float, after: float, verdict: str) -> None:
    model = replace(MODEL, seconds=60, rate=300)
    comparison = compare(
        simulated_rounds(replace(model, error_rate=before), "err a", 3),
        simulated_rounds(replace(model, error_rate=after), "err b", 3),
    )
    change = _of(comparison, "error_rate")
    assert change.verdict == verdict
    assert change.change == pytest.approx(after - before, abs=0.004)
    if before == after == 0:
        assert change.reason == "none in either: below <0.01 %"
    if verdict == "regression":
        assert comparison.verdict == "regression"
        assert _of(comparison, "attained").verdict == "regression"


@pytest.mark.slow
def test_a_quantile_at_the_timeout_in_one_side_only_decides() -> None:
    fine = simulated_rounds(MODEL, "fine", 3)
    hanging = simulated_rounds(replace(MODEL, timeout_rate=0.02), "hanging", 3)
    worse, better, both = compare(fine, hanging), compare(hanging, fine), compare(hanging, hanging)
    p99 = "response_time.p99"
    assert [_of(found, p99).verdict for found in (worse, better, both)] == ["regression", "improvement", "inconclusive"]
    assert [_of(found, p99).reason for found in (worse, better, both)] == [
        "at the timeout in the run only", "at the timeout in the baseline only", "at the timeout in both",
    ]  # fmt: skip
    assert worse.verdict == "regression"
    assert better.verdict == "improvement"


@pytest.mark.slow
def test_of_an_overloaded_target_only_attained_decides() -> None:
    hanging = simulated_rounds(replace(MODEL, timeout_rate=0.02), "over", 3)
    slower = simulated_rounds(replace(MODEL, timeout_rate=0.02, factor=2.0), "loaded", 3)
    comparison = compare(hanging, slower)
    p50 = _of(comparison, "response_time.p50")
    assert (p50.verdict, p50.gated) == ("regression", False)
    assert p50.reason == "overloaded: response times grow with the length of the run; attained decides"
    assert comparison.verdict != "regression"
    attained = _of(compare(simulated_rounds(MODEL, "kept up", 3), hanging), "attained")
    assert (attained.verdict, attained.gated) == ("regression", True)


def test_users_mode_compares_throughput_and_service_times() -> None:
    model = replace(MODEL, mode="users", round_spread=0.01)
    fewer = replace(model, rate=120)
    before = simulated_rounds(model, "users a", 3)
    after = [
        SimulatedRun(_like(before[0].record, run.record), run.intervals) for run in simulated_rounds(fewer, "b", 3)
    ]
    comparison = compare(before, after)
    throughput = _of(comparison, "throughput")
    assert (throughput.verdict, throughput.gated) == ("regression", True)
    assert throughput.change == pytest.approx(-0.4, abs=0.01)
    assert _of(comparison, "service_time.p95").gated
    assert not any(change.metric in {"attained", "response_time.p95"} for change in comparison.metrics)


def _like(model: Record, record: Record) -> Record:
    return msgspec.structs.replace(record, plan=model.plan)


def _changed(run: SimulatedRun, **fields: object) -> SimulatedRun:
    return SimulatedRun(msgspec.structs.replace(run.record, **fields), run.intervals)


def _plan(run: SimulatedRun, **fields: object) -> Plan:
    return msgspec.structs.replace(run.record.plan, **fields)


A, B = simulated_run(MODEL, "one"), simulated_run(MODEL, "two")


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        (_changed(B, environment=Environment(host_id="there")), "machine: here → there"),
        (_changed(B, environment=Environment(host_id="here", python="3.14.1")), "Python: none → 3.14.1"),
        (
            _changed(
                B, plan=_plan(B, target=msgspec.structs.replace(B.record.plan.target, url="http://other.example"))
            ),
            "target: http://service.example → http://other.example",
        ),
        (
            _changed(B, plan=_plan(B, target=msgspec.structs.replace(B.record.plan.target, timeout_s=9.0))),
            "timeout: 5s → 9s",
        ),
        (
            _changed(B, plan=_plan(B, load=msgspec.structs.replace(B.record.plan.load, warmup_s=5.0))),
            "warm-up: 0s → 5s",
        ),
        (
            _changed(B, plan=_plan(B, operations=())),
            "operation 'list': GET /list weight 1, content ",
        ),
    ],
)
def test_what_was_measured_otherwise_is_refused(other: SimulatedRun, reason: str) -> None:
    comparison = compare([A], [other])
    assert (comparison.verdict, comparison.metrics) == ("not_comparable", ())
    assert comparison.reasons[0].startswith(reason)
    forced = compare([A], [other], force=True)
    assert forced.verdict == "not_comparable"
    assert forced.reasons == comparison.reasons
    assert len(forced.metrics) > 5


@pytest.mark.parametrize(
    "other",
    [
        _changed(B, label="build 77"),
        _changed(B, environment=Environment(host_id="here", perftui="9.9")),
        _changed(B, plan=_plan(B, objectives=(), name="renamed")),
    ],
)
def test_what_may_differ_is_only_said(other: SimulatedRun) -> None:
    comparison = compare([A], [other])
    assert comparison.verdict != "not_comparable"
    assert len(comparison.differences) == 1


@pytest.mark.parametrize(("port", "comparable"), [("http://127.0.0.1:{}", True), ("http://service.example:{}", False)])
def test_a_loopback_service_may_have_another_port(port: str, *, comparable: bool) -> None:
    sides = [
        _changed(run, plan=_plan(run, target=msgspec.structs.replace(run.record.plan.target, url=port.format(number))))
        for run, number in ((A, 8000), (B, 8001))
    ]
    assert (compare(sides[:1], sides[1:]).verdict != "not_comparable") == comparable


def _trusted(run: SimulatedRun, verdict: TrustVerdict) -> SimulatedRun:
    reason = TrustReason(code="gc", verdict=verdict, detail="worker 0 paused 200 ms")
    return _changed(run, trust=Trust(verdict=verdict, reasons=(reason,)))


@pytest.mark.slow
def test_a_degraded_run_counts_and_an_invalid_round_is_left_out() -> None:
    before = simulated_rounds(MODEL, "cap a", 5)
    after = simulated_rounds(MODEL.with_factor(2.0), "cap b", 5)
    degraded = compare(before, [_trusted(run, "degraded") for run in after])
    assert (degraded.verdict, degraded.reasons, degraded.notes) == ("regression", (), ())
    for sides in ((before, [*after[:4], _trusted(after[4], "invalid")]), ([_trusted(before[0], "invalid")], after)):
        comparison = compare(*sides)
        if len(sides[0]) > 1:
            assert (comparison.verdict, comparison.rounds) == ("regression", (5, 4))
            assert comparison.notes == ("left out: cap b.4 is invalid: worker 0 paused 200 ms",)
        else:
            assert comparison.verdict == "not_comparable"
            assert comparison.reasons == ("cap a.0 is invalid: worker 0 paused 200 ms",)


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


@pytest.mark.parametrize("threshold", [0.0, 1.0, -0.2, 20.0])
def test_a_threshold_is_between_0_and_100_per_cent(threshold: float) -> None:
    with pytest.raises(ComparisonError, match="write one between 0 and 100 %"):
        compare([A], [B], threshold=threshold)


def test_a_side_without_runs_is_an_error() -> None:
    empty: Sequence[SimulatedRun] = []
    with pytest.raises(ComparisonError, match="needs a baseline and a run"):
        compare([A], empty)
