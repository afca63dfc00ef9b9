"""A thousand connections at once: users that do not wait, against wrk with as many, nginx on another core.

python tests/benchmarks/connections.py [CONNECTIONS] [SECONDS] [ROUNDS]
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perftui.model.plan import Plan
from support.benchmark import Speed, compare, load, numbers, pinned_nginx, require, speed, wrk
from support.load_worker import make_plan

LEAST = 0.7


def measure(plan: Plan, connections: int) -> Speed:
    """Run a plan; every connection must have been opened once and kept."""
    measured = load(plan)
    assert measured.opened == connections, f"{measured.opened} connections opened"
    memory = max(frame.health.memory_bytes for frame in measured.frames)
    print(f"{connections:,} connections kept, worker memory {memory / 1e6:.0f} MB")
    return speed(measured)


def main(connections: float = 1000, seconds: float = 4.0, rounds: float = 3) -> int:
    """Print the ratios; 0 when they reach the floor."""
    require("wrk", "nginx", "taskset")
    count = int(connections)
    with pinned_nginx() as server:
        plan = make_plan(server.url, users=count, duration_s=seconds)
        reached = compare(
            f"{count:,} connections",
            partial(measure, plan, count),
            partial(wrk, server.url, count, seconds),
            rounds=rounds,
            least=LEAST,
        )
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
