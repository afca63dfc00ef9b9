"""Three weighted operations with templated paths and bodies and a check, against one constant request of the others.

python tests/benchmarks/mixed_operations.py [TURNS]
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perftui.model.plan import Check, Operation
from support.benchmark import against_others, numbers, pinned_nginx, require
from support.load_worker import make_plan

CONNECTIONS = 50
LEAST = 0.8
OPERATIONS = (
    Operation(name="health", weight=5, path="/health"),
    Operation(name="read", weight=4, path="/items/${rand:1..1000}", checks=(Check(status=(200,)),)),
    Operation(
        name="write",
        weight=1,
        method="POST",
        path="/items",
        json={"name": "item ${rand:1..100000}", "quantity": "${rand:1..9}"},
    ),
)
LOOKING = (
    Operation(
        name="status", weight=5, path="/health", checks=(Check(status=(200,)), Check(json="$.status", equals="ok"))
    ),
    Operation(
        name="read", weight=4, path="/items/${rand:1..1000}", checks=(Check(json="$.id"), Check(contains="path"))
    ),
    Operation(name="unique", weight=1, method="POST", path="/items", json={"name": "item ${seq}", "id": "${uuid}"}),
)
"""With answers that must be read as JSON each time, and requests that are never the same."""


def main(turns: float = 80) -> int:
    """Print the ratios; 0 when the first reaches the floor."""
    require("wrk", "nginx", "taskset")
    with pinned_nginx() as server:
        results = []
        for name, operations in (("mixed operations", OPERATIONS), ("mixed operations, JSON checks", LOOKING)):
            plan = make_plan(server.url, users=CONNECTIONS, operations=operations)
            url = f"{server.url}/health"
            results.append(against_others(name, plan, url, server, turns=turns, least=LEAST))
    return 0 if results[0] else 1


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
