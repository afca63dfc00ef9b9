"""How much of a number may be the generator's own: beside it, and dimmed where that is too much. Pure."""

from __future__ import annotations

from textual.content import Content

from perftui.model.interval import NumberVerdict
from perftui.model.record import Stats
from perftui.model.units import format_ms
from perftui.tui.widgets.cells import paint

_STYLES: dict[NumberVerdict, str] = {"sound": "$quiet", "blurred": "$warning", "unusable": "$error"}


def ours_text(stats: Stats, field: str) -> Content:
    """At most so many ms of a percentile may be the generator's; nothing where that is not known."""
    bound = stats.response_time_bounds.get(field)
    if bound is None:
        return Content("")
    return paint(f"≤{format_ms(max(0.0, bound.upper - bound.lower))}", _STYLES[bound.verdict])


def weighed(text: str, stats: Stats, field: str) -> Content:
    """A percentile; one that is not sound stands back."""
    bound = stats.response_time_bounds.get(field)
    return Content(text) if bound is None or bound.verdict == "sound" else paint(text, "dim")
