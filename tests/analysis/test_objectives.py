"""Objectives at their limits, with nothing measured, and with tails that are only known to be long."""

from __future__ import annotations

import pytest

from perftui.analysis.objectives import evaluate, overall
from perftui.model.interval import Counts
from perftui.model.plan import Objective
from perftui.model.record import LatencyStats, ObjectiveResult, Stats, Summary, Verdict


def _stats(p95: float = 100.0, *, count: int = 5000, ok: int = 5000, errors: int = 0, timeouts: int = 0) -> Stats:
    judged = ok + errors + timeouts
    times = LatencyStats(count=count, p50=p95 / 2, p95=p95, p99=p95 * 2, p99_9=p95 * 3, max=p95 * 4, mean=p95 / 2)
    return Stats(
        counts=Counts(scheduled=judged, started=judged, ok=ok, errors=errors, timeouts=timeouts),
        response_time_ms=times, error_rate=(errors + timeouts) / judged if judged else 0.0,
        throughput_per_s=100.0, attained=ok / judged if judged else 0.0,
    )  # fmt: skip


def _result(objective: Objective, total: Stats, operations: dict[str, Stats] | None = None) -> ObjectiveResult:
    [result] = evaluate((objective,), Summary(duration_s=50, total=total, operations=operations or {}))
    return result


@pytest.mark.parametrize(
    ("p95", "verdict", "detail"),
    [
        (499.9, "pass", ""),
        (500.0, "warn", "500 ms misses < 500 ms"),
        (999.9, "warn", "1,000 ms misses < 500 ms"),
        (1000.0, "fail", "1,000 ms misses < 1,000 ms"),
    ],
)
def test_target_and_critical(p95: float, verdict: Verdict, detail: str) -> None:
    result = _result(Objective(metric="response_time.p95", target="< 500ms", critical="< 1s"), _stats(p95))
    assert (result.verdict, result.detail) == (verdict, detail)
    assert result.value == p95
    assert (result.target, result.critical) == ("< 500 ms", "< 1,000 ms")


@pytest.mark.parametrize(
    ("metric", "target", "critical", "verdict"),
    [
        ("throughput", "> 100/s", "> 50/s", "warn"),
        ("throughput", ">= 100/s", "", "pass"),
        ("throughput", "> 200/s", "> 100/s", "fail"),
        ("error_rate", "< 0.1%", "< 1%", "fail"),
        ("error_rate", "< 5%", "", "pass"),
        ("success_rate", "> 90%", "", "pass"),
        ("attained", "> 99%", "> 95%", "warn"),
        ("response_time.p95", "< 50ms", "", "warn"),
    ],
)
def test_directions_of_limits(metric: str, target: str, critical: str, verdict: Verdict) -> None:
    stats = _stats(ok=4900, errors=100)
    assert _result(Objective(metric=metric, target=target, critical=critical), stats).verdict == verdict


def test_an_operation_of_its_own() -> None:
    objective = Objective(metric="response_time.p95", operation="slow", target="< 500ms", critical="< 1s")
    assert _result(objective, _stats(), {"slow": _stats(2000)}).verdict == "fail"
    missing = _result(objective, _stats())
    assert (missing.verdict, missing.value, missing.detail) == ("none", None, "nothing was measured")


def test_no_answer_at_all_fails_a_limit_on_times() -> None:
    stats = _stats(count=0, ok=0, errors=40)
    result = _result(Objective(metric="response_time.p95", target="< 1h"), stats)
    assert (result.verdict, result.value, result.detail) == ("fail", None, "no request was answered")


def test_a_percentile_beyond_the_timeouts_cannot_pass() -> None:
    """Timeout 5 s, limit 10 s: the 99th percentile is somewhere above 5 s."""
    stats = _stats(2500, ok=4900, timeouts=100)
    result = _result(Objective(metric="response_time.p99", target="< 10s", critical="< 20s"), stats)
    assert result.verdict == "fail"
    assert "at least the timeout" in result.detail
    assert _result(Objective(metric="response_time.p50", target="< 10s", critical="< 20s"), stats).verdict == "pass"


def test_few_values_are_said() -> None:
    result = _result(Objective(metric="response_time.p99", target="< 1s"), _stats(count=500, ok=500))
    assert (result.verdict, result.detail) == ("pass", "only 500 values")


def test_overall_is_the_worst() -> None:
    verdicts: tuple[Verdict, ...] = ("none", "pass", "warn", "fail")
    results = [ObjectiveResult(metric="rate", verdict=verdict) for verdict in verdicts]
    assert [overall(results[: count + 1]) for count in range(4)] == list(verdicts)
    assert overall(()) == "none"
