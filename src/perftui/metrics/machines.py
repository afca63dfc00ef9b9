"""The machines of a cluster as one, and each of them over a run."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from perftui.metrics.spread import SpreadOf
from perftui.model.interval import HostSample, Interval, MachineSample
from perftui.model.record import MachineStats

_OF_MACHINE = tuple(name for name in HostSample.__struct_fields__ if not name.startswith(("target_", "remote_")))


def worst_of(runner: HostSample, machines: Sequence[MachineSample]) -> HostSample:
    """What limits a cluster: of each number the highest of any machine that sends.

    Args:
        runner: of the runner's machine, which sends nothing; it knows the target's process and machine.
        machines: of the cluster; without any, the runner's machine is the one that sends.
    """
    hosts = [machine.host for machine in machines if not machine.lost]
    if not hosts:
        return runner
    return replace(runner, **{name: max(getattr(host, name) for host in hosts) for name in _OF_MACHINE})


def which(interval: Interval, number: str) -> str:
    """The machine that a number of the interval's host is of, in words.

    Args:
        interval: of one machine or a cluster.
        number: name of a field of HostSample.
    """
    sending = [machine for machine in interval.machines if not machine.lost]
    if not sending:
        return "this machine"
    return f"machine {max(sending, key=lambda machine: float(getattr(machine.host, number))).name}"


class _Machine:
    """What was sampled of one of them."""

    def __init__(self) -> None:
        self.workers: set[int] = set()
        self.cpu, self.memory, self.lag = SpreadOf(), SpreadOf(), SpreadOf()
        self.round_trip_ms = self.clock_offset_ms = self.clock_bound_ms = 0.0
        self.lost = False

    def add(self, sample: MachineSample, interval: Interval) -> None:
        """Take a second of it."""
        here = [worker for worker in interval.workers if worker.machine == sample.name]
        self.workers.update(worker.worker for worker in here)
        self.lost = self.lost or sample.lost
        if sample.lost or interval.phase == "drain":
            return
        self.cpu.add(sample.host.cpu_percent)
        self.memory.add(sample.host.memory_percent)
        self.lag.add(max((worker.loop_lag_max_ms for worker in here), default=0.0))
        self.round_trip_ms = max(self.round_trip_ms, sample.round_trip_ms)
        self.clock_offset_ms = max(self.clock_offset_ms, sample.clock_offset_ms, key=abs)
        self.clock_bound_ms = max(self.clock_bound_ms, sample.clock_bound_ms)

    def stats(self, name: str) -> MachineStats:
        """Over the run."""
        return MachineStats(
            name=name,
            workers=len(self.workers),
            cpu_percent=self.cpu.spread,
            memory_percent=self.memory.spread,
            loop_lag_ms=self.lag.spread,
            round_trip_ms=self.round_trip_ms,
            clock_offset_ms=self.clock_offset_ms,
            clock_bound_ms=self.clock_bound_ms,
            lost=self.lost,
        )


class Machines:
    """Adds up what intervals say of them."""

    def __init__(self) -> None:
        self._held: dict[str, _Machine] = {}

    def add(self, interval: Interval) -> None:
        """Take an interval."""
        for sample in interval.machines:
            self._held.setdefault(sample.name, _Machine()).add(sample, interval)

    def stats(self) -> tuple[MachineStats, ...] | UnsetType:
        """Of each machine; unset without a cluster."""
        return tuple(machine.stats(name) for name, machine in self._held.items()) or UNSET
