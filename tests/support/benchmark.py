"""What the benchmarks share: a server on one core, generators in turn on another, ratios from the same run."""

from __future__ import annotations

import os
import re
import resource
import shutil
import statistics
import subprocess
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil

from perftui.model.plan import Check, Operation, Plan
from support.load_worker import LoadWorkers, Measured
from support.nginx import Nginx, nginx

SERVER_CPU = 0
GENERATOR_CPU = (os.cpu_count() or 1) - 1
VARIED = """
location = /varied { default_type application/json; return 200 '{"status":"ok","id":"$request_id"}'; }
location /items { default_type application/json; return 200 '{"id":"$request_id","path":"$uri"}'; }
"""
"""Answers that are never the same twice."""
MIXED = (
    Operation(name="read", weight=3, path="/items/${rand:1..9}", checks=(Check(json="$.id"),)),
    Operation(name="look", path="/varied"),
    Operation(name="make", method="POST", path="/items/${seq}", json={"number": "${seq}"}),
)
"""A plan whose answers are looked into and whose requests are made anew."""


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
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds:g}s"]
    if script is not None:
        command += ["-s", str(script)]
    said, cpu_s = _on_the_generators_core([*command, url])
    assert "Non-2xx" not in said, said
    return Speed(_number(r"Requests/sec:\s+([\d.]+)", said), _number(r"(\d+) requests in", said) / cpu_s)


def ab(url: str, connections: int, seconds: float) -> Speed:
    """Apache's ab, which keeps its connections as HTTP/1.0 does, on the generator's core."""
    command = ["ab", "-q", "-k", "-l", f"-t{max(1, round(seconds))}", "-n100000000", f"-c{connections}"]
    said, cpu_s = _on_the_generators_core([*command, url])
    assert "Non-2xx" not in said, said
    complete = _number(r"Complete requests:\s+(\d+)", said)
    assert _number(r"Keep-Alive requests:\s+(\d+)", said) > 0.9 * complete, said
    return Speed(_number(r"Requests per second:\s+([\d.]+)", said), complete / cpu_s)


def _on_the_generators_core(command: Sequence[str]) -> tuple[str, float]:
    """What a program says, and its processor time."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(["taskset", "-c", str(GENERATOR_CPU), *command], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ran.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _number(pattern: str, said: str) -> float:
    found = re.search(pattern, said)
    assert found is not None, said
    return float(found[1])


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
    also: Mapping[str, Callable[[], Speed]] | None = None,
) -> bool:
    """Measure both in turn and print the median ratios; returns whether the one that is asked for reaches the floor.

    Args:
        name: of the comparison.
        ours: runs perftui.
        theirs: runs what the floor is about.
        rounds: how often each runs.
        least: the floor.
        per_cpu: it is one of requests per second of processor time, not of requests per second.
        also: other generators by name, which run in the same rounds; their ratios are only printed.
    """
    references = {"": theirs, **(also or {})}
    ratios: dict[str, list[tuple[float, float]]] = {other: [] for other in references}
    for number in range(int(rounds)):
        speeds = {other: run() for other, run in references.items()}
        mine = ours()
        for other, speed_of_it in speeds.items():
            ratio, cpu_ratio = mine.per_s / speed_of_it.per_s, mine.per_cpu_s / speed_of_it.per_cpu_s
            ratios[other].append((ratio, cpu_ratio))
            print(
                f"{name} round {number + 1}: {mine.per_s:,.0f}/s against {speed_of_it.per_s:,.0f}/s"
                f"{other and f' of {other}'}, ratio {ratio:.3f}; per CPU second {mine.per_cpu_s:,.0f} against "
                f"{speed_of_it.per_cpu_s:,.0f}, ratio {cpu_ratio:.3f}",
                flush=True,
            )
    medians = {
        other: [statistics.median(column) for column in zip(*found, strict=True)] for other, found in ratios.items()
    }
    for other, (ratio, cpu_ratio) in medians.items():
        wanted = "" if other else f" (at least {least:g} wanted{' of the latter' if per_cpu else ''})"
        print(f"{name}: ratio {other and f'to {other} '}{ratio:.3f}, per CPU second {cpu_ratio:.3f}{wanted}")
    return bool(medians[""][1 if per_cpu else 0] >= least)


def against_wrk(  # what the loads over HTTP have in common
    name: str, plan: Plan, url: str, *, seconds: float, rounds: float, least: float
) -> bool:
    """Compare with wrk, and with ab where that is installed: all three in turn on one core."""
    connections = round(plan.load.start_level)
    also = {"ab": partial(ab, url, connections, seconds)} if shutil.which("ab") else {}
    return compare(
        name, partial(measure, plan), partial(wrk, url, connections, seconds), rounds=rounds, least=least, also=also
    )


def numbers(arguments: Sequence[str]) -> tuple[float, ...]:
    """The arguments of a benchmark."""
    return tuple(float(argument) for argument in arguments)


def require(*programs: str) -> None:
    """End with a reason when a program is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise SystemExit(f"missing: {', '.join(missing)}")
