"""What the benchmarks share: a server on one core, generators in turn on another, ratios from the same run."""

from __future__ import annotations

import os
import re
import resource
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from perftui.model.plan import Plan
from support.load_worker import LoadWorkers, Measured
from support.nginx import Nginx, nginx

SERVER_CPU = 0
GENERATOR_CPU = (os.cpu_count() or 1) - 1
VARIED = """
location = /varied { default_type application/json; return 200 '{"status":"ok","id":"$request_id"}'; }
location /items { default_type application/json; return 200 '{"id":"$request_id","path":"$uri"}'; }
"""
"""Answers that are never the same twice."""


@contextmanager
def pinned_nginx(**options: object) -> Iterator[Nginx]:
    """Nginx with one process, kept on a core of its own."""
    with nginx(locations=VARIED, **options) as server:  # type: ignore[arg-type]  # handed on
        for process in (psutil.Process(server.pid), *psutil.Process(server.pid).children()):
            process.cpu_affinity([SERVER_CPU])
        yield server


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast a generator was."""

    per_s: float
    per_cpu_s: float
    """Requests per second of the generator's own processor time: tells more than the other on a busy machine."""


def wrk(url: str, connections: int, seconds: float, script: Path | None = None) -> Speed:
    """One wrk thread on the generator's core."""
    command = ["taskset", "-c", str(GENERATOR_CPU), "wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s"]
    if script is not None:
        command += ["-s", str(script)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    rate, total = re.search(r"Requests/sec:\s+([\d.]+)", said), re.search(r"(\d+) requests in", said)
    assert rate is not None, said
    assert total is not None, said
    assert "Non-2xx" not in said, said
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Speed(float(rate[1]), int(total[1]) / cpu_s)


def load(plan: Plan, workers: int = 1, *, cpu: int = GENERATOR_CPU) -> Measured:
    """Run a plan with workers on the generator's core."""
    with LoadWorkers(plan, workers, cpu=cpu) as running:
        running.begin()
        measured = running.collect()
    measured.assert_conserved()
    return measured


def measure(plan: Plan) -> Speed:
    """Run a plan with one worker."""
    return speed(load(plan))


def speed(measured: Measured) -> Speed:
    """Ok answers of a run in which nothing else happened."""
    frames = [frame for frame in measured.frames if not frame.final]
    seconds = sum(frame.end_ns - frame.start_ns for frame in frames) / 1e9
    cpu_s = sum(frame.health.cpu_percent / 100 * (frame.end_ns - frame.start_ns) / 1e9 for frame in frames)
    counts = measured.counts()
    assert counts.ok == counts.scheduled, f"{counts} {measured.classes()}"
    return Speed(counts.ok / seconds, counts.ok / cpu_s)


def compare(
    name: str,
    ours: Callable[[], Speed],
    theirs: Callable[[], Speed],
    *,
    rounds: float,
    least: float,
    per_cpu: bool = False,
) -> bool:
    """Measure both in turn and print the median ratios; returns whether the one that is asked for reaches the floor."""
    ratios, cpu_ratios = [], []
    for number in range(int(rounds)):
        reference, mine = theirs(), ours()
        ratios.append(mine.per_s / reference.per_s)
        cpu_ratios.append(mine.per_cpu_s / reference.per_cpu_s)
        print(
            f"{name} round {number + 1}: {mine.per_s:,.0f}/s against {reference.per_s:,.0f}/s, ratio {ratios[-1]:.3f}; "
            f"per CPU second {mine.per_cpu_s:,.0f} against {reference.per_cpu_s:,.0f}, ratio {cpu_ratios[-1]:.3f}",
            flush=True,
        )
    ratio, cpu_ratio = statistics.median(ratios), statistics.median(cpu_ratios)
    wanted = f"at least {least:g} wanted{' of the latter' if per_cpu else ''}"
    print(f"{name}: ratio {ratio:.3f}, per CPU second {cpu_ratio:.3f} ({wanted})")
    return (cpu_ratio if per_cpu else ratio) >= least


def numbers(arguments: Sequence[str]) -> tuple[float, ...]:
    """The arguments of a benchmark."""
    return tuple(float(argument) for argument in arguments)


def require(*programs: str) -> None:
    """End with a reason when a program is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise SystemExit(f"missing: {', '.join(missing)}")
