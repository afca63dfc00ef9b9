"""What it costs to know how late the loop is: processor time of a worker per request, closed loop at full speed.

    python tests/benchmarks/lag_cost.py [SECONDS] [ROUNDS]

Each round runs a worker without the timer that notes its lateness, with it as it is (200 ticks per second), and with
twenty times as many ticks, in turn on one core, nginx on another. On a busy machine processor time per request varies
by more than what is looked for: the third, divided by twenty, is the number to believe there. At most 1 % is wanted.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from perftui.engine.worker.lag import EVERY_NS
from support.benchmark import GENERATOR_CPU, numbers, pinned_nginx, require, speed
from support.load_worker import LoadWorkers, make_plan

CONNECTIONS = 50
MORE = 20
MOST = 0.01
_WITH = """
import sys
from perftui.engine.worker import lag
every_ns = int(sys.argv[1])
if every_ns:
    lag.EVERY_NS = every_ns
else:
    lag.LagTimer.start = lambda self, origin_ns: None
from perftui.engine.worker.__main__ import main
main()
"""
VARIANTS = {"without": 0, "as it is": EVERY_NS, f"{MORE} times as often": EVERY_NS // MORE}


def cpu_us(url: str, seconds: float, every_ns: int) -> float:
    """Processor time of one request, in us."""
    plan = make_plan(url, users=CONNECTIONS, duration_s=seconds)
    program = (sys.executable, "-c", _WITH, str(every_ns))
    with LoadWorkers(plan, cpu=GENERATOR_CPU, program=program) as running:
        running.begin()
        measured = running.collect()
    measured.assert_conserved()
    return 1e6 / speed(measured).per_cpu_s


def main(seconds: float = 2.0, rounds: float = 7) -> int:
    """Print the cost; 0 when it is as small as wanted."""
    require("nginx")
    found: dict[str, list[float]] = {name: [] for name in VARIANTS}
    with pinned_nginx() as server:
        for number in range(int(rounds)):
            for name, every_ns in VARIANTS.items():
                found[name].append(cpu_us(server.url, seconds, every_ns))
            told = ", ".join(f"{name} {values[-1]:.3f}" for name, values in found.items())
            print(f"round {number + 1}: us of processor time per request: {told}", flush=True)
    bare, usual, often = (
        statistics.median(value / bare for value, bare in zip(values, found["without"], strict=True))
        for values in found.values()
    )
    cost = (often - bare) / MORE
    print(f"with the timer as it is {100 * (usual - 1):+.2f} %, by {MORE} times as many ticks {100 * cost:+.2f} %")
    print(f"{'right' if cost <= MOST else 'WRONG'}: at most {100 * MOST:g} % is wanted")
    return 0 if cost <= MOST else 1


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
