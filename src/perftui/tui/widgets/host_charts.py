"""What was sampled of machine, workers and target over the run, on the time axis that the heat map has. Pure."""

from __future__ import annotations

from collections.abc import Callable

from perftui.model.units import format_bytes, format_count, format_ms
from perftui.report.axes import round_up
from perftui.tui.widgets.cells import Text, fit, join, paint
from perftui.tui.widgets.chart import chart_rows, columns, time_axis
from perftui.tui.widgets.picture import LivePicture
from perftui.tui.widgets.time_ticks import time_ticks
from perftui.tui.widgets.trend import peak

_NAME = 15
_TOP = 13
_AXIS = 2
_TALLEST = 4


def _percent(value: float) -> str:
    return f"{value:.0f} %"


def _ms(value: float) -> str:
    return f"{format_ms(value)} ms"


_CHARTS: tuple[tuple[str, str, str, Callable[[float], str]], ...] = (
    ("target cpu", "target_cpu", "$series-1", _percent),
    ("target memory", "target_memory", "$series-1", format_bytes),
    ("target threads", "target_threads", "$series-3", format_count),
    ("target files", "target_open_files", "$series-3", format_count),
    ("its machine cpu", "remote_cpu", "$series-1", _percent),
    ("its machine mem", "remote_memory", "$series-1", _percent),
    ("cpu here", "cpu", "$series-2", _percent),
    ("busiest worker", "worker_cpu", "$series-2", _percent),
    ("loop lag", "loop_lag", "$series-2", _ms),
    ("connections", "open_connections", "$series-3", format_count),
)
"""Name, series, colour and how the largest value is written; the most wanted first."""
LEAST = _AXIS + 3
"""Lines from which there is something to see."""


def host_charts(picture: LivePicture, width: int, height: int) -> list[Text]:
    """A strip for each, from zero, with its largest value; then the axis. As many as there is room for."""
    room = width - _NAME - _TOP
    sampled = [(name, style, shown, picture.sampled(series)) for name, series, style, shown in _CHARTS]
    known = [each for each in sampled if each[3]][: max(0, height - _AXIS)]
    if room < 1 or not known:
        return []
    tall = min(_TALLEST, (height - _AXIS) // len(known))
    lines: list[Text] = []
    for name, style, shown, points in known:
        values = columns(points, *picture.axis_s, room)
        top = peak(values)
        rows = chart_rows(values, (), tall, round_up(top * 1.02) if tall > 1 else top * 8 / 7, style)
        for number, row in enumerate(rows):
            label = (name, f"top {shown(top)}") if number == 0 else ("", "")
            lines.append(join((fit(paint(label[0], "$quiet"), _NAME), row, fit(label[1], _TOP, right=True)), ""))
    axis, labels = time_axis(*picture.axis_s, room, time_ticks(picture))
    return [*lines, fit("", _NAME) + axis, fit("", _NAME) + labels]
