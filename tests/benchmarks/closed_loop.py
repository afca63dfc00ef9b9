"""Closed loop against wrk (ab and bombardier where they are installed), in turns on one core, nginx on another.

    python tests/benchmarks/closed_loop.py [TURNS]

With answers that are all alike, with answers that are never the same, and with a plan of several operations, two of
which make every request anew, against the others' one constant request.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perftui.model.plan import Operation
from support.benchmark import MIXED, against_others, numbers, pinned_nginx, require
from support.load_worker import make_plan

CONNECTIONS = 50
LOADS = {
    "equal answers": ("/", (Operation(name="get", path="/"),), 0.95),
    "varied answers": ("/varied", (Operation(name="get", path="/varied"),), 0.95),
    "mixed plan": ("/varied", MIXED, 0.8),
}
"""What the others ask for, what perftui does, and the ratio that is wanted."""


def main(turns: float = 80) -> int:
    """Print the ratios; 0 when all reach their floors."""
    require("wrk", "nginx", "taskset")
    reached = True
    with pinned_nginx() as server:
        for name, (path, operations, least) in LOADS.items():
            plan = make_plan(server.url, users=CONNECTIONS, operations=operations)
            reached &= against_others(name, plan, server.url + path, server, turns=turns, least=least)
    return 0 if reached else 1


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
