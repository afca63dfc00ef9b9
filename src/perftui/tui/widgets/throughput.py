"""Throughput over the planned time: attained, asked, baseline, and what happened when. Pure."""

from __future__ import annotations

from textual.content import Content

from perftui.model.units import format_count
from perftui.report.axes import round_up
from perftui.tui.widgets.cells import Drawing, fit, join, paint
from perftui.tui.widgets.chart import Line, chart_rows, columns, time_axis
from perftui.tui.widgets.picture import LivePicture
from perftui.tui.widgets.time_ticks import time_ticks
from perftui.tui.widgets.trend import peak

_AXIS_CELLS = 6
_NATURAL = 10


def draw_throughput(picture: LivePicture, width: int, height: int) -> Drawing:
    """Columns of ok per second with the asked rate dotted and the baseline as a ghost."""
    rows = max(1, (height or _NATURAL) - 2)
    start_s, end_s = picture.axis_s
    room = max(1, width - _AXIS_CELLS)
    attained = columns(picture.attained, start_s, end_s, room)
    asked = columns(picture.asked, start_s, end_s, room) if picture.is_open else [None] * room
    ghost = columns(picture.baseline, start_s, end_s, room)
    top = round_up(max(peak(attained), peak(asked), peak(ghost)) * 1.02)
    plot = chart_rows(
        attained,
        ((asked, Line((), "┈", "$foreground 70%")), (ghost, Line((), "╌", "$series-2"))),
        rows,
        top,
        "$series-1",
    )
    axis, labels = time_axis(start_s, end_s, room, time_ticks(picture))
    lines = [
        *(fit(paint(label, "$quiet"), _AXIS_CELLS - 1, right=True) + paint("┤", "$panel-border") + line
          for label, line in zip(_scale(top, rows), plot, strict=True)),
        fit(paint("0", "$quiet"), _AXIS_CELLS - 1, right=True) + paint("┼", "$panel-border") + axis,
        fit("", _AXIS_CELLS) + labels,
    ]  # fmt: skip
    return Drawing(lines, title="Throughput, ok/s", note=_legend(picture), status=_status(picture))


def _scale(top: float, rows: int) -> list[str]:
    labels = [""] * rows
    labels[0] = format_count(top)
    if rows >= 6:
        labels[rows // 2] = format_count(top / 2)
    return labels


def _legend(picture: LivePicture) -> Content:
    pieces = [paint("█", "$series-1") + Content(" attained")]
    if picture.is_open:
        pieces.append(paint("┈", "$foreground") + Content(" asked"))
    if picture.baseline:
        pieces.append(paint("╌", "$series-2") + Content(" baseline"))
    return join(pieces, "  ")


def _status(picture: LivePicture) -> Content:
    if picture.state == "starting":
        return Content("nothing measured yet")
    stats = picture.run.total if picture.over else picture.window.total
    level = (
        f"asked {format_count(picture.interval.level)}/s" if picture.is_open else f"{picture.interval.level:,.0f} users"
    )
    words = [
        *([] if picture.over else [level]),
        f"{format_count(stats.rate_per_s)} sent/s",
        f"{format_count(stats.throughput_per_s)} ok/s",
    ]
    return Content(" · ").join([Content(word) for word in words])
