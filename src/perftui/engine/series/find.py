"""The highest level at which the objectives hold: short runs, each with fresh workers and connections.

A run of its own for each level costs a second, and buys that the queues one level left full do not
weigh on the next. Only the last run is kept: the confirmation, with all steps in its record.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from perftui.analysis.search import LevelSearch, generator_limit, knee_of, step_of, values_needed
from perftui.engine.runner.request import RunRequest
from perftui.engine.runner.run import Runs
from perftui.engine.series.step import Made, OnLine, at_level, make
from perftui.model.errors import UsageError
from perftui.model.plan import Objective, Plan
from perftui.model.search import LimitedBy, Search, SearchStep, StepKind

_CONFIRMATIONS = 3
_GRACE_S = 1.0
"""Of a step, before its limits may end it: connections are made in it."""
BEYOND = 1.5

OnStep = Callable[[SearchStep], None]
OnLevel = Callable[[float, StepKind, float], None]
"""Is told the level that is loaded next, what for, and the seconds that it takes at most."""


class FindRequest(Struct, frozen=True, kw_only=True, tag="find"):
    """What is sought, and how."""

    plan: Plan
    most: float
    precision: float = 0.05
    step_s: float = 3.0
    """Shortest step; one with few requests takes longer."""
    longest_s: float = 20.0
    confirm_s: float = 10.0
    beyond: bool = False
    """Also load half as much again as the answer, and say what becomes of it."""
    label: str = ""
    confirm_host: str = ""


class Found(Struct, frozen=True):
    """The answer, and the run that confirmed it or did not."""

    search: Search
    made: Made


def find(
    request: FindRequest, *, on_step: OnStep, on_level: OnLevel | None = None, on_line: OnLine | None = None
) -> Found:
    """Search, confirm, and keep the confirmation as a run.

    Raises:
        UsageError: there is nothing to judge by.
        PerftuiError: a run could not start, or somebody ended one.
    """
    with Runs() as runs:
        return _Finder(request, runs, on_step, on_level, on_line).find()


class _Finder:
    def __init__(
        self, request: FindRequest, runs: Runs, on_step: OnStep, on_level: OnLevel | None, on_line: OnLine | None
    ) -> None:
        plan = request.plan
        if plan.load.mode == "users" and not plan.objectives:
            raise UsageError(
                "users wait for their answers, so any number of them is served: name an --objective to hold"
            )
        self._request = request
        self._runs = runs
        self._on_step = on_step
        self._on_level = on_level
        self._on_line = on_line
        self._mode = plan.load.mode
        self._workers = plan.load.workers if plan.load.workers > 1 else 0
        """One worker is what presets start with; how many the highest level needs, nobody knows yet."""
        self._steps: list[SearchStep] = []
        self._limited_by: LimitedBy = "target"
        self._detail = ""
        # a level that clearly fails is not loaded any longer than it takes to see that
        self._judged = tuple(
            Objective(
                metric=each.metric, critical=each.limits[0], operation=each.operation, abort=True, grace_s=_GRACE_S
            )
            for each in plan.objectives
            if each.level is None
        )
        self._needed = values_needed(self._judged)
        start = max(plan.load.start_level, plan.load.stages[0].to)
        self._search = LevelSearch(start, request.most, self._mode, request.precision)

    def find(self) -> Found:
        self._narrow()
        if self._request.beyond and self._search.holds:
            self._try(self._search.holds * BEYOND, "beyond").remove()
        return self._confirm()

    def _narrow(self) -> None:
        while (level := self._search.next_level()) is not None:
            kind = self._search.kind
            made = self._try(level, kind)
            if kind == "narrow" and not self._steps[-1].holds and made.record.trust.verdict != "valid":
                # the machine was disturbed: close to the limit that alone may be why
                made.remove()
                made = self._try(level, kind)
            step = self._steps[-1]
            self._search.tell(level, holds=step.holds)
            made.remove()
            limit = generator_limit(made.record)
            if limit and not step.holds:
                self._limited_by, self._detail = "generator", f"at {level:,.6g} the generator was the limit: {limit}"
                self._search.fails = None
                return
        if self._search.fails is None:
            self._limited_by, self._detail = "ceiling", f"nothing above {self._request.most:,.6g} was tried"

    def _confirm(self) -> Found:
        """Load the answer for longer; when it does not hold then, the next lower level is tried."""
        level = self._search.holds or self._search.fails or 1.0
        made = self._try(level, "confirm")
        for _ in range(_CONFIRMATIONS - 1):
            lower = self._below(level)
            if self._steps[-1].holds or not self._search.holds or lower >= level:
                break
            made.remove()
            level = lower
            made = self._try(level, "confirm")
        return Found(self._found(level if self._steps[-1].holds else 0.0), made)

    def _below(self, level: float) -> float:
        lower = level / (1 + self._request.precision)
        return max(1.0, math.floor(lower)) if self._mode == "users" else float(f"{lower:.3g}")

    def _found(self, answer: float) -> Search:
        failed = [step.level for step in self._steps if not step.holds and step.level > answer]
        return Search(
            mode=self._mode,
            answer=answer,
            above=min(failed, default=None) if self._limited_by == "target" else None,
            limited_by=self._limited_by,
            detail=self._detail,
            knee=knee_of(self._steps),
            steps=tuple(self._steps),
        )

    def _try(self, level: float, kind: StepKind) -> Made:
        request = self._request
        seconds = request.confirm_s if kind == "confirm" else request.step_s
        needed_s = self._needed / level if self._mode == "rate" else 0.0
        seconds = float(math.ceil(min(request.longest_s, max(seconds, needed_s))))
        objectives = request.plan.objectives if kind == "confirm" else self._judged
        plan = at_level(request.plan, level, seconds, objectives)
        plan = replace(plan, load=replace(plan.load, warmup_s=0.0, auto_stop=False, workers=self._workers))
        label = request.label if kind == "confirm" else f"{kind} to {level:,.6g}"
        # what is known so far; whether this level holds is what the run itself tells
        search = self._found(level if self._search.holds else 0.0) if kind == "confirm" else None
        if self._on_level is not None:
            self._on_level(level, kind, seconds)
        asked = RunRequest(plan=plan, label=label, confirm_host=request.confirm_host, search=search)
        made = make(self._runs, asked, self._on_line)
        step = step_of(level, kind, made.record, made.run.intervals)
        self._steps.append(step)
        self._on_step(step)
        return made
