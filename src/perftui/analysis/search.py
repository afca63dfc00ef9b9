"""Which level to try next, whether one held, and where the curve bends. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from perftui.model.interval import Interval
from perftui.model.plan import Mode, Objective
from perftui.model.record import Record
from perftui.model.search import FEWEST_FOR_KNEE, Search, SearchStep, StepKind

GROWTH = 2.0
KEPT_UP = 0.97
"""Share of what was asked that must be answered in time; less, and requests pile up."""
_MISSED = ("warn", "fail")
_SETTLED = 1 / 3
"""Part of a step in which answers are still on their way."""
_VALUES_BEYOND = 3
"""Values that must lie above a percentile before it is judged."""
_FEWEST_VALUES = 30
_QUANTILES = {"p75": 0.75, "p90": 0.9, "p95": 0.95, "p99": 0.99, "p99_9": 0.999}


class LevelSearch:
    """Doubles the level until it does not hold, then halves the ratio between the two sides."""

    def __init__(self, start: float, most: float, mode: Mode, precision: float) -> None:
        """Begin a search.

        Args:
            start: the first level.
            most: no level above it is tried.
            mode: users come in whole numbers.
            precision: how close, as a share of the level, the two sides must be.
        """
        self._whole = mode == "users"
        self._most = most
        self._precision = precision
        self._least = 1.0 if self._whole else min(start, 1.0)
        self._next = self._rounded(min(start, most))
        self.holds = 0.0
        """The highest level that held."""
        self.fails: float | None = None
        """The lowest that did not."""

    @property
    def kind(self) -> StepKind:
        """What the next step is for."""
        return "narrow" if self.holds and self.fails is not None else "rise"

    def next_level(self) -> float | None:
        """The level to try; None when the limit is known closely enough, or nothing higher may be tried."""
        if self.fails is None:
            return None if self.holds >= self._most else self._next
        if not self.holds:
            return None if self.fails <= self._least else self._rounded(max(self._least, self.fails / GROWTH))
        if self.fails / self.holds <= 1 + self._precision or (self._whole and self.fails - self.holds <= 1):
            return None
        middle = self._rounded(math.sqrt(self.holds * self.fails))
        return middle if self.holds < middle < self.fails else None

    def tell(self, level: float, *, holds: bool) -> None:
        """Take the outcome of a step; of levels that contradict each other the newer one is believed."""
        if holds:
            self.holds = max(self.holds, level)
            if self.fails is not None and self.fails <= level:
                self.fails = None
            self._next = self._rounded(min(self._most, level * GROWTH))
        else:
            self.fails = level if self.fails is None else min(self.fails, level)
            if self.holds >= level:
                self.holds = 0.0

    def _rounded(self, level: float) -> float:
        return max(1.0, float(round(level))) if self._whole else float(f"{level:.3g}")


def values_needed(objectives: Iterable[Objective]) -> int:
    """Requests after which every objective can be judged."""
    quantiles = (_QUANTILES.get(each.metric.rpartition(".")[2], 0.5) for each in objectives)
    return max([_FEWEST_VALUES, *(math.ceil(_VALUES_BEYOND / (1 - quantile)) for quantile in quantiles)])


def step_of(level: float, kind: StepKind, record: Record, intervals: Sequence[Interval]) -> SearchStep:
    """What a run at one level says about it."""
    total = record.summary.total
    why = [f"{result.metric} {result.detail}" for result in record.objectives if result.verdict in _MISSED]
    kept = kept_up(record, intervals)
    if kept < KEPT_UP:
        why.append(f"answered {kept * 100:.0f} % of what was asked")
    if total.counts.scheduled and not total.counts.ok:
        why.append("nothing was answered")
    return SearchStep(
        level=level,
        kind=kind,
        holds=not why,
        why="; ".join(why[:2]),
        seconds=record.summary.duration_s,
        requests=total.counts.scheduled,
        throughput_per_s=total.throughput_per_s,
        p50_ms=total.response_time_ms.p50,
        p95_ms=total.response_time_ms.p95,
        error_rate=total.error_rate,
    )


def kept_up(record: Record, intervals: Sequence[Interval]) -> float:
    """Ended requests of those asked, once the first answers are in: below 1 they pile up. In users mode always 1."""
    if record.plan.load.mode == "users":
        return 1.0
    loaded = [interval for interval in intervals if interval.phase == "measure"]
    end_s = record.plan.load.warmup_s + record.summary.duration_s
    since_s = record.plan.load.warmup_s + record.summary.duration_s * _SETTLED
    judged = [one for one in loaded if one.at_s >= since_s and one.at_s + one.duration_s <= end_s + 0.01]
    asked = sum(interval.asked for interval in judged)
    ended = sum(
        cell.counts.ok + cell.counts.errors for one in judged for cells in one.cells.values() for cell in cells.values()
    )
    return min(1.0, ended / asked) if asked else 1.0


def generator_limit(record: Record) -> str:
    """Why the generator could do no more at this level; empty when it was the target that could not."""
    saturated = [
        reason for reason in record.trust.reasons if reason.code in {"worker_cpu", "client_errors", "throttled"}
    ]
    invalid = [reason for reason in saturated if reason.verdict == "invalid"]
    return invalid[0].detail if invalid else ""


def knee_of(steps: Iterable[SearchStep]) -> float | None:
    """The level that gives most throughput for its p95.

    None with fewer than three levels to choose from, and where it is the highest of them: the curve has not bent yet.
    """
    held = [step for step in steps if step.p95_ms > 0 and step.throughput_per_s > 0]
    if len({step.level for step in held}) < FEWEST_FOR_KNEE:
        return None
    best = max(held, key=lambda step: step.throughput_per_s / step.p95_ms).level
    return best if best < max(step.level for step in held) else None


def confirmed(record: Record, intervals: Sequence[Interval]) -> Search | None:
    """The search that a run confirms or not, with the run itself as its last step; None where there is none."""
    search = record.search
    if search is None or not record.summary.total.counts.scheduled:
        return search
    step = step_of(record.plan.load.start_level, "confirm", record, intervals)
    steps = (*search.steps, step)
    return replace(search, steps=steps, knee=knee_of(steps))
