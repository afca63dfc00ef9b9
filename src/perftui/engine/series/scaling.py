"""Throughput at several levels: of users or rates in one run, of a server's workers with a run for each number."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from perftui.analysis.objectives import worst
from perftui.analysis.scaling import Observed, scaling_of
from perftui.engine.runner.request import RunRequest
from perftui.engine.runner.run import Runs
from perftui.engine.series.server import server_of
from perftui.engine.series.step import FEWEST_S, OnLine, at_level, make
from perftui.metrics.levels import LevelSums
from perftui.model.errors import UsageError
from perftui.model.interval import Interval
from perftui.model.journal import Header, JournalLine
from perftui.model.load_profile import held_stages, peak
from perftui.model.plan import Load, Plan, Stage
from perftui.model.record import LevelStats
from perftui.model.scaling import Of, Scaling
from perftui.store.loading import LoadedRun
from perftui.store.records import write_record

_SETTLE_S = 1.0
"""Of each level, before it is counted."""
_LEAST_S = _SETTLE_S + 2.0
"""Of each level: two seconds hold a whole second of the clock wherever they start, and only whole ones count."""

OnLevel = Callable[[float, float, float], None]
"""Is told the level that is loaded next, for how many seconds, and when in its run that begins."""
OnScaling = Callable[[Scaling], None]
"""Is told what is known each time a level was measured."""


class ScalingRequest(Struct, frozen=True, kw_only=True, tag="scaling"):
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


def scale(
    request: ScalingRequest,
    *,
    on_level: OnLevel,
    on_scaling: OnScaling | None = None,
    on_line: OnLine | None = None,
) -> Scaled:
    """Measure every level. The last run keeps what came of it in its record.

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
    heard = _Heard(on_level, on_scaling or (lambda _: None), on_line or (lambda _: None))
    with Runs() as runs:
        measure = _of_workers if request.of == "workers" else _of_load
        observed, made = measure(runs, request, heard)
    scaling = scaling_of(request.of, observed)
    last = made[-1]
    record = replace(last.record, scaling=scaling, verdict=worst((last.record.verdict, scaling.verdict)))
    with suppress(OSError):  # a full disk: the answer is told all the same
        write_record(last.path, record)
    return Scaled(scaling, [*made[:-1], replace(last, record=record)])


class _Heard(NamedTuple):
    """Who wants to know what happens."""

    level: OnLevel
    scaling: OnScaling
    line: OnLine


class _Climb:
    """A run of several levels as it goes: says when one begins, and what is known when one is over."""

    def __init__(self, load: Load, plan: Plan, heard: _Heard) -> None:
        self._stages = held_stages(load)
        self._of: Of = load.mode
        self._sums = LevelSums(plan)
        self._seconds: list[Interval] = []
        self._heard = heard
        self._begun = 0

    def line(self, line: JournalLine) -> None:
        """Take a line of the journal."""
        self._heard.line(line)
        if isinstance(line, Header):
            self._begin()
        elif isinstance(line, Interval):
            self._sums.add(line)
            self._seconds.append(line)
            if 0 < self._begun < len(self._stages) and line.at_s + line.duration_s >= self._stages[self._begun].start_s:
                self._heard.scaling(scaling_of(self._of, self.observed(self._sums.stats()[: self._begun])))
                self._begin()

    def observed(self, measured: Sequence[LevelStats], run_id: str = "") -> list[Observed]:
        """The levels that were measured."""
        return [
            Observed(
                stage.level,
                _per_second(self._seconds, stage.start_s + _SETTLE_S, stage.end_s),
                stats.total.response_time_ms.p95,
                stats.total.error_rate,
                run_id,
            )
            for stage, stats in zip(self._stages, measured, strict=False)
        ]

    def _begin(self) -> None:
        stage = self._stages[self._begun]
        self._begun += 1
        self._heard.level(stage.level, stage.end_s - stage.start_s, stage.start_s)


def _of_load(runs: Runs, request: ScalingRequest, heard: _Heard) -> tuple[list[Observed], list[LoadedRun]]:
    stages = tuple(
        Stage(duration_s=seconds, to=float(level)) for level in request.levels for seconds in (0.0, request.seconds)
    )[1:]
    load = replace(
        request.plan.load, mode=request.of, start_level=float(request.levels[0]), stages=stages, max_requests=0
    )
    if request.of == "rate":
        load = replace(load, think_s=(0.0, 0.0))
    plan = replace(request.plan, load=load)
    climb = _Climb(load, plan, heard)
    made = make(runs, RunRequest(plan=plan, label=request.label, confirm_host=request.confirm_host), climb.line)
    alone = LevelStats(stage=1, level=peak(load), start_s=0, duration_s=0, total=made.record.summary.total)
    return climb.observed(made.record.levels or (alone,), made.record.id), [made.run]


def _of_workers(runs: Runs, request: ScalingRequest, heard: _Heard) -> tuple[list[Observed], list[LoadedRun]]:
    plan = request.plan
    if "{n}" not in request.command:
        raise UsageError("--command: is needed for workers and says {n} where their number goes")
    if plan.load.mode != "users":
        raise UsageError(
            "a rate is answered or not, whatever the workers: name --users, enough to keep all of them busy"
        )
    observed: list[Observed] = []
    made_runs = []
    for level in request.levels:
        heard.level(float(level), plan.load.warmup_s + request.seconds, 0.0)
        with server_of(request.command.replace("{n}", str(level)), plan, runs.rest):
            at = at_level(plan, peak(plan.load), request.seconds, plan.objectives)
            label = f"{request.label} {level} workers".strip()
            made = make(runs, RunRequest(plan=at, label=label, confirm_host=request.confirm_host), heard.line)
        record = made.record
        warm_s = plan.load.warmup_s + _SETTLE_S
        seconds = _per_second(made.run.intervals, warm_s, plan.load.warmup_s + request.seconds)
        total = record.summary.total
        observed.append(Observed(float(level), seconds, total.response_time_ms.p95, total.error_rate, record.id))
        made_runs.append(made.run)
        heard.scaling(scaling_of("workers", observed))
    return observed, made_runs


def _per_second(intervals: Sequence[Interval], start_s: float, end_s: float) -> list[float]:
    """Ok answers per second of every whole second of a stretch."""
    spare_s = 0.05
    return [
        sum(cell.counts.ok for cells in one.cells.values() for cell in cells.values()) / one.duration_s
        for one in intervals
        if one.at_s >= start_s - spare_s and one.at_s + one.duration_s <= end_s + spare_s and one.duration_s > FEWEST_S
    ]
