"""How the worker itself does: loop lag, garbage collection, CPU, memory."""

from __future__ import annotations

import gc
import time
from contextlib import suppress
from pathlib import Path
from time import perf_counter_ns

import psutil

from perftui.engine.worker.lag import Lags
from perftui.model.interval import WorkerHealth

_GEN0_THRESHOLD = 50_000
_LEAST_CPU_S = 0.1
"""A shorter interval (the last one) says nothing about CPU use; the value before it holds."""
_SCHEDSTAT = Path("/proc/self/schedstat")
"""What the kernel knows of this thread: ns that it ran, ns that it waited for a core."""


class HealthSampler:
    """Samples since the last take."""

    def __init__(self, worker: int) -> None:
        self._worker = worker
        self._process = psutil.Process()
        self._gc_began_ns = 0
        self._gc_longest_ns = 0
        self._cpu_s = time.process_time()
        self._taken_ns = perf_counter_ns()
        self._runnable_s = _runnable_s()
        self._cpu_percent = self._busy_percent = 0.0
        self._memory_bytes = 0

    def settle(self) -> None:
        """Everything is set up: what exists now is never looked at again by the garbage collector."""
        gc.collect()
        gc.freeze()
        gc.set_threshold(_GEN0_THRESHOLD, *gc.get_threshold()[1:])
        gc.callbacks.append(self._on_gc)

    def _on_gc(self, phase: str, _info: dict[str, int]) -> None:
        if phase == "start":
            self._gc_began_ns = perf_counter_ns()
        else:
            self._gc_longest_ns = max(self._gc_longest_ns, perf_counter_ns() - self._gc_began_ns)

    def take(
        self, lags: Lags, *, in_flight: int, queued: int, at_cap_s: float, start_delay_p99_ms: float
    ) -> WorkerHealth:
        """Health since the last take."""
        now_ns, cpu_s = perf_counter_ns(), time.process_time()
        elapsed_s = (now_ns - self._taken_ns) / 1e9
        if elapsed_s >= _LEAST_CPU_S:
            self._cpu_percent = round(100 * (cpu_s - self._cpu_s) / elapsed_s, 2)
            runnable_s = _runnable_s()
            self._busy_percent = round(min(100.0, 100 * (runnable_s - self._runnable_s) / elapsed_s), 2)
            self._cpu_s, self._runnable_s, self._taken_ns = cpu_s, runnable_s, now_ns
        with suppress(OSError):  # no descriptor left to read it with: the last value holds
            self._memory_bytes = self._process.memory_info().rss
        health = WorkerHealth(
            worker=self._worker,
            cpu_percent=self._cpu_percent,
            busy_percent=self._busy_percent,
            memory_bytes=self._memory_bytes,
            loop_lag=lags.histogram,
            loop_lag_p99_ms=lags.p99_ms,
            loop_lag_max_ms=lags.max_ms,
            loop_lag_over_100ms=lags.over_100ms,
            gc_pause_max_ms=self._gc_longest_ns / 1e6,
            start_delay_p99_ms=start_delay_p99_ms,
            in_flight=in_flight,
            queued=queued,
            at_cap_s=at_cap_s,
        )
        self._gc_longest_ns = 0
        return health


def _runnable_s() -> float:
    """Seconds in which this thread ran or waited for a core; where the kernel does not say, in which it ran."""
    try:
        ran_ns, waited_ns, _ = _SCHEDSTAT.read_text().split()
    except (OSError, ValueError):
        return time.process_time()
    return (int(ran_ns) + int(waited_ns)) / 1e9
