"""Every kind of objective passes, warns, fails, and ends the run where it says so. Pure: the run is data."""

from __future__ import annotations

import numpy as np
import pytest
from msgspec.structs import replace

from perftui.analysis.objectives import evaluate
from perftui.engine.runner.limits import CriticalLimits
from perftui.metrics.timeline import Timeline
from perftui.model.interval import Connections, HostSample
from perftui.model.objectives import FRACTION_METRICS, GROWTH_METRICS, RATE_METRICS, SAMPLED, TIME_METRICS, metric_unit
from perftui.model.plan import Objective
from support.simulated_runs import Model, intervals_of, plan_of

pytestmark = pytest.mark.quick

CHECK = "check.has items"
KINDS = (
    *SAMPLED, *GROWTH_METRICS, *FRACTION_METRICS, *RATE_METRICS, CHECK,
    *(f"{time}.p95" for time in TIME_METRICS if time not in {"error_time", "start_delay"}),
)  # fmt: skip
MODEL = Model(seconds=14, rate=200, error_rate=0.2, timeout_rate=0.02)
SUFFIX = {
    "percent": "%", "ms": "ms", "bytes": "B", "bytes_per_s": "B/s", "bytes_per_h": "B/h", "count": "", "per_s": "/s",
}  # fmt: skip


def timeline() -> Timeline:
    """A run in which each of them has a value above nought."""
    found = Timeline(plan_of(MODEL))
    for second, one in enumerate(intervals_of(MODEL, np.random.default_rng(1))):
        cells = {
            name: replace(
                cell,
                error_classes={f"check:{CHECK.partition('.')[2]}": cell.counts.errors, "timeout": cell.counts.timeouts},
                hit_time=cell.service_time,
                miss_time=cell.service_time,
            )
            for name, cell in one.cells["measure"].items()
        }
        host = HostSample(
            cpu_percent=40.0, memory_percent=30.0, disk_read_bytes=2e6, disk_write_bytes=3e6, net_received_bytes=4e6,
            net_sent_bytes=5e6, target_cpu_percent=120.0, target_memory_bytes=50_000_000 + 1_000_000 * second,
            target_threads=12, target_open_files=40, remote_cpu_percent=60.0, remote_memory_percent=70.0,
        )  # fmt: skip
        found.add(replace(one, cells={"measure": cells}, host=host, connections=Connections(open_now=20)))
    return found


@pytest.fixture(scope="module")
def run() -> Timeline:
    return timeline()


def limit(metric: str, value: float) -> str:
    unit = metric_unit(metric)
    return f"< {value * 100:.6f}%" if unit == "fraction" else f"< {value:.6f}{SUFFIX[unit]}"


@pytest.mark.parametrize("metric", KINDS)
def test_every_kind_passes_warns_fails_and_ends_the_run(run: Timeline, metric: str) -> None:
    (judged,) = evaluate([Objective(metric=metric, target=limit(metric, 1e-6))], run.measured())
    value = judged.value
    assert value is not None
    assert value > 0
    within, missed = limit(metric, value * 1.2), limit(metric, value / 1.2)
    for target, critical, verdict in ((within, "", "pass"), (missed, within, "warn"), (missed, missed, "fail")):
        objective = Objective(metric=metric, target=target, critical=critical, abort=bool(critical))
        (judged,) = evaluate([objective], run.measured())
        assert judged.verdict == verdict, judged
        why = CriticalLimits(replace(run.plan, objectives=(objective,))).missed(run)
        assert why.startswith(f"objective: {metric} ") is (verdict == "fail"), why
    waiting = Objective(metric=metric, critical=missed, abort=True, grace_s=60.0)
    assert CriticalLimits(replace(run.plan, objectives=(waiting,))).missed(run) == ""
