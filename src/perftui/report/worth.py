"""What numbers are worth, in words: how much of each may be the generator's, and where one is only the least."""

from __future__ import annotations

from perftui.metrics.trust import is_generator_limit
from perftui.model.interval import NumberVerdict
from perftui.model.record import LatencyStats, Record, Stats
from perftui.model.units import format_ms
from perftui.report.words import MISSING, number_text, shows

OURS = "ours at most"
"""Title of the row that says how much of each response time may be the generator's."""


def ours_text(stats: Stats, field: str) -> str:
    """How much of a response time may be the generator's: `≤0.3`; a dash where it is not known or not shown."""
    bound = stats.response_time_bounds.get(field)
    if bound is None or not shows(stats.response_time_ms, field):
        return MISSING
    return f"≤{format_ms(bound.upper - bound.lower)}"


def worth(stats: Stats, times: LatencyStats, field: str) -> NumberVerdict:
    """What a percentile is worth; sound where nothing is known, as in runs of older versions."""
    bounds = {
        id(stats.response_time_ms): stats.response_time_bounds,
        id(stats.service_time_ms): stats.service_time_bounds,
    }.get(id(times), {})
    bound = bounds.get(field)
    return "sound" if bound is None else bound.verdict


def throughput_text(record: Record, stats: Stats) -> str:
    """Ok answers per second; `≥98,000` where the generator was the limit."""
    least = "≥" if is_generator_limit(record.trust) else ""
    return f"{least}{number_text(stats.throughput_per_s)}"
