"""Objectives at their limits, with nothing measured, and with tails that are only known to be long."""

from __future__ import annotations

import pytest

from perftui.analysis.objectives import evaluate, overall
from perftui.metrics.measured import Measured, Stretch, Windowed
from perftui.model.interval import Counts
from perftui.model.plan import Objective
from perftui.model.record import (
    Growth,
    LatencyStats,
    LevelStats,
    ObjectiveResult,
    Spread,
    Stats,
    Summary,
    Verdict,
)


def _stats(p95: float = 100.0, *, count: int = 5000, ok: int = 5000, errors: int = 0, timeouts: int = 0) -> Stats:
    judged = ok + errors + timeouts
    times = LatencyStats(count=count, p50=p95 / 2, p95=p95, p99=p95 * 2, p99_9=p95 * 3, max=p95 * 4, mean=p95 / 2)
    return Stats(
        counts=Counts(scheduled=judged, started=judged, ok=ok, errors=errors, timeouts=timeouts),
        response_time_ms=times, error_rate=(errors + timeouts) / judged if judged else 0.0,
        throughput_per_s=100.0, attained=ok / judged if judged else 0.0,
    )  # fmt: skip


def _result(objective: Objective, total: Stats, operations: dict[str, Stats] | None = None) -> ObjectiveResult:
    summary = Summary(duration_s=50, total=total, operations=operations or {})
    [result] = evaluate((objective,), Measured(summary=summary))
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


def _measured(objective: Objective, measured: Measured) -> ObjectiveResult:
    [result] = evaluate((objective,), measured)
    return result


@pytest.mark.parametrize(
    ("limits", "value", "verdict", "shown"),
    [
        (("host.cpu", "< 60%", "< 80%"), 70.0, "warn", "< 60 %"),
        (("host.cpu.max", "", "< 80%"), 99.0, "fail", ""),
        (("host.memory", "< 85%", ""), 50.0, "pass", "< 85 %"),
        (("target.cpu", "< 150%", ""), 120.0, "pass", "< 150 %"),
        (("target.memory", "< 512MB", ""), 600e6, "warn", "< 512 MB"),
        (("target.threads", "< 100", ""), 12.0, "pass", "< 100"),
        (("target.open_files", "", "<= 10"), 12.0, "fail", ""),
        (("host.net_sent", "< 10MB/s", ""), 1e6, "pass", "< 10.0 MB/s"),
        (("connections", "< 50", ""), 50.0, "warn", "< 50"),
    ],
)
def test_what_is_sampled_is_judged(limits: tuple[str, str, str], value: float, verdict: Verdict, shown: str) -> None:
    host = {
        "cpu_percent": Spread(mean=70, p95=90, max=99), "memory_percent": Spread(mean=40, p95=45, max=50),
        "target_cpu_percent": Spread(mean=120, max=190), "target_memory_bytes": Spread(mean=1e6, max=600e6),
        "target_threads": Spread(mean=3, max=12), "target_open_files": Spread(mean=3, max=12),
        "net_sent_bytes": Spread(mean=1e6, max=9e9), "open_connections": Spread(max=50),
    }  # fmt: skip
    metric, target, critical = limits
    objective = Objective(metric=metric, target=target, critical=critical)
    result = _measured(objective, Measured(summary=Summary(), host=host))
    assert (result.value, result.verdict, result.target) == (value, verdict, shown)
    assert _measured(objective, Measured(summary=Summary())).verdict == "none"


def test_growth_of_memory_with_its_interval() -> None:
    growth = Growth(per_hour=60e6, low=50e6, high=70e6, seconds=1800)
    hourly = _measured(
        Objective(metric="target.memory_growth", target="< 50MB/h"), Measured(summary=Summary(), growth=growth)
    )
    assert (hourly.verdict, hourly.detail) == ("warn", "60.0 MB/h misses < 50.0 MB/h; 50.0 MB/h to 70.0 MB/h")
    added = Objective(metric="target.memory_added", critical="< 100MB")
    assert _measured(added, Measured(summary=Summary(), growth=growth)).value == 30e6
    assert _measured(added, Measured(summary=Summary())).verdict == "none"


def test_a_check_by_its_name() -> None:
    objective = Objective(metric="check.has items", target="> 99%", critical="> 90%")
    stats = Stats(
        counts=Counts(scheduled=200, ok=150, errors=50),
        error_classes={"check:has items": 10, "check:other": 40, "http.500": 0},
    )
    assert _result(objective, stats).value == pytest.approx(0.95)
    assert _result(objective, stats).verdict == "warn"
    assert _result(objective, Stats()).verdict == "none"


def test_a_level_is_judged_by_its_own_seconds() -> None:
    levels = tuple(
        LevelStats(stage=number, level=level, start_s=10.0 * number, duration_s=10, total=_stats(p95))
        for number, (level, p95) in enumerate([(10, 100.0), (50, 700.0), (10, 300.0)], 1)
    )
    measured = Measured(summary=Summary(total=_stats(5000)), levels=levels)
    at_10 = _measured(Objective(metric="response_time.p95", level=10, target="< 200ms", critical="< 1s"), measured)
    assert (at_10.value, at_10.verdict, at_10.level) == (300.0, "warn", 10)  # the worse of the two stages
    assert _measured(Objective(metric="response_time.p95", level=70, target="< 1s"), measured).verdict == "none"


def test_every_stretch_must_hold() -> None:
    objective = Objective(metric="response_time.p95", target="< 500ms", critical="< 1s", over_s=10)
    worst, newest = Stretch(start_s=72.0, value=1200.0), Stretch(start_s=90.0, value=80.0)
    measured = Measured(summary=Summary(total=_stats(100)), windows={objective: Windowed(worst=worst, newest=newest)})
    result = _measured(objective, measured)
    assert (result.value, result.verdict, result.over_s) == (1200.0, "fail", 10)
    assert result.detail == "1,200 ms misses < 1,000 ms; worst from 01:12, last 80.0 ms"
    early = _measured(objective, Measured(summary=Summary()))
    assert (early.verdict, early.detail) == ("none", "the run had no 10s to judge")
    silent = Windowed(worst=Stretch(start_s=5.0, value=None), newest=newest)
    unanswered = _measured(objective, Measured(summary=Summary(), windows={objective: silent}))
    assert (unanswered.verdict, unanswered.detail) == ("fail", "no request was answered from 00:05")
