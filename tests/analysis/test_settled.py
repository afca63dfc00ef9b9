"""What objectives come to: nothing measured fails, what the generator blurs is not decided, some hold of every run."""

from __future__ import annotations

import pytest

from perftui.analysis.objectives import evaluate, overall
from perftui.analysis.settled import settled
from perftui.metrics.measured import Measured
from perftui.model.interval import Counts, NumberVerdict
from perftui.model.plan import Objective
from perftui.model.record import Bound, LatencyStats, ObjectiveResult, Stats, Summary
from perftui.model.units import format_ms


def _summary(*, ok: int = 100, errors: int = 0, p95: float = 40.0, ours: float = 0.2) -> Summary:
    scheduled = ok + errors
    times = LatencyStats(count=ok, p50=p95, p95=p95, p99=p95)
    verdict: NumberVerdict = "sound" if ours < 2 else "unusable"
    bound = Bound(lower=p95 - ours, upper=p95, share=ours / p95, verdict=verdict)
    total = Stats(
        counts=Counts(scheduled=scheduled, started=scheduled, ok=ok, errors=errors),
        error_rate=errors / scheduled if scheduled else 0.0,
        attained=ok / scheduled if scheduled else 0.0,
        throughput_per_s=float(ok),
        response_time_ms=times,
        service_time_ms=times,
        response_time_bounds={"p95": bound} if ok else {},
    )
    return Summary(duration_s=1.0, total=total)


def _of(summary: Summary, *objectives: Objective, at_least: bool = False) -> tuple[ObjectiveResult, ...]:
    measured = Measured(summary=summary)
    return settled(objectives, evaluate(objectives, measured), measured, at_least=at_least)


P95 = Objective(metric="response_time.p95", target="< 30ms", critical="< 35ms")


def test_without_objectives_two_hold_of_every_run() -> None:
    fine = _of(_summary())
    assert [(result.metric, result.critical, result.implied, result.verdict) for result in fine] == [
        ("error_rate", "< 50.0 %", True, "pass"),
        ("success_rate", "> 0 %", True, "pass"),
    ]
    assert overall(_of(_summary(ok=40, errors=60))) == "fail"
    failed = _of(_summary(ok=0, errors=60))
    assert [result.verdict for result in failed] == ["fail", "fail"]


@pytest.mark.parametrize("objectives", [(), (Objective(metric="error_time.p95", target="< 1s"),)])
@pytest.mark.parametrize(("ok", "errors"), [(0, 0), (0, 30)])
def test_a_run_without_an_ok_answer_fails_whatever_was_asked(
    objectives: tuple[Objective, ...], ok: int, errors: int
) -> None:
    assert overall(_of(_summary(ok=ok, errors=errors), *objectives)) == "fail"


@pytest.mark.parametrize("metric", ["response_time.p95", "throughput", "error_rate", "attained"])
def test_nothing_measured_fails(metric: str) -> None:
    target = (
        "< 1s"
        if "time" in metric
        else "< 1%"
        if metric == "error_rate"
        else "> 1%"
        if metric == "attained"
        else "> 1/s"
    )
    result, answers = _of(_summary(ok=0), Objective(metric=metric, target=target))
    assert (result.verdict, result.value, result.detail) == ("fail", None, "nothing was measured")
    assert (answers.metric, answers.implied) == ("success_rate", True)
    [missing, *_] = _of(_summary(), Objective(metric=metric, target=target, operation="other"))
    assert missing.verdict == "fail"
    [no_errors, *_] = _of(_summary(), Objective(metric="error_time.p95", target="< 1s"))
    assert no_errors.verdict == "none"


@pytest.mark.parametrize(
    ("p95", "ours", "verdict", "undecided"),
    [
        (40.0, 0.2, "fail", False),  # sound: missed
        (40.0, 20.0, "none", True),  # 20 to 40 ms: the critical limit may hold
        (80.0, 20.0, "fail", False),  # at least 60 ms: missed for sure
        (25.0, 20.0, "pass", False),  # at most 25 ms: held for sure
        (34.0, 20.0, "warn", False),  # the critical limit holds; the target may
        (35.6, 1.7, "fail", False),  # 33.9 to 35.6 ms: less than 5 % of it
        (36.0, 1.9, "none", True),  # 34.1 to 36 ms: a tail that is sound, but not to that
    ],
)
def test_what_may_be_the_generators_is_not_decided(p95: float, ours: float, verdict: str, *, undecided: bool) -> None:
    result, *_ = _of(_summary(p95=p95, ours=ours), P95)
    assert (result.verdict, result.undecided) == (verdict, undecided)
    if undecided or verdict == "warn":
        of_it = f"up to {format_ms(ours)} ms of {p95:.1f} ms"
        assert result.detail == f"cannot be told: {of_it} may be the generator's"


def test_half_a_millisecond_is_much_of_a_fast_answer() -> None:
    """0.1 to 0.4 ms is sound, and neither below nor above 0.3 ms."""
    fast = Objective(metric="response_time.p95", target="< 0.3ms", critical="< 0.3ms")
    result, *_ = _of(_summary(p95=0.4, ours=0.3), fast)
    assert (result.verdict, result.undecided) == ("none", True)
    missed, *_ = _of(_summary(p95=0.6, ours=0.2), fast)
    assert missed.verdict == "fail"


def test_a_throughput_that_the_generator_limited_is_not_missed() -> None:
    wanted = Objective(metric="throughput", target="> 500/s", critical="> 200/s")
    missed, *_ = _of(_summary(), wanted)
    assert (missed.verdict, missed.undecided) == ("fail", False)
    unknown, *_ = _of(_summary(), wanted, at_least=True)
    assert (unknown.verdict, unknown.undecided) == ("none", True)
    reached, *_ = _of(_summary(), Objective(metric="throughput", target="> 50/s"), at_least=True)
    assert reached.verdict == "pass"


def test_a_limit_of_thousands_is_read_back_as_it_is_shown() -> None:
    missed, *_ = _of(_summary(), Objective(metric="throughput", target="> 1800/s", critical="> 1500/s"))
    assert (missed.verdict, missed.critical) == ("fail", "> 1,500/s")
