"""Several intervals as one: what old seconds become, so that a day of them stays small."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from perftui.metrics.cells import CellSum
from perftui.metrics.sparse import Sparse
from perftui.metrics.trust import worst_of
from perftui.model.interval import Connections, HostSample, Interval, MachineSample, TrustReason, WorkerHealth
from perftui.model.plan import Phase

Sums = dict[Phase, dict[str, CellSum]]
"""By phase of the intended time, then by operation."""


def add_cells(sums: Sums, interval: Interval) -> None:
    """Add what an interval measured."""
    for phase, cells in interval.cells.items():
        held = sums.setdefault(phase, {})
        for name, cell in cells.items():
            total = held.get(name)
            if total is None:
                total = held[name] = CellSum()
            total.add(cell)


def merge_intervals(intervals: Sequence[Interval], sums: Sums | None = None) -> Interval:
    """One interval over the time of several, at least one, oldest first. Counts and histograms add up exactly.

    Args:
        intervals: What is merged.
        sums: Their cells, when somebody has added them up already.
    """
    if sums is None:
        sums = {}
        for interval in intervals:
            add_cells(sums, interval)
    first, last = intervals[0], intervals[-1]
    seconds = sum(interval.duration_s for interval in intervals)
    reasons = _merged_reasons(intervals)
    return Interval(
        at_s=first.at_s,
        duration_s=last.at_s + last.duration_s - first.at_s,
        phase=first.phase,
        level=last.level,
        asked=sum(interval.asked for interval in intervals),
        paused=all(interval.paused for interval in intervals),
        cells={phase: {name: total.cell for name, total in held.items()} for phase, held in sums.items()},
        connections=Connections(
            opened=sum(interval.connections.opened for interval in intervals),
            reused=sum(interval.connections.reused for interval in intervals),
            reconnects=sum(interval.connections.reconnects for interval in intervals),
            open_now=last.connections.open_now,
        ),
        workers=_merged_workers(intervals, seconds),
        host=_merged_host([interval.host for interval in intervals]),
        machines=_merged_machines(intervals),
        trust=worst_of(reasons),
        trust_reasons=reasons,
    )


def _merged_reasons(intervals: Sequence[Interval]) -> tuple[TrustReason, ...]:
    """Each reason once per verdict, as it was first said, with the time it held."""
    merged: dict[tuple[str, str], TrustReason] = {}
    for interval in intervals:
        lasting: dict[tuple[str, str], TrustReason] = {}
        for reason in interval.trust_reasons:
            lasting.setdefault((reason.code, reason.verdict), reason)
        for key, reason in lasting.items():
            first = merged.get(key)
            before_s = first.lasted_s if first else 0.0
            merged[key] = replace(first or reason, lasted_s=before_s + (reason.lasted_s or interval.duration_s))
    return tuple(merged.values())


def _merged_workers(intervals: Sequence[Interval], seconds: float) -> tuple[WorkerHealth, ...]:
    by_worker: dict[int, list[tuple[float, WorkerHealth]]] = {}
    for interval in intervals:
        for health in interval.workers:
            by_worker.setdefault(health.worker, []).append((interval.duration_s, health))
    merged = []
    for worker, samples in sorted(by_worker.items()):
        held = [health for _, health in samples]
        merged.append(
            WorkerHealth(
                worker=worker,
                cpu_percent=sum(duration_s * health.cpu_percent for duration_s, health in samples) / max(seconds, 1e-9),
                busy_percent=sum(duration_s * health.busy_percent for duration_s, health in samples)
                / max(seconds, 1e-9),
                memory_bytes=held[-1].memory_bytes,
                loop_lag=Sparse.of(*(health.loop_lag for health in held)).data,
                loop_lag_p99_ms=max(health.loop_lag_p99_ms for health in held),
                loop_lag_max_ms=max(health.loop_lag_max_ms for health in held),
                loop_lag_over_100ms=sum(health.loop_lag_over_100ms for health in held),
                gc_pause_max_ms=max(health.gc_pause_max_ms for health in held),
                start_delay_p99_ms=max(health.start_delay_p99_ms for health in held),
                in_flight=max(health.in_flight for health in held),
                queued=max(health.queued for health in held),
                at_cap_s=sum(health.at_cap_s for health in held),
                state=held[-1].state,
                machine=held[-1].machine,
            )
        )
    return tuple(merged)


def _mean(values: Sequence[float | None]) -> float | None:
    told = [value for value in values if value is not None]
    return sum(told) / len(told) if told else None


def _merged_machines(intervals: Sequence[Interval]) -> tuple[MachineSample, ...]:
    by_name: dict[str, list[MachineSample]] = {}
    for interval in intervals:
        for machine in interval.machines:
            by_name.setdefault(machine.name, []).append(machine)
    return tuple(
        MachineSample(
            name=name,
            host=_merged_host([sample.host for sample in samples]),
            round_trip_ms=max(sample.round_trip_ms for sample in samples),
            clock_offset_ms=max((sample.clock_offset_ms for sample in samples), key=abs),
            clock_bound_ms=max(sample.clock_bound_ms for sample in samples),
            lost=samples[-1].lost,
        )
        for name, samples in by_name.items()
    )


def _merged_host(hosts: Sequence[HostSample]) -> HostSample:
    def of(value: Callable[[HostSample], float]) -> float:
        return sum(map(value, hosts)) / len(hosts)

    cpus = [host.target_cpu_percent for host in hosts if host.target_cpu_percent is not None]
    memory = [host.target_memory_bytes for host in hosts if host.target_memory_bytes is not None]
    return HostSample(
        cpu_percent=of(lambda host: host.cpu_percent),
        cpu_max_core_percent=max(host.cpu_max_core_percent for host in hosts),
        memory_percent=of(lambda host: host.memory_percent),
        memory_used_bytes=int(of(lambda host: host.memory_used_bytes)),
        disk_read_bytes=of(lambda host: host.disk_read_bytes),
        disk_write_bytes=of(lambda host: host.disk_write_bytes),
        net_received_bytes=of(lambda host: host.net_received_bytes),
        net_sent_bytes=of(lambda host: host.net_sent_bytes),
        throttled_percent=of(lambda host: host.throttled_percent),
        steal_percent=of(lambda host: host.steal_percent),
        suspended_s=sum(host.suspended_s for host in hosts),
        target_cpu_percent=sum(cpus) / len(cpus) if cpus else None,
        target_memory_bytes=memory[-1] if memory else None,
        target_threads=hosts[-1].target_threads,
        target_open_files=hosts[-1].target_open_files,
        target_processes=hosts[-1].target_processes,
        remote_cpu_percent=_mean([host.remote_cpu_percent for host in hosts]),
        remote_memory_percent=_mean([host.remote_memory_percent for host in hosts]),
    )
