"""What is marked on a time axis: where stages end, what happened, where one looks. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from perftui.model.interval import Event
from perftui.model.plan import Load
from perftui.model.units import format_clock
from perftui.report.axes import clock_ticks
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
_APART = 0.12
"""Share of the axis between a label and a round time beside it."""


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
    ticks = [tick for tick in ticks if tick.glyph]
    ticks += [
        Tick(start_s, "├" if not start_s else "┈", label=format_clock(start_s)),
        Tick(end_s, "┤", label=format_clock(end_s)),
    ]
    return _round_times(start_s, end_s, ticks) + ticks


def _round_times(start_s: float, end_s: float, ticks: Sequence[Tick]) -> list[Tick]:
    """Times of the clock between the ends of an axis, where no other mark has its label."""
    apart_s = _APART * (end_s - start_s)
    taken = [tick.at_s for tick in ticks if tick.label]
    return [
        Tick(at_s, "╷", label=label)
        for at_s, label in clock_ticks(start_s, end_s)
        if all(abs(at_s - other_s) > apart_s for other_s in taken)
    ]


def _event_tick(event: Event) -> Tick:
    glyph, style = EVENT_MARKS[event.kind]
    return Tick(event.at_s, glyph, style)
