"""A thousand connections at once: users that do not wait, against others with as many, nginx on another core.

python tests/benchmarks/connections.py [CONNECTIONS] [TURNS]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perftui.model.plan import Plan
from support.benchmark import against_others, load, numbers, pinned_nginx, require
from support.load_worker import make_plan

LEAST = 0.7


def look(plan: Plan, connections: int) -> None:
    """Run a plan; every connection must have been opened once and kept."""
    measured = load(plan)
    assert measured.opened == connections, f"{measured.opened} connections opened"
    memory = max(frame.health.memory_bytes for frame in measured.frames)
    print(f"{connections:,} connections kept, worker memory {memory / 1e6:.0f} MB")


def main(connections: float = 1000, turns: float = 80) -> int:
    """Print the ratios; 0 when they reach the floor."""
    require("wrk", "nginx", "taskset")
    count = int(connections)
    with pinned_nginx() as server:
        plan = make_plan(server.url, users=count, duration_s=4.0)
        look(plan, count)
        reached = against_others(f"{count:,} connections", plan, server.url, server, turns=turns, least=LEAST)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
