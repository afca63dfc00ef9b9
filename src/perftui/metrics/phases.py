"""When the measure phase is, in seconds since the run's origin."""

from __future__ import annotations

from perftui.model.load_profile import measure_spans
from perftui.model.plan import Load


def measured_seconds(load: Load, ended_s: float) -> float:
    """Seconds of the measure phase up to a moment."""
    return sum(max(0.0, min(end, ended_s) - start) for start, end in measure_spans(load))
