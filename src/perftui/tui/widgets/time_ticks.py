"""What is marked on a time axis: where stages end, what happened, where one looks. Pure."""

from __future__ import annotations

from itertools import accumulate

from perftui.model.interval import Event
from perftui.model.plan import Load
from perftui.model.units import format_clock
from perftui.tui.widgets.chart import Tick
from perftui.tui.widgets.picture import LivePicture

EVENT_MARKS: dict[str, tuple[str, str]] = {
    "pause": ("‖", "bold $warning"),
    "resume": ("▸", "bold $accent"),
    "level": ("↕", "bold $accent"),
    "mark": ("◆", "bold $accent"),
    "stop": ("■", "bold $warning"),
    "abort": ("■", "bold $error"),
    "auto_stop": ("■", "bold $error"),
    "worker_lost": ("✗", "bold $error"),
    "worker_slow": ("!", "bold $warning"),
    "worker_back": ("✓", "bold $accent"),
    "disk": ("!", "bold $error"),
}
"""Glyph and colour of the events that are drawn on the time axis; phases are ticks of their own."""


def stage_ends(load: Load) -> list[float]:
    """When warm-up and stages end, seconds since the origin."""
    return list(accumulate([load.warmup_s, *(stage.duration_s for stage in load.stages)]))


def time_ticks(picture: LivePicture) -> list[Tick]:
    """The marks of the axis of a picture."""
    start_s, end_s = picture.axis_s
    load = picture.plan.load
    ends = stage_ends(load)
    ticks = [Tick(start_s, "", label=format_clock(start_s))] if start_s not in ends else []
    ticks += [Tick(at_s, "┬", label=format_clock(at_s)) for at_s in ends if start_s < at_s < end_s]
    if load.warmup_s and not start_s:
        ticks.append(Tick(load.warmup_s, "┬", label="warm-up ends" if load.warmup_s < end_s / 3 else ""))
    ticks += [_event_tick(event) for event in picture.events if event.kind in EVENT_MARKS]
    ticks += [Tick(window.end_s, letter, "bold reverse $accent") for letter, window in picture.windows.items()]
    if picture.cursor_s is not None:
        ticks.append(Tick(picture.cursor_s, "▲", "bold $accent", format_clock(picture.cursor_s)))
    return [tick for tick in ticks if tick.glyph] + [
        Tick(start_s, "├" if not start_s else "┈", label=format_clock(start_s)),
        Tick(end_s, "┤", label=format_clock(end_s)),
    ]


def _event_tick(event: Event) -> Tick:
    glyph, style = EVENT_MARKS[event.kind]
    return Tick(event.at_s, glyph, style)
