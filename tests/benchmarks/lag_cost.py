"""What it costs to know what numbers are worth: processor time of a worker per request, closed loop at full speed.

    python tests/benchmarks/lag_cost.py [SECONDS]

A worker on one core, nginx on another. Every twentieth of a second its timer, which notes how late the loop is (200
ticks per second), is switched to the next of: none, as it is, twenty times as many ticks. What a request costs varies
from moment to moment by more than what is looked for, and most on a busy machine: the medians of a hundred moments of
each are compared, and the difference of the third, divided by twenty, is the number to believe. At most 1 % is wanted.
Part of it are the bounds themselves, which the runner works out every second: of ten operations and the total.

Where the worker has nothing else to do, a tick costs what waking up costs: 50 to 90 us under a virtual machine's
timers, of which a program in C that only sleeps takes 25. The processor is idle there anyway.

On two busy cores: the timer +0.25 % (18.235 us per request without it, 19.156 with twenty times as many ticks), the
bounds +0.25 %.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np

from perftui.engine.worker.lag import EVERY_NS
from perftui.metrics.generator_bounds import Generator, bounds
from perftui.metrics.sparse import Sparse
from support.benchmark import numbers, pinned_nginx, require
from support.load_worker import LoadWorkers, make_plan
from support.turns import GENERATOR_CPU

CONNECTIONS = 50
MORE = 20
MOST = 0.01
VARIANTS = {"without": 0, "as it is": EVERY_NS, f"{MORE} times as often": EVERY_NS // MORE}
_SWITCHING = """
import asyncio, json, sys, time
from perftui.engine.worker import lag
variants, out = json.loads(sys.argv[1]), sys.argv[2]
noted = []
start = lag.LagTimer.start
def switch(timer, number, cpu_s, sent):
    now_s, now = time.process_time(), timer._answers()
    if now > sent:
        noted.append((number, (now_s - cpu_s) / (now - sent)))
    number = (number + 1) % len(variants)
    if variants[number]:
        lag.EVERY_NS = variants[number]
        start(timer, time.perf_counter_ns())
    else:
        timer._pacer.disarm()
    asyncio.get_running_loop().call_later(0.05, switch, timer, number, time.process_time(), timer._answers())
def begin(timer, origin_ns):
    start(timer, origin_ns)
    asyncio.get_running_loop().call_later(0.5, switch, timer, 1, time.process_time(), timer._answers())
lag.LagTimer.start = begin
from perftui.engine.worker.__main__ import main
main()
json.dump(noted, open(out, "w"))
"""


def cpu_us(url: str, seconds: float) -> list[float]:
    """Processor time of one request with each variant, in us."""
    plan = make_plan(url, users=CONNECTIONS, duration_s=seconds)
    with tempfile.TemporaryDirectory(prefix="pt-lag-") as directory:
        out = Path(directory) / "noted.json"
        program = (sys.executable, "-c", _SWITCHING, json.dumps(list(VARIANTS.values())), str(out))
        with LoadWorkers(plan, cpu=GENERATOR_CPU, program=program) as running:
            running.begin()
            running.collect().assert_conserved()
        noted = json.loads(out.read_text(encoding="utf-8"))
    found = [[1e6 * each for number, each in noted if number == variant] for variant in range(len(VARIANTS))]
    for name, values in zip(VARIANTS, found, strict=True):
        quarter, median, most = statistics.quantiles(values, n=4)
        print(f"{name:20} {len(values):4} moments  us per request: {median:.3f} ({quarter:.3f} to {most:.3f})")
    return [statistics.median(values) for values in found]


def judging_share(operations: int = 10) -> float:
    """Processor time of the bounds of one second's numbers, as a share of that second."""
    generator = np.random.default_rng(1)
    lag = Generator(Sparse.counted(generator.exponential(80, 200).astype(np.int64)))
    held = [Sparse.counted(generator.normal(20_000, 2_000, 500).astype(np.int64)) for _ in range(operations + 1)]
    stats = [times.stats() for times in held]
    took = []
    for _ in range(50):
        begun = time.process_time()
        for each, times in zip(stats, held, strict=True):
            bounds(each, times, lag)
        took.append(time.process_time() - begun)
    return statistics.median(took)


def main(seconds: float = 20.0) -> int:
    """Print the cost; 0 when it is as small as wanted."""
    require("nginx")
    with pinned_nginx() as server:
        bare, usual, often = cpu_us(server.url, seconds)
    timer, judging = (often / bare - 1) / MORE, judging_share()
    print(f"timer as it is {100 * (usual / bare - 1):+.2f} %, by {MORE} times as many ticks {100 * timer:+.2f} %")
    print(f"bounds of a second {100 * judging:+.2f} %, in the runner")
    right = timer + judging <= MOST
    print(f"together {100 * (timer + judging):+.2f} %, at most {100 * MOST:g} %  {'right' if right else 'WRONG'}")
    return 0 if right else 1


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
