"""Whether a high rate that is asked for is kept: nginx on one core, the worker on another.

python tests/benchmarks/achieved_rate.py [RATE] [SECONDS]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.benchmark import load, numbers, pinned_nginx, require
from support.load_worker import make_plan

LEAST = 0.999


def main(rate: float = 20_000.0, seconds: float = 5.0) -> int:
    """Print what was achieved; 0 when it is enough."""
    require("nginx")
    with pinned_nginx() as server:
        measured = load(make_plan(server.url, rate=rate, duration_s=seconds, warmup_s=1))
    counts = measured.counts(phase="measure")
    achieved = counts.ok / counts.scheduled
    delays = measured.histogram("start_delay", phase="measure").quantiles_us((0.5, 0.99))
    cpu = max(frame.health.cpu_percent for frame in measured.frames if not frame.final)
    print(
        f"{rate:,.0f}/s asked: {counts.ok:,} of {counts.scheduled:,} answered, {achieved:.5f} ({LEAST} wanted); "
        f"start delay median {delays[0] / 1000:.3f} ms, p99 {delays[1] / 1000:.3f} ms; worker CPU {cpu:.0f} %"
    )
    return 0 if achieved >= LEAST else 1


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
