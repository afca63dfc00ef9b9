"""The machines of a cluster as one, and each of them over a run."""

from __future__ import annotations

from msgspec import UNSET

from perftui.metrics.interval_merge import merge_intervals
from perftui.metrics.machines import Machines, which, worst_of
from perftui.model.interval import HostSample, Interval, MachineSample, WorkerHealth


def machine(name: str, cpu: float, **other: float) -> MachineSample:
    lost = bool(other.pop("lost", False))
    return MachineSample(name=name, host=HostSample(cpu_percent=cpu, memory_percent=50), lost=lost, **other)


def second(at_s: float, *machines: MachineSample) -> Interval:
    workers = tuple(
        WorkerHealth(worker=number, machine=one.name, loop_lag_max_ms=one.host.cpu_percent / 10)
        for number, one in enumerate(machines)
    )
    return Interval(at_s=at_s, duration_s=1.0, phase="measure", machines=machines, workers=workers)


RUNNER = HostSample(cpu_percent=99, memory_percent=10, target_cpu_percent=33)
SECONDS = [
    second(0, machine("a", 10, clock_offset_ms=0.1, clock_bound_ms=1), machine("b", 80, round_trip_ms=3)),
    second(1, machine("a", 30, clock_offset_ms=-0.4, clock_bound_ms=2), machine("b", 80, lost=True)),
]


def test_the_worst_of_each_number_counts_and_the_runner_knows_the_target() -> None:
    host = worst_of(RUNNER, SECONDS[0].machines)

    assert (host.cpu_percent, host.memory_percent, host.target_cpu_percent) == (80, 50, 33)
    assert worst_of(RUNNER, SECONDS[1].machines).cpu_percent == 30
    assert worst_of(RUNNER, ()) == RUNNER
    assert which(SECONDS[0], "cpu_percent") == "machine b"
    assert which(second(0), "cpu_percent") == "this machine"


def test_each_machine_is_summed_up_until_it_is_lost() -> None:
    machines = Machines()
    for interval in SECONDS:
        machines.add(interval)

    stats = machines.stats()

    assert isinstance(stats, tuple)
    a, b = stats
    assert (a.workers, a.cpu_percent.mean, a.clock_offset_ms, a.clock_bound_ms, a.lost) == (1, 20, -0.4, 2, False)
    assert (b.workers, b.cpu_percent.mean, b.round_trip_ms, b.loop_lag_ms.max, b.lost) == (1, 80, 3, 8, True)
    assert Machines().stats() is UNSET


def test_seconds_become_minutes_with_their_machines() -> None:
    merged = merge_intervals(SECONDS)

    assert [(one.name, one.host.cpu_percent, one.lost) for one in merged.machines] == [
        ("a", 20, False),
        ("b", 80, True),
    ]
    assert [worker.machine for worker in merged.workers] == ["a", "b"]
    assert merged.machines[0].clock_offset_ms == -0.4
