"""Throughput at several levels: of users or rates in one run, of a server's workers with a run for each number."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from msgspec import Struct
from msgspec.structs import replace

from perftui.analysis.scaling import Observed, scaling_of
from perftui.engine.clients.registry import place_of
from perftui.engine.runner.request import RunRequest
from perftui.engine.runner.run import Runs
from perftui.engine.series.step import OnLine, at_level, make
from perftui.model.errors import UnreachableError, UsageError
from perftui.model.interval import Interval
from perftui.model.load_profile import held_stages, peak
from perftui.model.plan import Plan, Stage
from perftui.model.record import LevelStats
from perftui.model.scaling import Of, Scaling
from perftui.model.text import safe_text
from perftui.store.loading import LoadedRun

_READY_S = 30.0
_SETTLE_S = 1.0
"""Of each level, before it is counted."""
_LEAST_S = _SETTLE_S + 2.0
"""Of each level: two seconds hold a whole second of the clock wherever they start, and only whole ones count."""
_END_S = 10.0

OnLevel = Callable[[str], None]


class ScalingRequest(Struct, frozen=True, kw_only=True):
    """What is asked."""

    plan: Plan
    levels: tuple[int, ...]
    of: Of = "users"
    command: str = ""
    """Starts the server with `{n}` workers: it may return, or stay as the server itself."""
    seconds: float = 10.0
    label: str = ""
    confirm_host: str = ""


class Scaled(Struct, frozen=True):
    """The law, and the runs behind it."""

    scaling: Scaling
    runs: list[LoadedRun]


def scale(request: ScalingRequest, *, on_level: OnLevel, on_line: OnLine | None = None) -> Scaled:
    """Measure every level.

    Raises:
        UsageError: the levels or the command cannot be used.
        PerftuiError: a run could not start, or somebody ended one.
    """
    if len(set(request.levels)) != len(request.levels) or list(request.levels) != sorted(request.levels):
        raise UsageError("--levels: name each once, from the lowest on, such as 1,2,4,8")
    if request.seconds < _LEAST_S:
        raise UsageError(
            f"--duration: {request.seconds:g} s of each level are too few to measure; name {_LEAST_S:g}s or more"
        )
    with Runs() as runs:
        if request.of == "workers":
            return _of_workers(runs, request, on_level, on_line)
        return _of_load(runs, request, on_line)


def _of_load(runs: Runs, request: ScalingRequest, on_line: OnLine | None) -> Scaled:
    stages = tuple(
        Stage(duration_s=seconds, to=float(level)) for level in request.levels for seconds in (0.0, request.seconds)
    )[1:]
    load = replace(
        request.plan.load, mode=request.of, start_level=float(request.levels[0]), stages=stages, max_requests=0
    )
    if request.of == "rate":
        load = replace(load, think_s=(0.0, 0.0))
    plan = replace(request.plan, load=load)
    made = make(runs, RunRequest(plan=plan, label=request.label, confirm_host=request.confirm_host), on_line)
    measured = made.record.levels or (LevelStats(stage=1, level=peak(load), start_s=0, duration_s=0),)
    observed = [
        Observed(
            stage.level,
            _per_second(made.run.intervals, stage.start_s + _SETTLE_S, stage.end_s),
            stats.total.response_time_ms.p95,
            stats.total.error_rate,
            made.record.id,
        )
        for stage, stats in zip(held_stages(load), measured, strict=False)
    ]
    return Scaled(scaling_of(request.of, observed), [made.run])


def _of_workers(runs: Runs, request: ScalingRequest, on_level: OnLevel, on_line: OnLine | None) -> Scaled:
    plan = request.plan
    if "{n}" not in request.command:
        raise UsageError("--command: is needed for workers and says {n} where their number goes")
    if plan.load.mode != "users":
        raise UsageError(
            "a rate is answered or not, whatever the workers: name --users, enough to keep all of them busy"
        )
    observed, made_runs = [], []
    for level in request.levels:
        on_level(f"{level} worker{'' if level == 1 else 's'}")
        with _server(request.command.replace("{n}", str(level)), plan, runs):
            at = at_level(plan, peak(plan.load), request.seconds, plan.objectives)
            label = f"{request.label} {level} workers".strip()
            made = make(runs, RunRequest(plan=at, label=label, confirm_host=request.confirm_host), on_line)
        record = made.record
        warm_s = plan.load.warmup_s + _SETTLE_S
        seconds = _per_second(made.run.intervals, warm_s, plan.load.warmup_s + request.seconds)
        total = record.summary.total
        observed.append(Observed(float(level), seconds, total.response_time_ms.p95, total.error_rate, record.id))
        made_runs.append(made.run)
    return Scaled(scaling_of("workers", observed), made_runs)


def _per_second(intervals: Sequence[Interval], start_s: float, end_s: float) -> list[float]:
    """Ok answers per second of every whole second of a stretch."""
    spare_s = 0.05
    return [
        sum(cell.counts.ok for cells in one.cells.values() for cell in cells.values()) / one.duration_s
        for one in intervals
        if one.at_s >= start_s - spare_s and one.at_s + one.duration_s <= end_s + spare_s and one.duration_s > 0.5
    ]


@contextmanager
def _server(command: str, plan: Plan, runs: Runs) -> Iterator[None]:
    """Start the server by the user's command, and end what it left in the foreground.

    Raises:
        UnreachableError: nobody listens after half a minute.
        UsageError: the command cannot be started, or failed.
    """
    try:
        process = subprocess.Popen(shlex.split(command), stdin=subprocess.DEVNULL, stdout=2, start_new_session=True)
    except (OSError, ValueError) as error:
        raise UsageError(f"--command: {safe_text(str(error))}") from error
    try:
        _wait_until_it_listens(process, plan, runs)
        yield
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        ends_s = time.monotonic() + _END_S
        while process.poll() is None and time.monotonic() < ends_s:
            runs.rest(0.05)
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _wait_until_it_listens(process: subprocess.Popen[bytes], plan: Plan, runs: Runs) -> None:
    where = place_of(plan.target)
    if where is None:
        return
    ends_s = time.monotonic() + _READY_S
    while time.monotonic() < ends_s:
        if process.poll():
            raise UsageError(f"--command: ended with exit code {process.returncode}")
        with suppress(OSError), socket.create_connection(where, timeout=1):
            return
        runs.rest(0.1)
    raise UnreachableError(f"nobody listens at {where[0]}:{where[1]} {_READY_S:.0f} s after the command")
