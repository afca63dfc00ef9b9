"""A round (one run) as second-by-second data for comparisons: times, outcomes, total and per operation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from perftui.analysis.blocks import Seconds
from perftui.metrics.failures import failures
from perftui.metrics.histogram import Float64s
from perftui.metrics.phases import measured_seconds
from perftui.metrics.sparse import Sparse
from perftui.metrics.trust import is_generator_limit
from perftui.model.interval import Cell, HistogramData, Interval
from perftui.model.record import Record, Stats


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

    def __init__(self, stats: Stats, outcomes: Outcomes, response_time: Seconds, service_time: Seconds) -> None:
        self.stats = stats
        self.outcomes = outcomes
        self.response_time = response_time
        self.service_time = service_time

    def time(self, name: str) -> Seconds:
        """One of its times."""
        return self.service_time if name == "service_time" else self.response_time


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
        self.length = max(1, round(record.summary.duration_s)) if self.has_seconds else 0
        users = record.plan.load.mode == "users"
        self.parts: dict[str, Part] = {"": Part(record.summary.total, Outcomes(0), *_no_seconds())}
        if not self.has_seconds:
            for name, stats in record.summary.operations.items():
                self.parts[name] = Part(stats, Outcomes(0), *_no_seconds())
            return
        outcomes: dict[str, Outcomes] = {}
        services: dict[str, list[tuple[int, HistogramData]]] = {}
        responses: dict[str, list[tuple[int, HistogramData]]] = {}
        lags: list[HistogramData] = []
        delays: list[HistogramData] = []
        for interval in run.intervals:
            self._add_ended(interval, outcomes)
            cells = interval.cells.get("measure")
            if not cells:
                continue
            lags += [worker.loop_lag for worker in interval.workers]
            delays += [cell.start_delay for cell in cells.values() if cell.start_delay is not None]
            second = min(self.length - 1, int(measured_seconds(record.plan.load, interval.at_s + 1e-6)))
            for name, cell in cells.items():
                outcomes.setdefault(name, Outcomes(self.length)).add(second, cell)
                services.setdefault(name, []).append((second, cell.service_time))
                if cell.response_time is not None:
                    responses.setdefault(name, []).append((second, cell.response_time))
        self.lag, self.start_delay = Sparse.of(*lags), Sparse.of(*delays)
        total = Outcomes(self.length)
        for name, held in outcomes.items():
            total.add_all(held)
            service = Seconds.of(services.get(name, []), self.length)
            response = service if users else Seconds.of(responses.get(name, []), self.length)
            self.parts[name] = Part(record.summary.operations.get(name, Stats()), held, response, service)
        operations = [part for name, part in self.parts.items() if name]
        service = Seconds.together([part.service_time for part in operations], self.length)
        response = service if users else Seconds.together([part.response_time for part in operations], self.length)
        self.parts[""] = Part(record.summary.total, total, response, service)

    def _add_ended(self, interval: Interval, outcomes: dict[str, Outcomes]) -> None:
        """Answers of a measured second, of requests of any phase; of older journals those of the measure phase."""
        if interval.phase != "measure":
            return
        second = min(self.length - 1, int(measured_seconds(self.record.plan.load, interval.at_s + 1e-6)))
        for cells in interval.cells.values():
            for name, cell in cells.items():
                ended = cell.counts.ok if cell.ok_in_measure is None else cell.ok_in_measure
                outcomes.setdefault(name, Outcomes(self.length)).ended[second] += ended


def _no_seconds() -> tuple[Seconds, Seconds]:
    empty = Seconds.together([], 0)
    return empty, empty
