"""A day of seconds: size of the journal per hour, memory while it grows, time until a viewer shows it.

python tests/benchmarks/long_run.py [HOURS]

What a runner keeps of a run, and how it grows (three operations, 200 requests per second):
- the last 900 seconds one by one, which is why the first quarter of an hour looks like 20 MB per hour;
- a block per minute behind them, 13 kB of packed histograms: 0.8 MB per hour for two hours. Of each length there are at
  most 120 blocks, then two neighbours become one (metrics/tail.py): 0.4 MB in each of the next four hours, 0.3 MB in
  each of the eight after them, for a block of more values is larger;
- 2,048 samples of each number of the machine, full after half an hour;
- room between what is kept and what was freed: 2 MB in eight hours, which is used again.
Together 0.7 MB per hour over eight hours; with a minute for every minute, and 8,192 samples, it was 1.3 MB.

What a screen keeps beside that (`perftui watch`, 80x24, the same run with one operation that fails and 400 marks per
hour, eight hours fed in twelve minutes):
- of each second and each block where its times lie, its counts, and the total of the newest two minutes: 1.3 kB a
  second (it was 7.5 kB), 2 kB a block (it was 13 kB, 0.8 MB per hour for two hours);
- the marks, 0.2 kB each: 0.1 MB per hour, all of them, for they are never dropped;
- what Textual remembers of regions and colours, 0.1 MB per quarter of an hour until its caches are full: 1,024
  translated regions after an hour and a half, 4,096 intersections in twelve hours;
- room between what is kept and what was freed, as much again as what is kept grows.
Resident memory grew by 3.4 MB per hour in the second half hour, 2.2 in the second hour, 1.3 in the next two, 1.0 in the
four after them: 9 MB from half an hour to eight hours, in 89 MB; it was 97 MB.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
import psutil

from perftui.metrics.histogram import Histogram
from perftui.metrics.timeline import Timeline
from perftui.model.interval import Cell, Connections, Counts, HostSample, Interval, TimePart, WorkerHealth
from perftui.model.journal import End, Header, JournalLine
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.model.record import Environment
from perftui.store.files import FileCalls
from perftui.store.journal_writer import JournalWriter
from perftui.store.overview import overview_lines, write_overview

RATE = 200
OPERATIONS = ("list items", "show item", "search")
VARIANTS = 200
ALLOWED_OPEN_S = 1.0
ALLOWED_BYTES_PER_HOUR = 15_000_000
ALLOWED_GROWTH_PER_HOUR = 1_000_000


class QuietDisk(FileCalls):
    """A disk that is always in time: it is not what is measured."""

    def fsync(self, descriptor: int) -> None:
        """Nothing to wait for."""


def plan_of(seconds: int) -> Plan:
    """A soak of that length."""
    load = Load(stages=(Stage(duration_s=seconds, to=RATE),), start_level=RATE)
    operations = tuple(Operation(name=name) for name in OPERATIONS)
    return Plan(name="soak", target=Target(url="http://127.0.0.1:8000"), load=load, operations=operations)


def cell(random: np.random.Generator) -> Cell:
    """What one operation measures in a second: log-normal times around 0.7 ms."""
    each = RATE // len(OPERATIONS)
    times = Histogram.of(random.lognormal(6.5, 0.5, each).astype(np.int64)).data
    delays = Histogram.of(random.lognormal(3, 0.3, each).astype(np.int64)).data
    return Cell(
        counts=Counts(scheduled=each, started=each, ok=each),
        received_bytes=60_000,
        sent_bytes=7_000,
        service_time=times,
        response_time=times,
        start_delay=delays,
        times={"first_byte": TimePart(count=each, sum_us=40_000, max_us=2_000)},
    )


def intervals(seconds: int) -> Iterator[Interval]:
    """One per second."""
    random = np.random.default_rng(1)
    variants = [{name: cell(random) for name in OPERATIONS} for _ in range(VARIANTS)]
    host = HostSample(cpu_percent=12.3456, cpu_max_core_percent=33.21, memory_percent=55.5, net_sent_bytes=12345.6)
    health = WorkerHealth(worker=0, cpu_percent=7.512, memory_bytes=60_000_000, loop_lag_p99_ms=0.312)
    for second in range(seconds):
        yield Interval(
            at_s=float(second), duration_s=1.0, phase="measure", level=RATE, asked=RATE,
            cells={"measure": variants[second % VARIANTS]}, connections=Connections(reused=RATE, open_now=3),
            workers=(health,), host=host,
        )  # fmt: skip


def main() -> int:
    """Write, add up, and open a long run; say what it took."""
    hours = float(sys.argv[1]) if len(sys.argv) > 1 else 24.0
    seconds = int(hours * 3600)
    plan = plan_of(seconds)
    timeline = Timeline(plan)
    process = psutil.Process()
    with tempfile.TemporaryDirectory() as folder_name:
        folder = Path(folder_name)
        ticks = count()
        writer = JournalWriter(folder / "journal.jsonl", QuietDisk(), clock=lambda: float(next(ticks)))

        def take(line: JournalLine) -> None:
            writer.append(line)
            timeline.add(line)

        take(Header(id="soak", plan=plan, started_at="2026-01-01T00:00:00+00:00", environment=Environment()))
        began, settled = time.process_time(), 0
        for interval in intervals(seconds):
            take(interval)
            if interval.at_s == 1800:
                settled = process.memory_info().rss
        spent_s = time.process_time() - began
        growth = (process.memory_info().rss - settled) / max(hours - 0.5, 0.5)
        take(End(status="finished", ended_at=""))
        writer.close()
        size_per_hour = (folder / "journal.jsonl").stat().st_size / hours
        write_overview(folder, timeline)
        began = time.perf_counter()
        opened = Timeline()
        for line in overview_lines(folder) or ():
            opened.add(line)
        summary = opened.run()
        opened.series("response_time.p95", points=300)
        open_s = time.perf_counter() - began
    same = summary.total.counts == timeline.run().total.counts
    print(f"journal            {size_per_hour / 1e6:6.1f} MB per hour, {RATE} requests/s, three operations")
    print(f"runner             {spent_s / seconds * 1e3:6.2f} ms of processor time per second")
    print(f"memory             {growth / 1e6:6.2f} MB more per hour after the first half hour")
    print(f"open {hours:4.1f} h        {open_s:6.2f} s, counts {'the same' if same else 'DIFFERENT'}")
    fine = open_s < ALLOWED_OPEN_S and size_per_hour < ALLOWED_BYTES_PER_HOUR and growth < ALLOWED_GROWTH_PER_HOUR
    return 0 if fine and same else 1


if __name__ == "__main__":
    sys.exit(main())
