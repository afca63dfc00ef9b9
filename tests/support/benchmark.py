"""What the benchmarks share: a server on one core, generators in turn on another, ratios from the same run."""

from __future__ import annotations

import shutil
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import psutil

from perftui.model.plan import Check, Operation, Plan
from support.load_worker import LoadWorkers, Measured
from support.nginx import Nginx, nginx
from support.turns import GENERATOR_CPU, OTHERS, SERVER_CPU, in_turns, ours, report

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
    """Measure both in turn and print the median ratios; returns whether the one that is asked for reaches the floor.

    Args:
        name: of the comparison.
        ours: runs perftui.
        theirs: runs what the floor is about.
        rounds: how often each runs.
        least: the floor.
        per_cpu: it is one of requests per second of processor time, not of requests per second.
    """
    ratios: list[tuple[float, float]] = []
    for number in range(int(rounds)):
        reference, mine = theirs(), ours()
        ratio, cpu_ratio = mine.per_s / reference.per_s, mine.per_cpu_s / reference.per_cpu_s
        ratios.append((ratio, cpu_ratio))
        print(
            f"{name} round {number + 1}: {mine.per_s:,.0f}/s against {reference.per_s:,.0f}/s, ratio {ratio:.3f}; per "
            f"CPU second {mine.per_cpu_s:,.0f} against {reference.per_cpu_s:,.0f}, ratio {cpu_ratio:.3f}",
            flush=True,
        )
    medians = [statistics.median(column) for column in zip(*ratios, strict=True)]
    wanted = f"at least {least:g} wanted{' of the latter' if per_cpu else ''}"
    print(f"{name}: ratio {medians[0]:.3f}, per CPU second {medians[1]:.3f} ({wanted})")
    return bool(medians[per_cpu] >= least)


def against_others(name: str, plan: Plan, url: str, server: Nginx, *, turns: float, least: float) -> bool:
    """Load the server in turns with wrk, and ab and bombardier where they are installed: see support/turns.py.

    Args:
        name: of the comparison.
        plan: what perftui does.
        url: what the others ask for.
        server: counts.
        turns: of each.
        least: ratio to wrk, in requests per second, that is wanted.
    """
    assert httpx.get(url, verify=False).status_code == 200, url
    connections = round(plan.load.start_level)
    installed = {other.__name__: other(url, connections) for other in OTHERS if shutil.which(other.__name__)}
    found = report(name, in_turns({"perftui": ours(plan), **installed}, server, int(turns)))
    print(f"{name}: at least {least:g} of wrk wanted")
    return found["wrk"] >= least


def numbers(arguments: Sequence[str]) -> tuple[float, ...]:
    """The arguments of a benchmark."""
    return tuple(float(argument) for argument in arguments)


def require(*programs: str) -> None:
    """End with a reason when a program is missing."""
    missing = [program for program in programs if shutil.which(program) is None]
    if missing:
        raise SystemExit(f"missing: {', '.join(missing)}")
