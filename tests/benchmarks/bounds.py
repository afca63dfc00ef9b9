"""Whether the numbers say truly what they are worth, against a server that knows its own times.

    python tests/benchmarks/bounds.py [inside|pairs|stopped|due|overload|all] [RUNS] [SECONDS]

inside    the true p50, p95 and p99 lie in [lower, upper]: runs under hogs that take 0, 50 and 90 % of every core
pairs     +30 % under a 90 % hog is a regression; equal pairs under the same hog, and quiet ones, are not
stopped   a worker stopped for a tenth of the run: the numbers it spoils are named, p50 stays sound
due       due = scheduled for asked rates of 1 to 1,000,000 per second
overload  throughput against the server's own log where twice as much is asked as it can do
"""

from __future__ import annotations

import math
import os
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil

from perftui.analysis.comparison import compare
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.plan import Plan
from perftui.model.record import Record
from perftui.store.loading import LoadedRun, load_run
from support.load_worker import make_plan
from support.nginx import nginx
from support.true_server import TrueServer, hogs, true_server

RATE = 200
SHARES = (0.0, 0.5, 0.9)
NAMES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def run(plan: Plan) -> Record:
    """One run, saved."""
    return run_plan(RunRequest(plan=plan))


def loaded(plan: Plan) -> LoadedRun:
    """One run with its seconds."""
    return load_run(run(plan).id)


def true_ms(server: TrueServer) -> dict[str, float]:
    """The server's own percentiles since the last question."""
    took = sorted(took for _, took in server.times())
    return {name: took[max(0, math.ceil(q * len(took)) - 1)] / 1e6 for name, q in NAMES.items()}


def inside(runs: int, seconds: float) -> None:
    """How often the truth lies inside, and how wide the interval is."""
    for share in SHARES:
        held: Counter[str] = Counter()
        widths: dict[str, list[float]] = {name: [] for name in NAMES}
        trust: Counter[str] = Counter()
        with hogs(share), true_server(20) as server:
            plan = make_plan(server.url, rate=RATE, duration_s=seconds)
            for _ in range(runs):
                record = run(plan)
                truth, found = true_ms(server), record.summary.total.response_time_bounds
                trust[record.trust.verdict] += 1
                for name in NAMES:
                    held[name] += found[name].lower <= truth[name] <= found[name].upper
                    widths[name].append(found[name].share)
        told = "  ".join(
            f"{name} inside {held[name]:3} of {runs}, median width {100 * statistics.median(widths[name]):5.1f} %"
            for name in NAMES
        )
        print(f"hog {100 * share:3.0f} %  {told}  trust {dict(trust)}", flush=True)


def pairs(runs: int, seconds: float) -> None:
    """Verdicts of equal pairs and of pairs that differ by 30 %, quiet and under a hog."""
    for share in (0.0, 0.9):
        found: dict[str, Counter[str]] = {"equal": Counter(), "+30 %": Counter()}
        with ExitStack() as stack:
            stack.enter_context(hogs(share))
            fast, slow = (stack.enter_context(true_server(ms)) for ms in (20, 26))
            for _ in range(runs):
                before, equal, slower = (
                    loaded(make_plan(server.url, rate=RATE, duration_s=seconds)) for server in (fast, fast, slow)
                )
                found["equal"][compare([before], [equal]).verdict] += 1
                found["+30 %"][compare([before], [slower]).verdict] += 1
        for name, verdicts in found.items():
            print(f"hog {100 * share:3.0f} %  {name:6} {dict(verdicts)}", flush=True)


def stopped(_runs: int, seconds: float) -> None:
    """A worker that stands still for a tenth of the time."""

    def stop() -> None:
        workers: list[psutil.Process] = []
        while not workers:
            workers = [child for child in psutil.Process().children(recursive=True) if _is_worker(child)]
            time.sleep(0.1)
        time.sleep(seconds * 0.4 + 1)
        for worker in workers:
            worker.send_signal(signal.SIGSTOP)
        time.sleep(seconds / 10)
        for worker in workers:
            worker.send_signal(signal.SIGCONT)

    with true_server(20) as server:
        threading.Thread(target=stop, daemon=True).start()
        record = run(make_plan(server.url, rate=RATE, duration_s=seconds))
    for name, bound in record.summary.total.response_time_bounds.items():
        print(f"{name:6} [{bound.lower:9.3f}, {bound.upper:9.3f}] ms  {bound.verdict}")
    print(f"trust {record.trust.verdict}: {[reason.code for reason in record.trust.reasons]}")


def _is_worker(process: psutil.Process) -> bool:
    return "perftui.engine.worker" in " ".join(process.cmdline())


def due(_runs: int, seconds: float) -> None:
    """What the schedule says, and what was counted."""
    with nginx() as server:
        for rate in (1, 333, 10_000, 100_000, 500_000, 1_000_000):
            begun = time.perf_counter()
            record = run(make_plan(server.url, rate=rate, duration_s=min(seconds, 3.0)))
            took = time.perf_counter() - begun
            counts, expected = record.whole_run, math.ceil(rate * min(seconds, 3.0))
            word = "right" if counts.scheduled == expected else "WRONG"
            told = f"{rate:9,}/s  due {expected:9,}  scheduled {counts.scheduled:9,}  ok {counts.ok:9,}"
            print(f"{told}  {word}  {took:.1f} s")


def overload(_runs: int, seconds: float) -> None:
    """Asked for twice what the server can do."""
    with true_server(10, jitter_ms=0, at_once=1) as server:
        record = run(make_plan(server.url, rate=RATE, duration_s=seconds))
        ended = sorted(arrived + took for arrived, took in server.times())
    own = (len(ended) - 1) / (ended[-1] - ended[0]) * 1e9
    measured = record.summary.total.throughput_per_s
    told = f"asked {RATE}/s  the server's own {own:.2f}/s  measured {measured:.2f}/s"
    print(f"{told}  {100 * (measured / own - 1):+.2f} %")


CHECKS = {"inside": inside, "pairs": pairs, "stopped": stopped, "due": due, "overload": overload}


def main() -> None:
    """Print the tables."""
    import tempfile

    which = sys.argv[1] if len(sys.argv) > 1 else "all"
    runs = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    with tempfile.TemporaryDirectory(prefix="pt-bounds-") as directory:
        os.environ["PERFTUI_DATA_DIR"] = directory
        for name, check in CHECKS.items():
            if which in {name, "all"}:
                seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 12.0 if name == "pairs" else 6.0
                print(f"{name}, {seconds:g} s each", flush=True)
                check(runs, seconds)


if __name__ == "__main__":
    main()
