"""Generators that load one server in turns of a fraction of a second, on one core; the server counts.

The speed of a shared machine changes from second to second by more than generators differ: of runs of some seconds, one
after the other, not even the order is certain. Turns that are neighbours see the same machine, and a hundred pairs of
them tell a difference of three per cent. Nobody's own numbers are believed: requests are nginx's, times the kernel's.
"""

from __future__ import annotations

import math
import os
import signal
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Thread

import psutil
from msgspec.structs import replace

from perftui.engine.clients.http.request import ALWAYS_SENT
from perftui.model.plan import Plan
from support.load_worker import LoadWorkers, Measured
from support.nginx import Nginx

TURN_S = 0.15
SERVER_CPU = 0
GENERATOR_CPU = (os.cpu_count() or 1) - 1
_HEADERS = [word for name, value in ALWAYS_SENT.items() for word in ("-H", f"{name}: {value}")]
"""What perftui sends beside the path and the host: the others send as much."""
_BETWEEN_S = 0.1
"""From one turn to the next at most: asking the server takes some time."""
_MOST_OPENED = 0.01
"""Connections opened for a request: more means that somebody does not keep them, which costs the server most."""
_BEGUN_S = 0.6
"""Until a generator has opened its connections."""
Generator = Callable[[float], AbstractContextManager[int]]
"""Loads the server for at most so many seconds, on the generators' core; gives the number of its process."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What was seen of one."""

    per_s: float
    """Requests that the server got per second."""
    own_us: float
    """The generator's processor time for one of them."""
    server_us: float
    """The server's."""


@contextmanager
def program(*command: str) -> Iterator[int]:
    """A generator that is a program."""
    with subprocess.Popen(
        ["taskset", "-c", str(GENERATOR_CPU), *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield process.pid
        finally:
            process.kill()


def wrk(url: str, connections: int) -> Generator:
    """One thread of wrk."""
    return lambda seconds: program("wrk", "-t1", f"-c{connections}", f"-d{math.ceil(seconds)}s", *_HEADERS, url)


def ab(url: str, connections: int) -> Generator:
    """Apache's, which keeps its connections as HTTP/1.0 does; it stops where a server ends a connection."""
    return lambda seconds: program(
        "ab", "-qkl", f"-t{math.ceil(seconds)}", "-n20000000", f"-c{connections}", *_HEADERS, url
    )


def bombardier(url: str, connections: int) -> Generator:
    """One thread of bombardier, with its faster client."""
    return lambda seconds: program(
        "env", "GOMAXPROCS=1", "bombardier", "-q", "-k", "--fasthttp", "-t", "30s", f"-d{math.ceil(seconds)}s",
        f"-c{connections}", *_HEADERS, url,
    )  # fmt: skip


OTHERS = (wrk, ab, bombardier)


def ours(plan: Plan) -> Generator:
    """One worker of perftui with this plan of users, however long it says. All its answers must be good."""

    @contextmanager
    def run(seconds: float) -> Iterator[int]:
        stages = tuple(replace(stage, duration_s=seconds) for stage in plan.load.stages)
        lasting = replace(plan, load=replace(plan.load, stages=stages))
        measured = Measured()
        with LoadWorkers(lasting, cpu=GENERATOR_CPU) as workers:
            (process,) = workers.processes
            workers.begin()
            reading = Thread(target=_read_to_the_end, args=(workers, measured))
            reading.start()
            try:
                yield process.pid
            finally:
                process.kill()
                reading.join()
        counts = measured.counts()
        assert counts.ok, "nothing was told"
        assert counts.ok == counts.finished, f"{counts} {measured.classes()}"

    return run


def _read_to_the_end(workers: LoadWorkers, measured: Measured) -> None:
    with suppress(EOFError):  # it is killed
        workers.collect(measured.frames.append)


def in_turns(generators: Mapping[str, Generator], server: Nginx, turns: int) -> dict[str, list[Turn]]:
    """Let each load the server in so many turns; what was seen, by name, pair by pair.

    Raises:
        AssertionError: a generator asks for nothing any more, or does not keep its connections.
    """
    taken: dict[str, list[Turn]] = {name: [] for name in generators}
    lasting_s = len(generators) * (turns * (TURN_S + _BETWEEN_S) + _BEGUN_S)
    (worker,) = psutil.Process(server.pid).children()
    with ExitStack() as stack:
        processes = {}
        for name, generator in generators.items():
            processes[name] = stack.enter_context(generator(lasting_s))
            time.sleep(_BEGUN_S)
            os.kill(processes[name], signal.SIGSTOP)
        before = server.status()
        for _ in range(turns):
            for name, process in processes.items():
                turn = _turn(process, server, worker.pid)
                assert turn is not None, f"{name} asks for nothing"
                taken[name].append(turn)
        after = server.status()
    opened, asked = after.connections - before.connections, after.requests - before.requests
    assert opened <= _MOST_OPENED * asked, f"{opened:,} connections were opened for {asked:,} requests"
    return taken


def _turn(process: int, server: Nginx, worker: int) -> Turn | None:
    """What was seen of one; None: nothing was asked for."""
    requests, own_ns, server_ns = server.requests(), _cpu_ns(process), _cpu_ns(worker)
    begin_s = time.monotonic()
    os.kill(process, signal.SIGCONT)
    time.sleep(TURN_S)
    os.kill(process, signal.SIGSTOP)
    took_s = time.monotonic() - begin_s
    own_ns, server_ns = _cpu_ns(process) - own_ns, _cpu_ns(worker) - server_ns
    count = server.requests() - requests
    if not count:
        return None
    return Turn(count / took_s, own_ns / count / 1e3, server_ns / count / 1e3)


def _cpu_ns(process: int) -> int:
    """Time that all threads of a process were on a processor."""
    threads = Path(f"/proc/{process}/task").iterdir()
    return sum(int((thread / "schedstat").read_text().split()[0]) for thread in threads)


def ratio(mine: Sequence[float], theirs: Sequence[float]) -> tuple[float, float]:
    """Median ratio of neighbours, and its standard error (of a normal median: 1.25 of that of the mean)."""
    ratios = [one / other for one, other in zip(mine, theirs, strict=True)]
    return statistics.median(ratios), 1.25 * statistics.stdev(ratios) / len(ratios) ** 0.5


def report(name: str, taken: Mapping[str, Sequence[Turn]]) -> dict[str, float]:
    """Print what was seen of each; the ratios per second of the first to the others."""
    for who, turns in taken.items():
        per_s, own_us, server_us = (
            statistics.median(getattr(turn, field) for turn in turns) for field in ("per_s", "own_us", "server_us")
        )
        print(f"{name}: {who:10} {per_s:8,.0f}/s, {own_us:5.2f} us of its own each, {server_us:5.2f} us of the server")
    first, *others = taken
    found = {}
    for other in others:
        mine, theirs = taken[first], taken[other]
        found[other], error = ratio([turn.per_s for turn in mine], [turn.per_s for turn in theirs])
        cpu, cpu_error = ratio([turn.own_us for turn in theirs], [turn.own_us for turn in mine])
        print(
            f"{name}: {found[other]:.3f} +- {error:.3f} of {other}, per CPU second {cpu:.3f} +- {cpu_error:.3f}",
            flush=True,
        )
    return found
