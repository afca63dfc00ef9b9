"""Values of one interval, and series of them for plots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from msgspec import UNSET, UnsetType

from perftui.metrics.cells import CellSum, TimeName, hits_of, merge_cells, sum_of
from perftui.metrics.density import Density, density_of
from perftui.metrics.failures import failures
from perftui.metrics.sparse import Sparse
from perftui.metrics.summary import value_of
from perftui.model.interval import Cell, Counts, HistogramData, Interval
from perftui.model.objectives import METRICS, OWN_METRICS, TIME_METRICS
from perftui.model.plan import PHASES, Mode, Phase
from perftui.model.record import Hits, LatencyStats, Stats
from perftui.model.units import fraction_of

Point = tuple[float, float]
LEAST_S = 0.5
"""A shorter interval is the rest of a run: one answer in its last millisecond would be a thousand per second."""


class IntervalView:
    """One interval, with what was computed from it kept: a long run has many of them, so that is little."""

    __slots__ = ("_density", "_ended", "_mode", "_stats", "_total", "interval")

    def __init__(self, interval: Interval, mode: Mode) -> None:
        self.interval = interval
        self._mode = mode
        self._stats: dict[tuple[TimeName, str], LatencyStats] = {}
        self._ended: dict[str, tuple[Counts, int]] = {}
        self._density: Density | None = None
        self._total: Cell | None = None

    @property
    def total(self) -> Cell:
        """All its cells as one: of a plan with many operations a window asks for it again and again."""
        if self._total is None:
            self._total = merge_cells(cell for cells in self.interval.cells.values() for cell in cells.values())
        return self._total

    def forget_total(self) -> None:
        """It is half as large as the interval itself: no longer kept where no window comes any more."""
        self._total = None

    def cells(self, operation: str) -> list[Cell]:
        """The cells of an operation in every phase; without one, all of them, or the total where there is one."""
        if not operation:
            if self._total is not None:
                return [self._total]
            return [cell for cells in self.interval.cells.values() for cell in cells.values()]
        return [cells[operation] for cells in self.interval.cells.values() if operation in cells]

    def counts(self, operation: str = "") -> Counts:
        """How requests ended in the interval."""
        return self._counted(operation)[0]

    def failed(self, operation: str = "") -> int:
        """How many of them the target failed."""
        return self._counted(operation)[1]

    def _counted(self, operation: str) -> tuple[Counts, int]:
        found = self._ended.get(operation)
        if found is None:
            cells = self.cells(operation)
            counts = sum((cell.counts for cell in cells), Counts())
            failed = sum(failures(cell.counts, cell.error_classes) for cell in cells)
            found = self._ended[operation] = counts, failed
        return found

    def time(self, name: TimeName, operation: str = "") -> LatencyStats:
        """The distribution of one time in the interval."""
        found = self._stats.get((name, operation))
        if found is None:
            found = self._stats[name, operation] = self.histogram(name, operation).stats()
        return found

    def density(self) -> Density:
        """Where the response times of all operations lie."""
        if self._density is None:
            self._density = density_of(self.histogram("response_time"))
        return self._density

    def histogram(self, name: TimeName, operation: str = "") -> Sparse:
        """The merged histogram of one time in the interval."""
        return Sparse.merged((), self.packed(name, operation))

    def packed(self, name: TimeName, operation: str = "") -> list[HistogramData]:
        """The histograms of one time in the interval, as stored."""
        if name == "response_time" and self._mode == "users":
            name = "service_time"
        held: list[HistogramData | None] = [getattr(cell, name) for cell in self.cells(operation)]
        return [data for data in held if data is not None]

    def value(self, metric: str, operation: str = "") -> float | None:
        """The value of a metric in the interval; None when nothing was measured.

        Raises:
            ValueError: there is no such metric.
        """
        time, _, statistic = metric.partition(".")
        for name in TIME_METRICS:
            if time == name:
                stats = self.time(_time_name(name), operation)
                return float(getattr(stats, statistic)) if stats.count else None
        if metric in OWN_METRICS:
            return value_of(sum_of(self.cells(operation)).stats(self.interval.duration_s, self._mode), metric)
        if metric in METRICS or metric == "errors_per_s":
            return self._of_counts(metric, operation)
        if metric not in _OF_MACHINE:
            raise ValueError(f"{metric!r} is not a series; series are {', '.join(SERIES)}")
        return _OF_MACHINE[metric](self.interval)

    def _of_counts(self, metric: str, operation: str) -> float | None:
        counts = self.counts(operation)
        duration_s = self.interval.duration_s
        failed = self.failed(operation)
        judged = counts.ok + failed
        if metric in {"throughput", "rate", "errors_per_s"}:
            if duration_s <= 0:
                return None
            return {"throughput": counts.ok, "rate": counts.started, "errors_per_s": failed}[metric] / duration_s
        stats = Stats(
            counts=counts,
            hits=self._hits(operation) if metric == "hit_rate" else UNSET,
            attained=fraction_of(counts.ok, counts.scheduled),
            error_rate=fraction_of(failed, judged),
            timeout_rate=fraction_of(counts.timeouts, judged),
        )
        return value_of(stats, metric)

    def _hits(self, operation: str) -> Hits | UnsetType:
        return hits_of(self.time("hit_time", operation), self.time("miss_time", operation))


def _time_name(name: str) -> TimeName:
    match name:
        case "response_time" | "service_time" | "start_delay" | "error_time" | "hit_time" | "miss_time":
            return name
        case _:
            raise ValueError(f"{name!r} is not a time")


def _asked_per_s(interval: Interval) -> float | None:
    return interval.asked / interval.duration_s if interval.duration_s > 0 else None


def _number(value: int | None) -> float | None:
    return None if value is None else float(value)


def _worker_memory(interval: Interval) -> float | None:
    return float(sum(worker.memory_bytes for worker in interval.workers)) if interval.workers else None


_OF_LOAD: dict[str, Callable[[Interval], float | None]] = {
    "level": lambda interval: interval.level,
    "asked": _asked_per_s,
    "in_flight": lambda interval: float(sum(worker.in_flight for worker in interval.workers)),
}
OF_HOST: dict[str, Callable[[Interval], float | None]] = {
    "cpu": lambda interval: interval.host.cpu_percent,
    "cpu_max_core": lambda interval: interval.host.cpu_max_core_percent,
    "memory": lambda interval: interval.host.memory_percent,
    "memory_used": lambda interval: float(interval.host.memory_used_bytes),
    "disk_read": lambda interval: interval.host.disk_read_bytes,
    "disk_written": lambda interval: interval.host.disk_write_bytes,
    "net_received": lambda interval: interval.host.net_received_bytes,
    "net_sent": lambda interval: interval.host.net_sent_bytes,
    "target_cpu": lambda interval: interval.host.target_cpu_percent,
    "target_memory": lambda interval: _number(interval.host.target_memory_bytes),
    "target_threads": lambda interval: _number(interval.host.target_threads),
    "remote_cpu": lambda interval: interval.host.remote_cpu_percent,
    "remote_memory": lambda interval: interval.host.remote_memory_percent,
    "target_open_files": lambda interval: _number(interval.host.target_open_files),
    "worker_cpu": lambda interval: max((worker.cpu_percent for worker in interval.workers), default=None),
    "worker_memory": _worker_memory,
    "open_connections": lambda interval: float(interval.connections.open_now),
    "loop_lag": lambda interval: max((worker.loop_lag_max_ms for worker in interval.workers), default=None),
}
"""What is sampled of the machine, the workers and the target's process."""
HOST_NAMES = {
    "cpu": "cpu_percent",
    "cpu_max_core": "cpu_max_core_percent",
    "memory": "memory_percent",
    "memory_used": "memory_used_bytes",
    "disk_read": "disk_read_bytes",
    "disk_written": "disk_write_bytes",
    "net_received": "net_received_bytes",
    "net_sent": "net_sent_bytes",
    "target_cpu": "target_cpu_percent",
    "target_memory": "target_memory_bytes",
    "target_threads": "target_threads",
    "target_open_files": "target_open_files",
    "remote_cpu": "remote_cpu_percent",
    "remote_memory": "remote_memory_percent",
    "open_connections": "open_connections",
    "worker_cpu": "worker_cpu_percent",
    "worker_memory": "worker_memory_bytes",
    "loop_lag": "loop_lag_ms",
}
"""What a record calls them."""
_OF_MACHINE = _OF_LOAD | OF_HOST
SERIES = (*METRICS, "errors_per_s", *_OF_MACHINE)
"""Every name a series may have. Per cent for CPU and memory (worker_cpu: of one core), bytes (per second for disk and
net), ms for loop_lag, per second for asked."""


def series_of(views: Iterable[IntervalView], metric: str, operation: str = "") -> list[Point]:
    """Start of each interval and its value. Intervals in which nothing was measured are left out, never made zero.

    So is one too short to say anything: the rest of a run.

    Raises:
        ValueError: there is no such metric.
    """
    whole = (view for view in views if view.interval.duration_s >= LEAST_S)
    pairs = ((view.interval.at_s, view.value(metric, operation)) for view in whole)
    return [(at_s, value) for at_s, value in pairs if value is not None]


def thinned(points: Sequence[Point], most: int, *, peaks: bool) -> list[Point]:
    """At most so many points: of neighbours the highest (peaks stay visible) or their mean."""
    if most <= 0 or len(points) <= most:
        return list(points)
    kept = []
    for place in range(most):
        group = points[place * len(points) // most : (place + 1) * len(points) // most]
        if peaks:
            kept.append(max(group, key=lambda point: point[1]))
        else:
            kept.append((group[0][0], sum(value for _, value in group) / len(group)))
    return kept


def sums_by_operation(intervals: Iterable[Interval], phases: Sequence[Phase] = PHASES) -> dict[str, CellSum]:
    """Sums by operation, of the phases that requests were due in."""
    cells: dict[str, list[Cell]] = {}
    for interval in intervals:
        for held in (interval.cells[phase] for phase in phases if phase in interval.cells):
            for name, cell in held.items():
                cells.setdefault(name, []).append(cell)
    return {name: sum_of(held) for name, held in cells.items()}
