"""Objectives that must hold in every stretch of a run: their metric over a window that moves on with each second."""

from __future__ import annotations

from collections import deque

from perftui.metrics.measured import Stretch, Windowed
from perftui.metrics.series import LEAST_S, IntervalView, sums_by_operation
from perftui.metrics.summary import summary_of, value_of
from perftui.model.interval import Interval
from perftui.model.objectives import ANSWER_TIMES, parse_limit, sampled_as
from perftui.model.plan import Objective, Phase, Plan

_LOADED: tuple[Phase, ...] = ("ramp", "measure")
_SPARE_S = 0.05
SERIES_OF = {
    "cpu_percent": "cpu",
    "memory_percent": "memory",
    "disk_read_bytes": "disk_read",
    "disk_write_bytes": "disk_written",
    "net_received_bytes": "net_received",
    "net_sent_bytes": "net_sent",
    "target_cpu_percent": "target_cpu",
    "target_memory_bytes": "target_memory",
    "target_threads": "target_threads",
    "target_open_files": "target_open_files",
    "remote_cpu_percent": "remote_cpu",
    "remote_memory_percent": "remote_memory",
    "open_connections": "open_connections",
}


class Window:
    """One objective's stretch. Work per second is that of merging its few seconds."""

    def __init__(self, objective: Objective, plan: Plan) -> None:
        self._objective = objective
        self._plan = plan
        self._from_s = plan.load.warmup_s + objective.grace_s
        self._is_upper = parse_limit(objective.limits[0], objective.metric).is_upper
        self._held: deque[Interval] = deque()
        self._seconds = 0.0
        self._worst: Stretch | None = None
        self._newest: Stretch | None = None

    def add(self, interval: Interval) -> None:
        """Take an interval; the drain, the rest of a second at the end and the grace belong to no stretch."""
        if interval.phase not in _LOADED or interval.at_s < self._from_s - _SPARE_S or interval.duration_s < LEAST_S:
            return
        self._held.append(interval)
        self._seconds += interval.duration_s
        while self._seconds - self._held[0].duration_s >= self._objective.over_s - _SPARE_S:
            self._seconds -= self._held.popleft().duration_s
        if self._seconds < self._objective.over_s - _SPARE_S:
            return
        found = self._stretch()
        if found is None:
            return
        self._newest = found
        if self._worst is None or self._is_worse(found, self._worst):
            self._worst = found

    def _is_worse(self, found: Stretch, than: Stretch) -> bool:
        if found.value is None or than.value is None:
            return found.value is None and than.value is not None
        return found.value > than.value if self._is_upper else found.value < than.value

    def _stretch(self) -> Stretch | None:
        """The metric over the window; None when nothing was due in it."""
        objective, start_s = self._objective, self._held[0].at_s
        sampled = sampled_as(objective.metric)
        if sampled is not None:
            values = self._sampled(SERIES_OF[sampled[0]])
            if not values:
                return None
            return Stretch(start_s=start_s, value=max(values) if sampled[1] == "max" else sum(values) / len(values))
        summary = summary_of(sums_by_operation(self._held, _LOADED), self._seconds, self._plan)
        stats = summary.operations.get(objective.operation) if objective.operation else summary.total
        value = value_of(stats, objective.metric) if stats else None
        if value is None and not (stats and stats.counts.scheduled and objective.metric.startswith(ANSWER_TIMES)):
            return None
        return Stretch(start_s=start_s, value=value)

    def _sampled(self, series: str) -> list[float]:
        views = (IntervalView(interval, self._plan.load.mode) for interval in self._held)
        return [value for view in views if (value := view.value(series)) is not None]

    @property
    def windowed(self) -> Windowed | None:
        """Worst and newest stretch; None before the first is complete."""
        if self._worst is None or self._newest is None:
            return None
        return Windowed(worst=self._worst, newest=self._newest)


class Windows:
    """Those of a plan's objectives that name a stretch."""

    def __init__(self, plan: Plan) -> None:
        self._windows = {each: Window(each, plan) for each in plan.objectives if each.over_s}

    def add(self, interval: Interval) -> None:
        """Take an interval."""
        for window in self._windows.values():
            window.add(interval)

    def found(self) -> dict[Objective, Windowed]:
        """What each found so far."""
        return {each: found for each, window in self._windows.items() if (found := window.windowed) is not None}
