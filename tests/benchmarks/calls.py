"""Closed loop over files and Python functions against the same calls in a bare loop of one thread.

    python tests/benchmarks/calls.py [SECONDS] [ROUNDS]

By calls per second of processor time. Functions do nothing, so that what is measured is all ours.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from msgspec.structs import replace

from perftui.model.plan import Plan, Stage
from perftui.presets.loading import parse_preset
from support.benchmark import Speed, compare, measure, numbers
from support.turns import GENERATOR_CPU

SIZE = 4096
FUNCTIONS = "def plain(ctx):\n    return None\n\n\nasync def waits_for_nothing(ctx):\n    return None\n"
WRITE = 'file = "write"\npath = "a.bin"\nsize = "4KiB"'
LEAST_FILES = 0.8
LEAST_PLAIN, LEAST_COROUTINE = 0.1, 0.05
"""Of a loop that does nothing else than read the clock around the call."""


def main(seconds: float = 3.0, rounds: float = 3) -> int:
    """Print the ratios; 0 when they reach their floors."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=memory) as name:
        folder = Path(name)
        (folder / "nothing.py").write_text(FUNCTIONS)
        plan = partial(_plan, folder, seconds)
        reached = compare(
            "files", partial(measure, plan(WRITE)), partial(_bare, _write_in(folder), seconds),
            rounds=rounds, least=LEAST_FILES, per_cpu=True,
        )  # fmt: skip
        for function, rival, least in (
            ("plain", partial(_bare, _nothing, seconds), LEAST_PLAIN),
            ("waits_for_nothing", partial(_bare_coroutine, seconds), LEAST_COROUTINE),
        ):
            ours = partial(measure, plan(f'call = "nothing:{function}"'))
            reached &= compare(function, ours, rival, rounds=rounds, least=least, per_cpu=True)
    return 0 if reached else 1


def _plan(folder: Path, seconds: float, operation: str, users: int = 1) -> Plan:
    url = f"file://{folder}" if operation.startswith("file") else "python://"
    text = f'schema = 1\nname = "calls"\n[target]\nurl = "{url}"\n[load]\nusers = {users}\nduration = "1s"\n'
    plan = parse_preset(f'{text}[[operations]]\nname = "call"\n{operation}\n', str(folder / "preset.toml"))
    return replace(plan, load=replace(plan.load, stages=(Stage(duration_s=seconds, to=users),)))


def _nothing() -> None:
    return None


def _write_in(folder: Path) -> Callable[[], None]:
    path, data = str(folder / "bare.bin"), os.urandom(SIZE)

    def write() -> None:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        os.write(descriptor, data)
        os.close(descriptor)

    return write


def _bare(call: Callable[[], None], seconds: float) -> Speed:
    os.sched_setaffinity(0, {GENERATOR_CPU})
    times: list[int] = []
    began, cpu_began = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        for _ in range(1000):
            since_ns = time.perf_counter_ns()
            call()
            times.append(time.perf_counter_ns() - since_ns)
    return Speed(len(times) / (time.perf_counter() - began), len(times) / (time.process_time() - cpu_began))


def _bare_coroutine(seconds: float) -> Speed:
    return asyncio.run(_await_nothing(seconds))


async def _await_nothing(seconds: float) -> Speed:
    async def nothing() -> None:
        return None

    times: list[int] = []
    began, cpu_began = time.perf_counter(), time.process_time()
    while time.perf_counter() - began < seconds:
        for _ in range(1000):
            since_ns = time.perf_counter_ns()
            await nothing()
            times.append(time.perf_counter_ns() - since_ns)
    return Speed(len(times) / (time.perf_counter() - began), len(times) / (time.process_time() - cpu_began))


if __name__ == "__main__":
    raise SystemExit(main(*numbers(sys.argv[1:])))
