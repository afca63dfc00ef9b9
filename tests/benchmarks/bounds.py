"""Whether the numbers say truly what they are worth, against a server that knows its own times.

    python tests/benchmarks/bounds.py [TABLE]... [--full] [--runs N] [--keep FILE] [--replay FILE]

T1 cases     the true quantiles lie in [lower, upper] whatever the generator did: 10,000 simulated cases
T2 inside    the true p50, p95 and p99 do in real runs of 6 s, under hogs that take 0, 50 and 90 % of every core, in at
             least 99 of 100; of ordinary runs on the quiet machine, answers of 20 or of 0.3 ms, 99 of 100 are valid:
             of those in which its host let it alone
T3 hogged    pairs of 12 s under a 90 % hog: +30 % is a regression in at least 18 of 20, equal ones in at most 1 of 50
T4 pairs     pairs of 12 s on the quiet machine: all of them right
T5 stopped   a worker stopped for a tenth of the run: the numbers that it spoils are named, p50 stays sound
T6 due       due = scheduled for asked rates of 1 to 1,000,000 per second
T7 overload  throughput within 2 % of the server's own log where twice as much is asked as it can do

Measured on two cores of a virtual machine: T2 of 20 ms, p50, p95 and p99 inside in 100 of 100 runs each under 0, 50 and
90 %; quiet, 61 of 62 valid; T3, 20 of 20 regressions found, none called in 50 equal pairs (24 inconclusive: tests ran
beside the hogs); T4, 20 of 20 found, none called in 20 (one inconclusive).

Without a name every table is printed: about 9 minutes, or with --full 90 (T1 2, T2 45, T3 26, T4 13, the rest 2). The
last column says `right` or `WRONG`, and the exit code is 1 where anything is. --runs: so many runs or pairs instead.
--keep adds every run of T2 to a file, whole histograms, and --replay judges those of such a file by the rules of today
instead of making new ones: how the limits of metrics/generator_bounds.py were chosen.
"""

from __future__ import annotations

import argparse
import math
import os
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import psutil
from hypothesis import HealthCheck, given, settings

from perftui.analysis.comparison import compare
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.plan import Plan
from perftui.model.record import Record
from perftui.store.loading import LoadedRun, load_run
from support.bound_cases import REQUESTS, check
from support.load_worker import make_plan
from support.nginx import nginx
from support.true_runs import NAMES, TrueRun, keep, kept, true_run
from support.true_server import hogs, true_server

RATE = 200
KINDS = {"quiet": (0.0, 20.0), "quiet, fast": (0.0, 0.3), "hog 50 %": (0.5, 20.0), "hog 90 %": (0.9, 20.0)}
"""Of runs of T2: the share of every core that hogs take, and how long answers take (ms)."""

MOST_STOLEN_PERCENT = 1.0
"""Of a quiet machine's processor time. Where its host takes more, others work on it, whom nobody on it sees."""


@dataclass(frozen=True)
class Wanted:
    """How much of it."""

    full: bool
    runs: int
    keep: Path | None
    replay: Path | None

    def several(self, reduced: int, full: int) -> int:
        """How many runs, pairs or cases."""
        return self.runs or (full if self.full else reduced)


def told(text: str, *, right: bool) -> bool:
    """A line with its verdict."""
    print(f"{text}  {'right' if right else 'WRONG'}", flush=True)
    return right


def run(plan: Plan) -> Record:
    """One run, saved."""
    return run_plan(RunRequest(plan=plan))


def loaded(plan: Plan) -> LoadedRun:
    """One run with its seconds."""
    return load_run(run(plan).id)


def cases(wanted: Wanted) -> bool:
    """Simulated requests, any delays."""
    number = wanted.several(1_000, 10_000)
    every = settings(
        max_examples=number, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )
    try:
        every(given(REQUESTS)(check))()
    except AssertionError as error:
        return told(f"{number:,} cases: {error}", right=False)
    return told(f"{number:,} cases, every quantile of each inside", right=True)


def inside(wanted: Wanted) -> bool:
    """How often the truth lies inside, how wide the interval is, and how often an ordinary run is valid."""
    right, seen = True, 0
    for kind in KINDS:
        runs = list(_runs(kind, wanted))
        seen += len(runs)
        right &= _inside(kind, runs)
    return right if seen else told("no such runs", right=False)


def _runs(kind: str, wanted: Wanted) -> Iterator[TrueRun]:
    if wanted.replay is not None:
        yield from (run for run in kept(wanted.replay) if run.kind == kind)
        return
    share, took_ms = KINDS[kind]
    with hogs(share), true_server(took_ms, jitter_ms=took_ms / 50) as server:
        plan = make_plan(server.url, rate=RATE, duration_s=6)
        for _ in range(wanted.several(8, 100)):
            yield (made := true_run(kind, plan, server))
            keep(wanted.keep, made)


def _inside(kind: str, runs: Sequence[TrueRun]) -> bool:
    if not runs:
        return True
    most = len(runs) // 100
    """Runs that may lie outside."""
    right = True
    for name in NAMES:
        widths = sorted(run.bounds[name].upper - run.bounds[name].lower for run in runs)
        held = sum(run.inside[name] for run in runs)
        worth = Counter(run.bounds[name].verdict for run in runs)
        right &= told(
            f"{kind:11} {name}  inside {held:3} of {len(runs):3}   width ms: median {statistics.median(widths):7.2f} "
            f"widest {widths[-1]:7.2f}   sound {worth['sound']:3} blurred {worth['blurred']:3} "
            f"unusable {worth['unusable']:3}",
            right=len(runs) - held <= most,
        )
    alone = [run for run in runs if run.steal_percent < MOST_STOLEN_PERCENT]
    valid, valid_alone = (sum(run.is_valid for run in some) for some in (runs, alone))
    busy, stolen = (
        max(column) for column in zip(*((run.busy_percent, run.steal_percent) for run in runs), strict=True)
    )
    said = (
        f"{kind:11} valid {valid_alone:3} of {len(alone):3} let alone, {valid:3} of all {len(runs):3}   "
        f"machine at most {busy:.0f} % busy, {stolen:.1f} % stolen"
    )
    if not kind.startswith("quiet"):
        print(said, flush=True)
        return right
    return told(said, right=len(alone) - valid_alone <= math.ceil(len(alone) / 100)) and right


def hogged(wanted: Wanted) -> bool:
    """Pairs under a hog."""
    slower, equal = wanted.several(3, 20), wanted.several(3, 50)
    found = _pairs(0.9, equal, slower)
    wrong = found["equal"]["regression"] + found["equal"]["improvement"]
    right = told(
        f"+30 % under a 90 % hog: {dict(found['+30 %'])}",
        right=found["+30 %"]["regression"] >= math.floor(0.9 * slower),
    )
    return told(f"equal pairs under a 90 % hog: {dict(found['equal'])}", right=wrong <= equal // 50) and right


def pairs(wanted: Wanted) -> bool:
    """Pairs on a quiet machine."""
    number = wanted.several(3, 20)
    found = _pairs(0.0, number, number)
    wrong = found["equal"]["regression"] + found["equal"]["improvement"]
    right = told(f"+30 %, quiet: {dict(found['+30 %'])}", right=found["+30 %"]["regression"] == number)
    return told(f"equal pairs, quiet: {dict(found['equal'])}", right=wrong == 0) and right


def _pairs(share: float, equal: int, slower: int) -> dict[str, Counter[str]]:
    """Verdicts of pairs of runs of the same server, and of one that takes 30 % longer."""
    found: dict[str, Counter[str]] = {"equal": Counter(), "+30 %": Counter()}
    with ExitStack() as stack:
        stack.enter_context(hogs(share))
        usual, slow = (make_plan(stack.enter_context(true_server(ms)).url, rate=RATE, duration_s=12) for ms in (20, 26))
        for number in range(max(equal, slower)):
            before = loaded(usual)
            if number < equal:
                found["equal"][compare([before], [loaded(usual)]).verdict] += 1
            if number < slower:
                found["+30 %"][compare([before], [loaded(slow)]).verdict] += 1
    return found


def stopped(wanted: Wanted) -> bool:
    """A worker that stands still for a tenth of the time."""
    seconds = 30.0 if wanted.full else 10.0
    with true_server(20) as server:
        threading.Thread(target=_stop_workers, args=(seconds,), daemon=True).start()
        record = run(make_plan(server.url, rate=RATE, duration_s=seconds))
    found = record.summary.total.response_time_bounds
    for name, bound in found.items():
        print(f"{name:6} [{bound.lower:9.3f}, {bound.upper:9.3f}] ms  {bound.verdict}")
    codes = [reason.code for reason in record.trust.reasons]
    named = {f"response_time.{name}" for name in ("p95", "p99")}
    right = found["p50"].verdict == "sound" and named <= set(codes) and record.trust.verdict == "degraded"
    return told(f"stopped for {seconds / 10:g} of {seconds:g} s: {record.trust.verdict}, {codes}", right=right)


def _stop_workers(seconds: float) -> None:
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


def _is_worker(process: psutil.Process) -> bool:
    try:
        return "perftui.engine.worker" in " ".join(process.cmdline())
    except psutil.Error:  # it has just ended
        return False


def due(wanted: Wanted) -> bool:
    """What the schedule says, and what was counted."""
    seconds, right = 3.0 if wanted.full else 1.0, True
    with nginx() as server:
        for rate in (1, 333, 10_000, 100_000, 500_000, 1_000_000):
            begun = time.perf_counter()
            record = run(make_plan(server.url, rate=rate, duration_s=seconds))
            took = time.perf_counter() - begun
            counts, expected = record.whole_run, math.ceil(rate * seconds)
            line = f"{rate:9,}/s  due {expected:9,}  scheduled {counts.scheduled:9,}  ok {counts.ok:9,}  {took:.1f} s"
            right &= told(line, right=counts.scheduled == expected and took < seconds + 5)
    return right


def overload(wanted: Wanted) -> bool:
    """Asked for twice what the server can do."""
    seconds = 30.0 if wanted.full else 6.0
    with true_server(10, jitter_ms=0, at_once=1) as server:
        record = run(make_plan(server.url, rate=RATE, duration_s=seconds))
        own = server.ended_per_s(seconds)
    measured = record.summary.total.throughput_per_s
    off = measured / own - 1
    line = f"asked {RATE}/s  the server's own {own:.2f}/s  measured {measured:.2f}/s  {100 * off:+.2f} %"
    return told(line, right=abs(off) <= 0.02)


TABLES: dict[str, Callable[[Wanted], bool]] = {
    "cases": cases, "inside": inside, "hogged": hogged, "pairs": pairs, "stopped": stopped, "due": due,
    "overload": overload,
}  # fmt: skip


def main() -> int:
    """Print the tables; 0 when all of it is right."""
    options = argparse.ArgumentParser(description="Whether numbers say truly what they are worth.")
    options.add_argument("tables", nargs="*", metavar="TABLE", help=", ".join(TABLES))
    options.add_argument("--full", action="store_true", help="as many runs as were promised")
    options.add_argument("--runs", type=int, default=0, help="so many runs, pairs or cases instead")
    options.add_argument("--keep", type=Path, help="add the runs of T2 to this file")
    options.add_argument("--replay", type=Path, help="judge the runs of this file instead of making new ones for T2")
    asked = options.parse_args()
    if unknown := sorted(set(asked.tables) - set(TABLES)):
        options.error(f"no such table: {', '.join(unknown)}")
    wanted = Wanted(asked.full, asked.runs, asked.keep, asked.replay)
    right: dict[str, bool] = {}
    with tempfile.TemporaryDirectory(prefix="pt-bounds-") as directory:
        os.environ["PERFTUI_DATA_DIR"] = directory
        for number, (name, table) in enumerate(TABLES.items(), start=1):
            if not asked.tables or name in asked.tables:
                begun = time.perf_counter()
                print(f"T{number} {name}", flush=True)
                right[name] = table(wanted)
                print(f"({time.perf_counter() - begun:.0f} s)\n", flush=True)
    print("  ".join(f"{name} {'right' if held else 'WRONG'}" for name, held in right.items()))
    return 0 if all(right.values()) else 1


if __name__ == "__main__":
    raise SystemExit(main())
