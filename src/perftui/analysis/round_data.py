"""A round (one run) as second-by-second data for comparisons: times, outcomes, total and per operation."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from perftui.analysis.blocks import Seconds
from perftui.metrics.failures import failures
from perftui.metrics.generator_bounds import Excess
from perftui.metrics.histogram import Float64s
from perftui.metrics.phases import measured_seconds
from perftui.metrics.sparse import Sparse
from perftui.metrics.trust import is_generator_limit
from perftui.model.interval import Cell, HistogramData, Interval
from perftui.model.objectives import OWN_TIMES
from perftui.model.record import LatencyStats, Record, Stats

_HIT_TIMES = ("hit_time", "miss_time")
_MOST_SLOWED = 0.999
"""Of a user's time that the generator may have taken."""


class Run(Protocol):
    """What a comparison needs of a loaded run (store.loading.LoadedRun, results of other tools)."""

    @property
    def record(self) -> Record:
        """Its record."""

    @property
    def intervals(self) -> Sequence[Interval]:
        """Its intervals; empty when only a summary is known."""

    @property
    def foreign_lacks(self) -> Sequence[str]:
        """What another tool's result does not say."""


class Outcomes:
    """How requests ended, second by second."""

    def __init__(self, length: int) -> None:
        self.ok: Float64s = np.zeros(length)
        self.failed: Float64s = np.zeros(length)
        self.unanswered: Float64s = np.zeros(length)
        """Timeouts, dropped and cancelled."""
        self.scheduled: Float64s = np.zeros(length)
        self.ended: Float64s = np.zeros(length)
        """Ok answers by the second in which they ended, whenever they were due."""

    def add(self, second: int, cell: Cell) -> None:
        """Count a cell."""
        counts = cell.counts
        self.ok[second] += counts.ok
        self.failed[second] += failures(counts, cell.error_classes)
        self.unanswered[second] += counts.timeouts + counts.dropped + counts.cancelled
        self.scheduled[second] += counts.scheduled

    def add_all(self, other: Outcomes) -> None:
        """Count another operation's."""
        self.ok += other.ok
        self.failed += other.failed
        self.unanswered += other.unanswered
        self.scheduled += other.scheduled
        self.ended += other.ended


class Part:
    """The total or one operation in one round."""

    def __init__(
        self, stats: Stats, outcomes: Outcomes, times: Mapping[str, Seconds], amounts: Mapping[str, Float64s]
    ) -> None:
        self.stats = stats
        self.outcomes = outcomes
        self._times = times
        self.amounts = amounts
        """What only some protocols count, second by second."""

    @classmethod
    def summed_up(cls, stats: Stats) -> Part:
        """One of whose seconds nothing is known."""
        return cls(stats, Outcomes(0), {}, {})

    def time(self, name: str) -> Seconds:
        """One of its times, second by second; empty where it has none of that name."""
        return self._times[name] if name in self._times else Seconds.together([], len(self.outcomes.ok))

    @property
    def further_times(self) -> list[str]:
        """Names of the times beside those of every request: of hits and misses, and what only some protocols have."""
        hits = [name for name in _HIT_TIMES if getattr(self.stats, f"{name}_ms").count]
        own = self.stats.of_protocol.times_ms
        return hits + [name for name in OWN_TIMES if name in own and own[name].count]

    def count_of(self, time: str) -> int:
        """How many values there are of one of its times."""
        own = self.stats.of_protocol.times_ms.get(time)
        return own.count if own is not None else int(getattr(self.stats, f"{time}_ms", LatencyStats()).count)


class _Collected:
    """What is added up of one operation while the seconds of a round are read."""

    def __init__(self, length: int) -> None:
        self._length = length
        self.outcomes = Outcomes(length)
        self._times: dict[str, list[tuple[int, HistogramData]]] = {"service_time": []}
        self._amounts: dict[str, Float64s] = {}

    def add(self, second: int, cell: Cell) -> None:
        """Add a cell."""
        self.outcomes.add(second, cell)
        held = {name: getattr(cell, name) for name in ("service_time", "response_time", *_HIT_TIMES)}
        for name, data in (*held.items(), *cell.own_times.items()):
            if data is not None:
                self._times.setdefault(name, []).append((second, data))
        for name, amount in cell.amounts.items():
            self._amounts.setdefault(name, np.zeros(self._length))[second] += amount

    def part(self, stats: Stats, *, users: bool) -> Part:
        """All of it."""
        times = {name: Seconds.of(packed, self._length) for name, packed in self._times.items()}
        if users:
            times["response_time"] = times["service_time"]
        return Part(stats, self.outcomes, times, self._amounts)


def _together(stats: Stats, parts: Sequence[Part], length: int) -> Part:
    """Several operations of the same seconds as one."""
    outcomes = Outcomes(length)
    names: dict[str, None] = {}
    amounts: dict[str, Float64s] = {}
    for part in parts:
        outcomes.add_all(part.outcomes)
        names |= dict.fromkeys(part._times)  # noqa: SLF001 - of its own kind
        for name, counted in part.amounts.items():
            amounts[name] = amounts.get(name, 0) + counted
    times = {name: Seconds.together([part.time(name) for part in parts], length) for name in names}
    return Part(stats, outcomes, times, amounts)


class Round:
    """The measure phase of one run."""

    def __init__(self, run: Run) -> None:
        record = run.record
        self.id = record.id
        self.record = record
        self.has_seconds = bool(run.intervals)
        self.is_foreign = bool(run.foreign_lacks)
        self.is_generator_limit = is_generator_limit(record.trust)
        """Its throughput is the least that the target can do, its times are the most."""
        self.lag, self.start_delay = Sparse(), Sparse()
        """What the generator added: how late its loop was, how late requests started."""
        self.level = 0.0
        """Users, or arrivals per second, on average."""
        self.length = max(1, round(record.summary.duration_s)) if self.has_seconds else 0
        self.seconds: Float64s = np.ones(self.length)
        """How long each of its seconds was: the last is what was left."""
        self.seconds[-1:] += max(-0.99, record.summary.duration_s - self.length)
        users = record.plan.load.mode == "users"
        self.parts: dict[str, Part] = {"": Part.summed_up(record.summary.total)}
        if not self.has_seconds:
            self.parts |= {name: Part.summed_up(stats) for name, stats in record.summary.operations.items()}
            return
        collected: dict[str, _Collected] = {}
        lags: list[HistogramData] = []
        delays: list[HistogramData] = []
        levels: list[float] = []
        for interval in run.intervals:
            self._add_ended(interval, collected)
            if interval.phase == "measure":
                levels.append(interval.level)
            cells = interval.cells.get("measure")
            if not cells:
                continue
            lags += [worker.loop_lag for worker in interval.workers]
            delays += [cell.start_delay for cell in cells.values() if cell.start_delay is not None]
            second = self._second_of(interval)
            for name, cell in cells.items():
                collected.setdefault(name, _Collected(self.length)).add(second, cell)
        self.lag, self.start_delay = Sparse.of(*lags), Sparse.of(*delays)
        self.level = sum(levels) / max(1, len(levels))
        for name, held in collected.items():
            self.parts[name] = held.part(record.summary.operations.get(name, Stats()), users=users)
        operations = [part for name, part in self.parts.items() if name]
        self.parts[""] = _together(record.summary.total, operations, self.length)

    def _second_of(self, interval: Interval) -> int:
        return min(self.length - 1, int(measured_seconds(self.record.plan.load, interval.at_s + 1e-6)))

    def _add_ended(self, interval: Interval, collected: dict[str, _Collected]) -> None:
        """Answers of a measured second, of requests of any phase; of older journals those of the measure phase."""
        if interval.phase != "measure":
            return
        second = self._second_of(interval)
        for cells in interval.cells.values():
            for name, cell in cells.items():
                ended = cell.counts.ok if cell.ok_in_measure is None else cell.ok_in_measure
                collected.setdefault(name, _Collected(self.length)).outcomes.ended[second] += ended


def slowed_by(side: Sequence[Round], added: Excess) -> float:
    """How far the logarithm of what users do per second may be down by what the generator added.

    A user waits for its answer: what was added to it on average is missing from the time for the next.
    """
    ended = sum(float(held.parts[""].outcomes.ended.sum()) for held in side)
    turn_us = 1e6 * sum(held.level * float(held.seconds.sum()) for held in side) / max(1.0, ended)
    return -math.log1p(-min(_MOST_SLOWED, added.mean_us / max(turn_us, 0.5)))
