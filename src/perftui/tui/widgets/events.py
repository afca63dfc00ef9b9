"""What happened during the run, newest first: commands with their origin, stages, lost workers. Pure."""

from __future__ import annotations

from textual.content import Content

from perftui.model.interval import Event
from perftui.model.units import format_clock, format_count
from perftui.tui.widgets.cells import Drawing, Text, paint
from perftui.tui.widgets.picture import LivePicture
from perftui.tui.widgets.time_ticks import EVENT_MARKS

_WORDS = {
    "pause": "load paused",
    "resume": "load resumed",
    "stop": "stopped",
    "abort": "stopped now",
    "auto_stop": "stopped by itself",
    "worker_lost": "worker lost",
    "worker_slow": "worker does not answer",
    "worker_back": "worker is back",
}
"""Kinds whose name says too little."""


def draw_events(picture: LivePicture, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """One line per event, the newest on top."""
    events = sorted(picture.events, key=lambda event: -event.at_s)
    shown = events[:height] if height else events
    lines: list[Text] = [event_line(event) for event in shown]
    hidden = len(events) - len(shown)
    return Drawing(
        lines or [paint("nothing yet; m sets a mark", "$quiet")],
        title="Events",
        status=f"{hidden} earlier" if hidden else "",
    )


def event_line(event: Event) -> Content:
    """`00:21 ◆ mark deploy (tui)`."""
    glyph, style = EVENT_MARKS.get(event.kind, ("·", "$quiet"))
    words = _WORDS.get(event.kind, event.kind)
    if event.kind == "level" and event.level is not None:
        words = f"level {format_count(event.level)}"
    elif event.kind == "phase":
        words = f"{event.detail} begins"
    shown = event.kind not in {"level", "phase"} and event.detail not in {"", event.kind}
    detail = f" {event.detail}" if shown else ""
    origin = f" ({event.origin})" if event.origin else ""
    return Content.assemble(
        (f"{format_clock(event.at_s)} ", "$quiet"), (f"{glyph} ", style), words, detail, (origin, "$quiet")
    )
