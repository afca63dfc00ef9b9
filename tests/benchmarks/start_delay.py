"""How late requests start: nginx on one core, the worker on another; one operation, then as many as a recording has.

python tests/benchmarks/start_delay.py [SECONDS]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perftui.model.plan import Operation
from support.benchmark import load, numbers, pinned_nginx, require
from support.load_worker import make_plan

MEDIAN_MS, P99_MS = 0.1, 1.0
"""Wanted at 1,000/s of one operation."""
LOADS = ((100, 1), (1_000, 1), (10_000, 1), (1_000, 30), (1_000, 300))
"""Requests per second, operations."""


def main(seconds: float = 5.0) -> int:
    """Print the delays; 0 when they are as wanted."""
    require("nginx")
    reached = True
    with pinned_nginx() as server:
        for rate, count in LOADS:
            operations = [Operation(name=f"operation {number}", path="/varied") for number in range(count)]
            measured = load(make_plan(server.url, operations=operations, rate=rate, duration_s=seconds, warmup_s=1))
            delays = measured.histogram("start_delay", phase="measure")
            median, p99, longest = (value / 1000 for value in delays.quantiles_us((0.5, 0.99, 1)))
            cpu = max(frame.health.cpu_percent for frame in measured.frames if not frame.final)
            gc_ms = max(frame.health.gc_pause_max_ms for frame in measured.frames)
            print(
                f"{rate:>6,}/s of {count}: start delay median {median:.3f} ms, p99 {p99:.3f} ms, "
                f"longest {longest:.3f} ms; "
                f"worker CPU {cpu:.0f} %, longest GC pause {gc_ms:.1f} ms",
                flush=True,
            )
            if (rate, count) == (1_000, 1):
                reached = median <= MEDIAN_MS and p99 <= P99_MS
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
