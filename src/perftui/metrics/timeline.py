"""A run as it is read from its journal, line by line: what screens, summaries and reports ask about it.

Adding a line costs next to nothing; histograms stay packed until a view asks for them and then are merged in bulk, each
once. The last 900 seconds are kept one by one, older ones as minutes, and still older ones as ever longer blocks
(metrics/tail.py), so that a day takes constant work per second and little memory: 24 h are 900 seconds and 450 blocks.
Counts, summary and trust do not lose by that.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Collection, Sequence
from typing import Self

from perftui.metrics.cells import TimeName, sum_of
from perftui.metrics.density import Density
from perftui.metrics.generator_bounds import Generator
from perftui.metrics.growth import growth_of
from perftui.metrics.interval_merge import merge_intervals
from perftui.metrics.levels import LevelSums
from perftui.metrics.machines import Machines
from perftui.metrics.measured import Measured
from perftui.metrics.phases import measured_seconds
from perftui.metrics.series import (
    HOST_NAMES,
    OF_HOST,
    IntervalView,
    Point,
    series_of,
    sums_by_operation,
    thinned,
)  # fmt: skip
from perftui.metrics.so_far import OperationStats, SumsSoFar
from perftui.metrics.sparse import Sparse
from perftui.metrics.spread import SpreadOf
from perftui.metrics.summary import generator_of, load_end_s, summary_of
from perftui.metrics.tail import Tail
from perftui.metrics.time_sum import TimeSum
from perftui.metrics.trust import RunTrust
from perftui.metrics.windows import Windows
from perftui.model.interval import Counts, ErrorSample, Event, Interval
from perftui.model.journal import End, Header, JournalLine
from perftui.model.plan import PHASES, Mode, Phase, Plan
from perftui.model.record import Growth, LevelStats, Spread, Stats, Summary, Trust

KEEP = 900
"""Intervals kept one by one."""
BLOCK = 60
"""Old intervals that become one."""
_PEAKS = ("response_time", "service_time", "start_delay", "error", "timeout_rate", "loop_lag")
_MEASURE: tuple[Phase, ...] = ("measure",)
_SIGNATURES = 200
_CURVE = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99995, 0.99999)


class Timeline:
    """Everything a viewer knows about a run."""

    def __init__(self, plan: Plan | None = None, keep: int = KEEP) -> None:
        self.header: Header | None = None
        self.end: End | None = None
        self.last_interval: Interval | None = None
        self.intervals_count = 0
        """Seconds (journal lines) so far, merged ones included."""
        self.events: list[Event] = []
        self._plan = plan
        self._keep = max(1, keep)
        self._seconds: list[IntervalView] = []
        self._minutes: list[IntervalView] = []
        """Whole minutes, merged as soon as they are over, whose seconds are kept."""
        self._tail: Tail | None = None
        """What stands in for older seconds."""
        self._samples: dict[tuple[str, str, int, str], ErrorSample] = {}
        self._sums = SumsSoFar()
        self._lags: dict[Phase, TimeSum] = {}
        """How late the workers' loops were in the seconds in which something of a phase happened."""
        self._trust: RunTrust | None = None
        self._levels: LevelSums | None = None
        self._windows: Windows | None = None
        self._host = {metric: SpreadOf() for metric in OF_HOST}
        self.machines = Machines()
        """Those of a cluster."""

    def add(self, line: JournalLine) -> None:
        """Take the next line of the journal."""
        match line:
            case Interval():
                self._add_interval(line)
            case Event():
                self.events.append(line)
            case ErrorSample():
                key = (line.error_class, line.operation, line.status, line.detail)
                if key in self._samples or len(self._samples) < _SIGNATURES:
                    self._samples[key] = line
            case Header():
                self.header = line
                self._plan = self._plan or line.plan
            case End():
                self.end = line

    @property
    def plan(self) -> Plan:
        """The plan of the run.

        Raises:
            ValueError: neither given nor read from a header yet.
        """
        if self._plan is None:
            raise ValueError("a timeline needs a plan or a header before its first interval")
        return self._plan

    @property
    def mode(self) -> Mode:
        """How arrivals are made."""
        return self.plan.load.mode

    @property
    def intervals(self) -> Sequence[Interval]:
        """The intervals that are kept: blocks of minutes, then the last 900 s one by one."""
        return [view.interval for view in self._views]

    @property
    def error_samples(self) -> list[ErrorSample]:
        """The latest sample of each kind of failure, in the order of their first."""
        return list(self._samples.values())

    @property
    def at_s(self) -> float:
        """How far the run is, in seconds since its origin."""
        last = self.last_interval
        return last.at_s + last.duration_s if last else 0.0

    def _add_interval(self, interval: Interval) -> None:
        self._trust = self._trust or RunTrust(self.plan)
        self._trust.add(interval)
        for phase in interval.cells:
            lags = self._lags.setdefault(phase, TimeSum())
            for worker in interval.workers:
                lags.add(worker.loop_lag)
        self._levels = self._levels or LevelSums(self.plan)
        self._windows = self._windows or Windows(self.plan)
        self._levels.add(interval)
        self._windows.add(interval)
        self.machines.add(interval)
        self.last_interval = interval
        self.intervals_count += 1
        self._sums.add(interval)
        view = IntervalView(interval, self.mode)
        if interval.phase != "drain":
            for metric, sampled in OF_HOST.items():
                value = sampled(interval)
                if value is not None:
                    self._host[metric].add(value)
        self._seconds.append(view)
        if self.intervals_count % BLOCK == 0:
            self._close_minute()

    def _close_minute(self) -> None:
        """Add the minute to the sums and keep it; its seconds go once they are old."""
        merged = merge_intervals([view.interval for view in self._seconds[-BLOCK:]], self._sums.minute)
        self._minutes.append(IntervalView(merged, self.mode))
        self._sums.close_minute()
        for view in self._seconds[-2 * BLOCK : -BLOCK]:
            view.forget_total()
        if len(self._seconds) >= self._keep + BLOCK:
            del self._seconds[:BLOCK]
            self._tail = self._tail or Tail(self.mode)
            self._tail.add(self._minutes.pop(0))

    @property
    def _views(self) -> list[IntervalView]:
        return [*self._tail.blocks, *self._seconds] if self._tail else [*self._seconds]

    def window(self, seconds: float, only: Collection[str] | None = None) -> Summary:
        """The last seconds, whatever the phase. Its duration is that of the whole intervals it took."""
        return self.between(self.at_s - seconds, math.inf, only)

    def between(self, first_s: float, end_s: float, only: Collection[str] | None = None) -> Summary:
        """The kept intervals that lie between two moments, whatever the phase; as `window` for any place of the run.

        Args:
            first_s: no interval that starts before.
            end_s: none that ends later.
            only: operations that are wanted beside the total; None: every one.
        """
        taken = self._taken(first_s, end_s)
        intervals = [view.interval for view in taken]
        sums = sums_by_operation(intervals) if only is None or only else {}
        wanted = sums if only is None else {name: sums[name] for name in only if name in sums}
        return summary_of(
            wanted, sum(interval.duration_s for interval in intervals), self.plan, phase="window",
            generator=generator_of(intervals), total=sum_of(view.total for view in taken), only=only,
        )  # fmt: skip

    def _taken(self, first_s: float, end_s: float) -> list[IntervalView]:
        taken = []
        for view in reversed(self._views):
            if view.interval.at_s < first_s - 1e-6:
                break
            if view.interval.at_s + view.interval.duration_s <= end_s + 1e-6:
                taken.append(view)
        return taken

    def run(self, only: Collection[str] | None = None) -> Summary:
        """The measure phase so far, by intended time.

        Args:
            only: operations that are wanted beside the total; None: every one.
        """
        names = self._sums.names(_MEASURE)
        return summary_of(
            {name: self._sums.of(_MEASURE, name) for name in names if only is None or name in only},
            self.measured_s, self.plan, generator=self._generator("measure"), ended_ok=self._sums.ok_in_measure,
            total=self._sums.of(_MEASURE), only=only,
        )  # fmt: skip

    def run_operations(self) -> OperationStats:
        """The operations of the measure phase so far, each added up when it is looked at."""
        return OperationStats(
            self._sums.names(_MEASURE),
            lambda name: self._sums.of(_MEASURE, name),
            lambda name: self._sums.of(_MEASURE, name, times=False),
            self.measured_s, self.mode, generator=self._generator("measure"), ended_ok=self._sums.ok_in_measure,
        )  # fmt: skip

    def window_operations(self, seconds: float) -> OperationStats:
        """Those of the last seconds, whatever the phase."""
        intervals = [view.interval for view in self._taken(self.at_s - seconds, math.inf)]
        sums = sums_by_operation(intervals)
        return OperationStats(
            sums, sums.__getitem__, sums.__getitem__, sum(interval.duration_s for interval in intervals), self.mode,
            generator=generator_of(intervals),
        )  # fmt: skip

    @property
    def judged(self) -> frozenset[str]:
        """Operations that an objective of the plan is about."""
        return frozenset(objective.operation for objective in self.plan.objectives if objective.operation)

    @property
    def last_seen(self) -> dict[str, float]:
        """When each error class was counted last, in seconds of the run."""
        return self._sums.last_seen

    def _generator(self, phase: Phase) -> Generator:
        """What it did during a phase."""
        lags = self._lags.get(phase)
        is_limit = self._trust is not None and self._trust.is_limit
        return Generator(lags.merged() if lags else Sparse(), is_limit=is_limit)

    @property
    def measured_s(self) -> float:
        """Seconds of the measure phase so far."""
        return measured_seconds(self.plan.load, load_end_s(self.at_s, self.events))

    def levels(self, only: Collection[str] | None = None) -> tuple[LevelStats, ...]:
        """The held levels so far, where the plan has several; with the operations that are wanted (None: every one)."""
        return self._levels.stats(only) if self._levels else ()

    def growth(self) -> Growth | None:
        """How the memory of the target's process moved since the warm-up; None when it is too early to say."""
        warm_s = self.plan.load.warmup_s
        return growth_of([point for point in self.series("target_memory") if point[0] >= warm_s])

    def measured(self, only: Collection[str] | None = None) -> Measured:
        """All that objectives may be about, so far; of operations those that are wanted (None: every one)."""
        return Measured(
            summary=self.run(only),
            levels=self.levels(only),
            host=self.host_spread(),
            growth=self.growth(),
            windows=self._windows.found() if self._windows else {},
        )

    def whole_run(self) -> Counts:
        """How requests ended, over every phase."""
        return self._sums.counts()

    def whole_run_operations(self) -> dict[str, Counts]:
        """The same by operation."""
        return {name: self._sums.counts(PHASES, name) for name in self._sums.names(PHASES)}

    def phases(self) -> dict[str, Stats]:
        """The total of each phase that had requests."""
        load_end = load_end_s(self.at_s, self.events)
        planned_s = self.plan.load.warmup_s + self.plan.load.duration_s
        measured_s = self.measured_s
        warm_s = min(load_end, self.plan.load.warmup_s)
        durations: dict[Phase, float] = {
            "warmup": warm_s,
            "measure": measured_s,
            "ramp": max(0.0, min(load_end, planned_s) - warm_s - measured_s),
            "drain": max(0.0, self.at_s - load_end),
        }
        in_measure = self._sums.ok_in_measure()
        return {
            phase: self._sums.of((phase,)).stats(
                durations[phase],
                self.mode,
                generator=self._generator(phase),
                ended_ok=in_measure if phase == "measure" else None,
            )
            for phase in PHASES
            if self._sums.names((phase,))
        }

    def series(
        self, metric: str, operation: str = "", points: int | None = None, last_s: float | None = None
    ) -> list[Point]:
        """Start and value of each kept interval in which the metric was measured.

        Args:
            metric: A name of metrics/series.py.
            operation: Empty: the total.
            points: At most so many: of neighbours the highest time or error rate, the mean of all else.
            last_s: Only intervals that start within the last so many seconds.

        Raises:
            ValueError: there is no such metric.
        """
        views = self._views
        if last_s is not None:
            since_s = self.at_s - last_s - 1e-6
            views = views[bisect_left(views, since_s, key=lambda view: view.interval.at_s) :]
        found = series_of(views, metric, operation)
        return found if points is None else thinned(found, points, peaks=metric.startswith(_PEAKS))

    def densities(self) -> list[tuple[float, float, Density]]:
        """Start and length of each kept interval, and where its response times lie (metrics/density.py)."""
        return [(view.interval.at_s, view.interval.duration_s, view.density()) for view in self._views]

    def trust(self) -> Trust:
        """What the generator did to the numbers so far."""
        return self._trust.trust(self.run(self.judged)) if self._trust else Trust()

    def host_spread(self) -> dict[str, Spread]:
        """Mean, p95 and maximum of what was sampled of machine, workers and target, up to the drain."""
        return {HOST_NAMES[metric]: spread.spread for metric, spread in self._host.items() if spread.count}

    def histogram(self, which: TimeName, operation: str = "") -> Sparse:
        """All times of one kind in the measure phase so far."""
        return self._sums.of(_MEASURE, operation).shown_time(which, self.mode)

    def curve(self, which: TimeName = "response_time", operation: str = "") -> list[Point]:
        """Quantiles and their times in ms, as far into the tail as there are values for."""
        histogram = self.histogram(which, operation)
        if not histogram.total:
            return []
        shown = [q for q in _CURVE if (1 - q) * histogram.total >= 1]
        times = histogram.quantiles_us(shown)
        return [*((q, us / 1e3) for q, us in zip(shown, times, strict=True)), (1.0, histogram.max_us / 1e3)]

    def histogram_bars(
        self, which: TimeName = "response_time", operation: str = "", bars: int = 30
    ) -> list[tuple[float, float, int]]:
        """Lower and upper bound in ms and count of bars that are equally wide on a logarithmic axis."""
        histogram = self.histogram(which, operation)
        if not histogram.total:
            return []
        low, high = max(0.5, histogram.min_us), max(1.0, histogram.max_us + 1.0)
        step = math.log(high / low) / bars
        bounds = [low * math.exp(step * place) for place in range(bars)] + [high]
        counts = histogram.count_between([-1.0, *bounds[1:-1], math.inf])
        return [(bounds[i] / 1e3, bounds[i + 1] / 1e3, count) for i, count in enumerate(counts)]

    def until(self, at_s: float) -> Self:
        """The run as it was at a moment: intervals that had ended by then, to the block beyond the last 900 s."""
        past = type(self)(self._plan, self._keep)
        past.header = self.header
        for view in self._views:
            if view.interval.at_s + view.interval.duration_s > at_s + 1e-6:
                break
            past.add(view.interval)
        for event in self.events:
            if event.at_s <= at_s:
                past.add(event)
        for sample in self._samples.values():
            if sample.at_s <= at_s:
                past.add(sample)
        return past

    def decimated(self) -> list[JournalLine]:
        """The run as few lines: what a viewer needs to show a long run at once. Reads back with `add`."""
        ends: list[JournalLine] = [self.end] if self.end else []
        starts: list[JournalLine] = [self.header] if self.header else []
        return [*starts, *self.events, *self._samples.values(), *self.intervals, *ends]
