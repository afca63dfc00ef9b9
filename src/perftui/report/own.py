"""What only some protocols measure, in words: messages, events, pages. The same on screen and on paper."""

from __future__ import annotations

from perftui.metrics.own_values import own_value
from perftui.model.record import LatencyStats, Own, Stats
from perftui.model.units import format_bytes, format_ms

_LABELS = {
    "connect_time": "connecting",
    "round_trip": "round trip",
    "first_event": "first event",
    "event_gap": "between events",
    "page_load": "page load",
    "first_paint": "first paint",
    "last_long_task": "last long task",
    "interactive": "interactive",
}
_SHOWN_ASSETS = 3
_SHOWN_HOSTS = 5


def own_times(stats: Stats) -> list[tuple[str, LatencyStats]]:
    """The times, with their names for people."""
    times = stats.of_protocol.times_ms
    return [(label, times[name]) for name, label in _LABELS.items() if name in times and times[name].count]


def own_lines(stats: Stats) -> list[tuple[str, list[str]]]:
    """What is counted: a label, and what there is to say."""
    own = stats.of_protocol
    lines: list[tuple[str, list[str]]] = []
    ways = [("messages_sent", "sent"), ("messages_received", "received")]
    if messages := [f"{_amount(own, name)} {word}" for name, word in ways if name in own.amounts]:
        lines.append(("messages", messages))
    if "events" in own.amounts:
        lines.append(("events", [_amount(own, "events")]))
    requests, size = own_value(own, "page_requests"), own_value(own, "page_bytes")
    if requests is not None and size is not None:
        lines.append(("each page", [f"{requests:,.4g} requests", format_bytes(size)]))
    slowest = list(own.assets.items())[:_SHOWN_ASSETS]
    if slowest:
        words = [f"{name} {format_ms(asset.mean_ms)} ms" for name, asset in slowest]
        lines.append(("slowest parts", [*words[:-1], f"{words[-1]} (mean)"]))
    if own.left_alone:
        more = len(own.left_alone) - _SHOWN_HOSTS
        lines.append(("left alone", [*own.left_alone[:_SHOWN_HOSTS], *([f"{more} more"] if more > 0 else [])]))
    return lines


def own_short(stats: Stats) -> str:
    """The rates, for where there is little room: `20/s out, 400/s in`."""
    amounts = stats.of_protocol.amounts
    words = [("messages_sent", "out"), ("messages_received", "in"), ("events", "events"), ("pages", "pages")]
    return ", ".join(f"{amounts[name].per_s:,.4g}/s {word}" for name, word in words if name in amounts)


def _amount(own: Own, name: str) -> str:
    amount = own.amounts[name]
    return f"{amount.total:,} ({amount.per_s:,.4g}/s)"
