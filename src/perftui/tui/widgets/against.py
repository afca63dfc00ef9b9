"""How a run that is going on stands against its baseline, in a few cells. Pure."""

from __future__ import annotations

from perftui.model.comparison import Comparison, MetricChange
from perftui.model.units import format_clock
from perftui.tui.widgets.cells import Text, paint
from perftui.tui.widgets.picture import Against

TITLE = "baseline"
CELLS = 13
_SHORT = {
    "error_rate": "err", "throughput": "ok/s", "hit_rate": "hits", "hit_time": "hit", "miss_time": "miss",
    "messages_sent": "sent/s", "messages_received": "got/s", "events": "events/s", "connect_time": "conn",
    "round_trip": "trip", "first_event": "first", "event_gap": "gap", "page_load": "load", "first_paint": "paint",
    "interactive": "usable", "last_long_task": "task", "page_requests": "parts", "page_bytes": "bytes",
}  # fmt: skip
"""By metric, or by the time that it is a statistic of; of other times the statistic says enough."""
_WORST_FIRST = ("regression", "not_comparable", "inconclusive", "improvement", "no_difference")
_MANY = 10
"""From so many times as much on, the factor says it better than per cent."""


def worst_change(comparison: Comparison, operation: str) -> MetricChange | None:
    """What counts of an operation (empty: of all), the worst of it."""
    counted = [change for change in comparison.metrics if change.gated and change.operation == operation]
    return min(counted, key=_badness, default=None)


def rank(against: Against, operation: str) -> tuple[int, float]:
    """Worst first; what is not known comes last."""
    change = worst_change(against.comparison, operation) if against.comparison is not None else None
    return (len(_WORST_FIRST), 0.0) if change is None else _badness(change)


def against_cell(against: Against, operation: str) -> Text:
    """`p95 +89 % ✗`, `p50 -30 % ✓`, `as before`, or that it is not known yet."""
    change = worst_change(against.comparison, operation) if against.comparison is not None else None
    match change.verdict if change is not None else None:
        case "regression":
            return paint(f"{_short(change)} ✗", "bold $error")
        case "improvement":
            return paint(f"{_short(change)} ✓", "$success")
        case "no_difference":
            return paint("as before", "$quiet")
        case "inconclusive":
            return paint("not sure yet", "$quiet")
    return paint("–", "$quiet")


def against_status(against: Against) -> str:
    """Where all requests together stand, for a border."""
    if against.note:
        return against.note
    if against.comparison is None:
        return f"against the baseline from {format_clock(against.at_s)} on"
    if against.comparison.reasons:
        return f"not comparable with the baseline · {against.comparison.reasons[0]}"
    change = worst_change(against.comparison, "")
    if change is None or change.verdict == "inconclusive":
        return f"all against the baseline: not sure yet · at {format_clock(against.at_s)}"
    if change.verdict == "no_difference":
        return f"all against the baseline: as before · at {format_clock(against.at_s)}"
    return f"all against the baseline: {_short(change)} {change.verdict} · at {format_clock(against.at_s)}"


def _badness(change: MetricChange) -> tuple[int, float]:
    return _WORST_FIRST.index(change.verdict), -abs(change.change)


def _short(change: MetricChange | None) -> str:
    """`p95 +89 %`."""
    if change is None:
        return ""
    time, _, statistic = change.metric.rpartition(".")
    name = _SHORT.get(time or statistic, statistic)
    if change.unit == "fraction":
        return f"{name} {100 * change.change:+.1f} pp"
    factor = 1 + change.change
    return f"{name} ×{factor:,.0f}" if factor >= _MANY else f"{name} {100 * change.change:+.0f} %"
