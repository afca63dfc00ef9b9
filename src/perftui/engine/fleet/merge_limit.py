"""When a plan with `max_requests` has asked for the last of them."""

from __future__ import annotations

import numpy as np

from perftui.engine.load.schedule import Schedule
from perftui.model.interval import Interval
from perftui.model.plan import Plan

NS = 1_000_000_000


class RequestLimit:
    """Knows the moment ahead when the schedule tells it, and from the counts when it does not."""

    def __init__(self, plan: Plan, schedule: Schedule) -> None:
        """Watch a plan.

        Args:
            plan: what is executed.
            schedule: of the whole run, changed by commands as it goes.
        """
        self._most = plan.load.max_requests
        self._schedule = schedule
        self._is_exact = plan.load.mode == "rate" and plan.load.arrivals == "uniform" and not plan.journeys
        self._scheduled = 0
        self._found = False

    def due_before(self, at_s: float) -> float | None:
        """When the request after the last would have been due, if that is before a moment."""
        most = self._schedule.most
        if most is None or not self._is_exact or self._found or self._schedule.total <= most:
            return None
        if self._schedule.arrivals_until(at_s) < most:
            return None
        self._found = True
        return int(self._schedule.times_ns(np.array([float(most)]))[0]) / NS

    def reached(self, interval: Interval) -> float | None:
        """The end of the interval in which the last request was due, where only the counts tell."""
        if not self._most or self._is_exact:
            return None
        counted = (operations for phase, operations in interval.cells.items() if phase != "warmup")
        self._scheduled += sum(cell.counts.scheduled for operations in counted for cell in operations.values())
        return interval.at_s + interval.duration_s if self._scheduled >= self._most else None
