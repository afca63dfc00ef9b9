"""Findings: each limit that teams check by hand, and how a run went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from perftui.analysis.findings import find
from perftui.analysis.record import complete_record
from perftui.metrics.timeline import Timeline
from perftui.model.interval import Cell, Counts, Event, HostSample, Interval, WorkerHealth
from perftui.model.journal import End, Header
from perftui.model.plan import Load, Objective, Operation, Plan, Stage, Target
from perftui.model.record import Environment
from support.simulated_runs import histogram_data

Level = Callable[[int], float]


def _plan(stages: tuple[Stage, ...] | None = None, start: float = 100, operations: int = 1) -> Plan:
    return Plan(
        name="test",
        target=Target(url="http://service.example"),
        load=Load(stages=stages or (Stage(duration_s=30, to=100),), start_level=start),
        operations=tuple(Operation(name=f"operation {number}") for number in range(operations)),
        objectives=(Objective(metric="response_time.p95", target="< 500ms"),),
    )


def _timeline(
    plan: Plan, *, service_ms: Level = lambda _: 20.0, errors: Level = lambda _: 0.0, level: Level = lambda _: 100.0,
    seconds: int = 30, host: Callable[[int], dict[str, Any]] = lambda _: {}, **health: Any,
) -> Timeline:  # fmt: skip
    generator = np.random.default_rng(3)
    timeline = Timeline(plan)
    for at in range(seconds):
        count = int(level(at))
        bad = int(errors(at) * count)
        times = histogram_data((generator.normal(1, 0.1, count - bad) * service_ms(at) * 1e3).astype(np.int64))
        cell = Cell(
            counts=Counts(scheduled=count, started=count, ok=count - bad, errors=bad),
            error_classes={"http.503": bad} if bad else {}, service_time=times, response_time=times,
        )  # fmt: skip
        timeline.add(
            Interval(
                at_s=float(at), duration_s=1.0, phase="measure", level=level(at), asked=count,
                cells={"measure": {"operation 0": cell}}, workers=(WorkerHealth(worker=0, **health),),
                host=HostSample(**host(at)),
            )
        )  # fmt: skip
    return timeline


def _details(timeline: Timeline) -> dict[str, str]:
    return {finding.code: finding.detail for finding in find(timeline)}


def test_a_quiet_run_has_no_findings() -> None:
    assert _details(_timeline(_plan())) == {}


@pytest.mark.parametrize(("mean_ms", "found"), [(1900, False), (2100, True)])
def test_a_mean_above_two_seconds(mean_ms: float, *, found: bool) -> None:
    details = _details(_timeline(_plan(), service_ms=lambda _: mean_ms))
    assert ("slow_mean" in details) == found
    if found:
        assert details["slow_mean"].startswith("mean response time 2,1")


@pytest.mark.parametrize(("share", "found"), [(0.05, False), (0.06, True)])
def test_failures_above_five_per_cent(share: float, *, found: bool) -> None:
    details = _details(_timeline(_plan(), errors=lambda _: share))
    assert ("failures" in details) == found
    if found:
        assert details["failures"] == "errors 6.0 % > 5.0 % (http.503 180)"


def test_findings_of_operations_are_said_only_when_there_are_several() -> None:
    one = _details(_timeline(_plan(), errors=lambda _: 0.5))
    assert set(one) == {"failures"}
    timeline = _timeline(_plan(operations=2), errors=lambda _: 0.5)
    only = _details(timeline)
    assert set(only) == {"failures"}
    assert only["failures"].endswith("(http.503 1,500), all of operation 0")
    counts = Counts(scheduled=100, started=100, ok=99, errors=1)
    other = {"operation 1": Cell(counts=counts, error_classes={"reset": 1})}
    timeline.add(Interval(at_s=30.0, duration_s=1.0, phase="measure", level=100.0, asked=100, cells={"measure": other}))
    several = _details(timeline)
    assert set(several) == {"failures", "operation_failures"}
    assert several["operation_failures"].startswith("operation 0: errors 50.0 %")


@pytest.mark.parametrize(
    ("sample", "code"),
    [
        ({"cpu_percent": 79}, None),
        ({"cpu_percent": 81}, "host_cpu"),
        ({"memory_percent": 84}, None),
        ({"memory_percent": 86}, "host_memory"),
        ({"target_cpu_percent": 90.0}, "target_cpu"),
    ],
)
def test_resources(sample: dict[str, float], code: str | None) -> None:
    assert set(_details(_timeline(_plan(), host=lambda _: sample))) == ({code} if code else set())


def test_growth_of_p95_over_the_run() -> None:
    details = _details(_timeline(_plan(), service_ms=lambda at: 20 + at))
    assert details["p95_growth"].startswith("p95 grew ")
    assert details["p95_growth"].endswith(" ms")
    assert "p95_growth" not in _details(_timeline(_plan(), service_ms=lambda at: 20 + at / 10))
    # 720 requests in 18 s are enough to tell
    few = _timeline(_plan(), service_ms=lambda at: 1 + at * 150 / 18, level=lambda _: 40.0, seconds=18)
    assert "p95_growth" in _details(few)
    # a stall in the first third is no growth
    assert "p95_growth" not in _details(_timeline(_plan(), service_ms=lambda at: 80 if at < 3 else 20))
    # somebody changed the load: growth is no surprise
    steered = _timeline(_plan(), service_ms=lambda at: 20 + at)
    steered.add(Event(at_s=5.0, kind="level", level=200, origin="tui"))
    assert "p95_growth" not in _details(steered)


def test_growth_of_the_targets_memory() -> None:
    def leaking(at: int) -> dict[str, Any]:
        return {"target_memory_bytes": 300_000_000 + at * 5_000_000}

    details = _details(_timeline(_plan(), host=leaking))
    assert details["target_memory"].startswith(
        "memory of the target's process grew by 145 MB to 445 MB, 18.0 GB per hour (18.0 GB to 18.0 GB)"
    )
    steady = _details(_timeline(_plan(), host=lambda at: {"target_memory_bytes": 300_000_000 + at % 2 * 50_000_000}))
    assert "target_memory" not in steady


def test_a_saturated_generator() -> None:
    details = _details(_timeline(_plan(), loop_lag=histogram_data(np.full(200, 15_000))))
    assert details["generator"].startswith("the numbers are partly the generator's (invalid): response_time.p50 20")


RAMP = _plan((Stage(duration_s=30, to=1000),), start=0)


def test_the_level_at_which_a_ramp_broke() -> None:
    details = _details(_timeline(RAMP, level=lambda at: 30 * (at + 1), errors=lambda at: 0.2 if at >= 20 else 0.0))
    assert details["breaking_point"] == (
        "the target stopped keeping up at 630 requests/s (20 s): errors 20.0 %; most it kept up with: 600 ok/s"
    )
    # to be slow is not to fail, and somebody's hand on the load is no fault of the target's
    slower = _details(_timeline(RAMP, level=lambda at: 30 * (at + 1), service_ms=lambda at: 400 if at >= 25 else 20))
    assert "breaking_point" not in slower
    assert "p95_growth" not in slower
    steered = _timeline(RAMP, level=lambda at: 30 * (at + 1), errors=lambda at: 0.2 if at >= 20 else 0.0)
    steered.add(Event(at_s=19.0, kind="level", level=200, origin="ctl"))
    assert "breaking_point" not in _details(steered)


def test_a_single_bad_second_of_a_ramp_is_no_breaking_point() -> None:
    details = _details(_timeline(RAMP, level=lambda at: 30 * (at + 1), errors=lambda at: 0.2 if at == 20 else 0.0))
    assert details == {"no_breaking_point": "no breaking point up to 900 requests/s; most: 900 ok/s"}


def test_grave_findings_come_first() -> None:
    findings = find(
        _timeline(_plan(), service_ms=lambda _: 2500, errors=lambda _: 0.5, host=lambda _: {"cpu_percent": 90})
    )
    assert [finding.severity for finding in findings] == ["fail", "warn", "warn"]


def test_the_record_holds_what_follows_from_the_journal() -> None:
    timeline = _timeline(_plan(), errors=lambda _: 0.5, service_ms=lambda _: 600)
    header = Header(
        id="run-1", plan=_plan(), started_at="2026-01-01T00:00:00Z", label="first", environment=Environment(cpus=2)
    )
    end = End(status="stopped", status_detail="stopped by tui", ended_at="2026-01-01T00:00:30Z")
    record = complete_record(header, timeline, end)
    assert (record.id, record.label, record.status, record.status_detail) == (
        "run-1", "first", "stopped", "stopped by tui",
    )  # fmt: skip
    assert record.verdict == "warn"
    assert [finding.code for finding in record.findings] == ["failures"]
    assert record.whole_run.conserved
    assert record.summary.total.error_classes == {"http.503": 1500}
    assert not record.steered
    timeline.add(Event(at_s=30, kind="level", detail="200/s", origin="ctl", level=200))
    cut_off = complete_record(header, timeline, None)
    assert (cut_off.status, cut_off.status_detail) == ("interrupted", "the journal ends 30 s after the start")
    assert cut_off.steered
