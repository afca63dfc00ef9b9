"""Stops a run whose target has broken down."""

from __future__ import annotations

from perftui.metrics.failures import failures
from perftui.model.interval import Interval
from perftui.model.units import format_percent

MOST_FAILED = 0.5
FOR_S = 10.0


class AutoStop:
    """Watches the share of failed requests."""

    def __init__(self) -> None:
        self._failing_s = 0.0
        self._failed = 0
        self._judged = 0

    def reason(self, interval: Interval) -> str:
        """Why the run is to be stopped after this interval, in words; empty while it may go on."""
        cells = [cell for operations in interval.cells.values() for cell in operations.values()]
        failed = sum(failures(cell.counts, cell.error_classes) for cell in cells)
        judged = failed + sum(cell.counts.ok for cell in cells)
        if not judged:  # nothing ended: neither good nor bad
            return ""
        if failed <= MOST_FAILED * judged:
            self._failing_s, self._failed, self._judged = 0.0, 0, 0
            return ""
        self._failing_s += interval.duration_s
        self._failed += failed
        self._judged += judged
        if self._failing_s < FOR_S - 0.05:
            return ""
        share = format_percent(self._failed / self._judged)
        return f"auto-stop: {share} of the requests failed for {self._failing_s:.0f} s"
