"""This machine and the target's process, sampled once per second."""

from __future__ import annotations

import time

import psutil

from perftui.metrics.host_kernel import Throttling, throttling
from perftui.metrics.target_process import TargetTree
from perftui.model.interval import HostSample

_SUSPENDED_S = 0.5
"""A gap between the two clocks below it is their rounding."""


class HostSampler:
    """Makes samples from differences between calls. Quantities a platform lacks stay 0, an unknown target None."""

    def __init__(self, target: TargetTree | None = None) -> None:
        self._target = target
        self._at_ns = time.perf_counter_ns()
        self._cores = psutil.cpu_times(percpu=True)
        self._disk = psutil.disk_io_counters()
        self._net = psutil.net_io_counters()
        self._throttling = throttling()
        self._sleep_s = _slept_s()

    def sample(self) -> HostSample:
        """What happened since the last call."""
        now_ns = time.perf_counter_ns()
        seconds = max(1e-3, (now_ns - self._at_ns) / 1e9)
        self._at_ns = now_ns
        busy, steal = self._core_shares()
        memory = psutil.virtual_memory()
        read, written = self._disk_rates(seconds)
        received, sent = self._net_rates(seconds)
        throttled, slept_s = throttling(), _slept_s()
        throttled_percent, suspended_s = _throttled_percent(self._throttling, throttled), slept_s - self._sleep_s
        self._throttling, self._sleep_s = throttled, slept_s
        target = self._target.use(seconds) if self._target is not None else None
        return HostSample(
            cpu_percent=round(sum(busy) / len(busy), 2) if busy else 0.0,
            cpu_max_core_percent=round(max(busy, default=0.0), 2),
            memory_percent=memory.percent,
            memory_used_bytes=memory.total - memory.available,
            disk_read_bytes=read,
            disk_write_bytes=written,
            net_received_bytes=received,
            net_sent_bytes=sent,
            throttled_percent=throttled_percent,
            steal_percent=steal,
            suspended_s=suspended_s if suspended_s > _SUSPENDED_S else 0.0,
            target_cpu_percent=target.cpu_percent if target else None,
            target_memory_bytes=target.memory_bytes if target else None,
            target_threads=target.threads if target else None,
            target_open_files=target.open_files if target else None,
            target_processes=target.processes if target else None,
        )

    def _core_shares(self) -> tuple[list[float], float]:
        """Busy per cent of each core, and stolen per cent of the machine. A core may come or go between calls."""
        now = psutil.cpu_times(percpu=True)
        busy, stolen, whole = [], 0.0, 0.0
        for before, after in zip(self._cores, now, strict=False):
            # guest time is part of user time
            total = sum(after) - sum(before) - _spent(before, after, "guest") - _spent(before, after, "guest_nice")
            idle = _spent(before, after, "idle") + _spent(before, after, "iowait")
            if total > 0:
                busy.append(min(100.0, max(0.0, 100 * (1 - idle / total))))
                stolen += _spent(before, after, "steal")
                whole += total
        self._cores = now
        return busy, 100 * stolen / whole if whole else 0.0

    def _disk_rates(self, seconds: float) -> tuple[float, float]:
        before, self._disk = self._disk, psutil.disk_io_counters()
        if before is None or self._disk is None:
            return 0.0, 0.0
        read = max(0, self._disk.read_bytes - before.read_bytes)
        written = max(0, self._disk.write_bytes - before.write_bytes)
        return round(read / seconds, 1), round(written / seconds, 1)

    def _net_rates(self, seconds: float) -> tuple[float, float]:
        before, self._net = self._net, psutil.net_io_counters()
        received = max(0, self._net.bytes_recv - before.bytes_recv)
        sent = max(0, self._net.bytes_sent - before.bytes_sent)
        return round(received / seconds, 1), round(sent / seconds, 1)


def _spent(before: object, after: object, name: str) -> float:
    return float(getattr(after, name, 0.0)) - float(getattr(before, name, 0.0))


def _slept_s() -> float:
    """Seconds the machine has slept since it was started, where the system tells."""
    boot_clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.clock_gettime(boot_clock) - time.clock_gettime(time.CLOCK_MONOTONIC) if boot_clock else 0.0


def _throttled_percent(before: Throttling, after: Throttling) -> float:
    periods = after.periods - before.periods
    return 100 * (after.throttled - before.throttled) / periods if periods > 0 else 0.0
