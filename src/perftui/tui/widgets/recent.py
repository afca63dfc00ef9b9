"""Percentiles of a few seconds: shown only where there are values enough for them. Pure."""

from __future__ import annotations

from perftui.model.record import LatencyStats
from perftui.model.units import format_ms
from perftui.report.words import MISSING

_LEAST = {"p90": 10, "p95": 20, "p99": 100, "p99_9": 1000}
"""Values a window needs so that a value lies above its percentile."""


def recent_text(stats: LatencyStats, field: str) -> str:
    """A percentile of a window; with too few values for it, nothing: the maximum says more."""
    return format_ms(getattr(stats, field)) if stats.count >= _LEAST.get(field, 1) else MISSING
