"""When the measure phase is, in seconds since the run's origin."""

from __future__ import annotations

from perftui.model.plan import Load


def measure_spans(load: Load) -> list[tuple[float, float]]:
    """Start and end of each part of the measure phase: every stage, or only the holding ones when some ramp."""
    spans: list[tuple[float, float, bool]] = []
    at_s = load.warmup_s
    level = load.start_level
    for stage in load.stages:
        if stage.duration_s > 0:
            spans.append((at_s, at_s + stage.duration_s, stage.to != level))
        at_s += stage.duration_s
        level = stage.to
    some_hold = any(not ramps for *_, ramps in spans)
    return [(start, end) for start, end, ramps in spans if not (ramps and some_hold)]


def measured_seconds(load: Load, ended_s: float) -> float:
    """Seconds of the measure phase up to a moment."""
    return sum(max(0.0, min(end, ended_s) - start) for start, end in measure_spans(load))
