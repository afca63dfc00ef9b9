"""Closed loop against wrk, everything recorded: generators in turn on one core, nginx on another.

    python tests/benchmarks/closed_loop.py [SECONDS] [ROUNDS]

Twice: with answers that are all alike, and with answers that are never the same (each is parsed).
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perftui.model.plan import Operation
from support.benchmark import compare, measure, numbers, pinned_nginx, require, wrk
from support.load_worker import make_plan

CONNECTIONS = 50
LEAST = 0.85


def main(seconds: float = 4.0, rounds: float = 5) -> int:
    """Print both ratios; 0 when they reach the floor."""
    require("wrk", "nginx", "taskset")
    reached = True
    with pinned_nginx() as server:
        for name, path in (("equal answers", "/"), ("varied answers", "/varied")):
            operations = [Operation(name="get", path=path)]
            plan = make_plan(server.url, users=CONNECTIONS, duration_s=seconds, operations=operations)
            reached &= compare(
                name,
                partial(measure, plan),
                partial(wrk, server.url + path, CONNECTIONS, seconds),
                rounds=rounds,
                least=LEAST,
            )
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
