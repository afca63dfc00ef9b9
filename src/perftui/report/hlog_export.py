"""A run as an HdrHistogram log, for the tools that read those."""

from __future__ import annotations

from perftui.metrics.hlog import write
from perftui.store.loading import LoadedRun


def run_hlog(run: LoadedRun) -> str:
    """One tagged histogram per interval and operation."""
    return write(run.record, run.intervals)
