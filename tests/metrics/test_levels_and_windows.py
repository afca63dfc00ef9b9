"""Levels and stretches of a run, from its seconds."""

from __future__ import annotations

from msgspec.structs import replace

from perftui.metrics.timeline import Timeline
from perftui.model.interval import HostSample, Interval
from perftui.model.load_profile import held_stages
from perftui.model.plan import Load, Objective, Plan, Stage
from support.simulated_runs import Model, plan_of, simulated_run

LEVELS = Load(
    mode="rate", warmup_s=2, start_level=50,
    stages=(Stage(duration_s=5, to=50), Stage(duration_s=0, to=200), Stage(duration_s=5, to=200),
            Stage(duration_s=3, to=50), Stage(duration_s=5, to=50)),
)  # fmt: skip
"""50, then at once 200, then down to 50 again."""


def _plan(load: Load, *objectives: Objective) -> Plan:
    return replace(plan_of(Model()), load=load, objectives=objectives)


def _seconds(medians_ms: list[float], levels: list[float], *, warmup_s: int = 0) -> list[Interval]:
    made = []
    for at, (median_ms, level) in enumerate(zip(medians_ms, levels, strict=True)):
        run = simulated_run(Model(seconds=1, rate=int(level), median_ms=median_ms, spread=0.01), f"{at}")
        interval = run.intervals[0]
        phase = "warmup" if at < warmup_s else "measure"
        cells = {phase: interval.cells["measure"]}
        made.append(replace(interval, at_s=float(at), phase=phase, level=level, asked=level, cells=cells))
    return made


def _timeline(plan: Plan, seconds: list[Interval]) -> Timeline:
    timeline = Timeline(plan)
    for interval in seconds:
        timeline.add(interval)
    return timeline


def test_held_stages() -> None:
    held = [(stage.number, stage.level, stage.start_s, stage.end_s) for stage in held_stages(LEVELS)]
    assert held == [(1, 50, 2, 7), (2, 200, 7, 12), (3, 50, 15, 20)]


def test_each_level_has_its_own_numbers() -> None:
    levels = [50.0] * 7 + [200.0] * 5 + [150, 100, 60] + [50.0] * 5
    medians = [20.0] * 7 + [80.0] * 5 + [50.0] * 3 + [20.0] * 5
    seconds = _seconds(medians, levels, warmup_s=2)
    found = _timeline(_plan(LEVELS), seconds).levels()
    assert [(level.stage, level.level, level.duration_s) for level in found] == [(1, 50, 5), (2, 200, 5), (3, 50, 5)]
    assert [level.total.counts.ok for level in found] == [250, 1000, 250]
    assert [level.total.throughput_per_s for level in found] == [50, 200, 50]
    assert found[1].total.response_time_ms.p50 > 3 * found[0].total.response_time_ms.p50
    assert found[1].operations["list"].counts.ok == 1000


def test_seconds_at_another_level_than_planned_belong_to_none() -> None:
    seconds = _seconds([20.0] * 12, [50.0] * 7 + [200, 90, 90, 200, 200])
    found = _timeline(_plan(LEVELS), seconds).levels()
    assert [level.duration_s for level in found] == [7 - 2, 3]


def test_a_run_of_one_level_has_no_table_of_levels() -> None:
    load = Load(stages=(Stage(duration_s=5, to=50),), start_level=50)
    assert _timeline(_plan(load), _seconds([20.0] * 5, [50.0] * 5)).levels() == ()


def test_the_worst_stretch_is_found_and_the_grace_is_not_in_it() -> None:
    load = Load(stages=(Stage(duration_s=20, to=50),), start_level=50, warmup_s=2)
    objective = Objective(metric="response_time.p95", target="< 50ms", over_s=3, grace_s=4)
    medians = [500.0] * 6 + [20.0] * 6 + [90.0, 90, 90] + [20.0] * 5
    timeline = _timeline(_plan(load, objective), _seconds(medians, [50.0] * 20, warmup_s=2))
    found = timeline.measured().windows[objective]
    assert 10 <= found.worst.start_s <= 14
    assert found.worst.value is not None
    assert 80 < found.worst.value < 110
    assert found.newest.start_s == 17


def test_stretches_of_what_is_sampled() -> None:
    load = Load(stages=(Stage(duration_s=8, to=50),), start_level=50)
    highest = Objective(metric="target.memory", target="< 1GB", over_s=2)
    lowest = Objective(metric="throughput", target="> 40/s", over_s=2)
    seconds = [
        replace(interval, host=HostSample(target_memory_bytes=1000 if at == 3 else 10))
        for at, interval in enumerate(_seconds([20.0] * 8, [50.0, 50, 10, 10, 50, 50, 50, 50]))
    ]
    windows = _timeline(_plan(load, highest, lowest), seconds).measured().windows
    assert (windows[highest].worst.value, windows[highest].newest.value) == (1000, 10)
    assert (windows[lowest].worst.value, windows[lowest].worst.start_s) == (10, 2)
