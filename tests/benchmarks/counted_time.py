"""How much of their time users are said to wait for the server; the rest is the generator's, and none of its answers'.

python tests/benchmarks/counted_time.py [USERS] [ROUNDS]

Users who do not think are always either waiting or in the generator's hands: by Little's law the mean service time
times the throughput, divided by their number, is the share that was counted as waiting. nginx on a core of its own is
there for all of them; the one worker is busy all the time. Of 50 users it says 0.98 where each answer is noted when its
turn to be worked on comes, and the dearer the checks, the more of that is wrong.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perftui.model.plan import Operation
from support.benchmark import MIXED, load, numbers, pinned_nginx, require
from support.load_worker import make_plan

SECONDS = 2.0
MOST = 0.95
LOADS = {"varied answers": Operation(name="get", path="/varied"), "JSON check": MIXED[0]}


def share(url: str, operation: Operation, users: float) -> tuple[float, float]:
    """Of one run, and its median in milliseconds."""
    measured = load(make_plan(url, users=users, duration_s=SECONDS, operations=(operation,)))
    counts, parts_us = measured.counts(), measured.parts_us()
    assert counts.ok == counts.scheduled, f"{counts} {measured.classes()}"
    waited_us = parts_us["first_byte"] + parts_us.get("transfer", 0)
    return waited_us / 1e6 / (users * SECONDS), measured.quantile_us("service_time", 0.5) / 1e3


def main(users: float = 50, rounds: float = 5) -> int:
    """Print the medians; 0 when they stay below what only a late look gives."""
    require("nginx", "taskset")
    right = True
    with pinned_nginx() as server:
        for name, operation in LOADS.items():
            runs = [share(server.url, operation, users) for _ in range(int(rounds))]
            counted, p50_ms = (statistics.median(column) for column in zip(*runs, strict=True))
            right &= counted <= MOST
            print(f"{name}: {counted:.3f} of the time of {users:.0f} users is the server's, p50 {p50_ms:.3f} ms")
    print(f"at most {MOST:g} wanted")
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
