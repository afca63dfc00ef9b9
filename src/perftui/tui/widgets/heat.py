"""Response times as a heat map: time from left to right, quick below and slow above, many answers bright. Pure.

One cell holds two rows of the map, as half-blocks in two colours; without colour it holds one, as a shade. Percentiles
are thin lines over it that leave the brightness behind them to be seen. Throughput stands above it, on the same axis.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from textual.content import Content

from perftui.metrics.heat import LEVELS, LINES, HeatMap, columns_of, heat_map, tick_times, time_label
from perftui.model.record import ObjectiveResult
from perftui.model.units import format_count
from perftui.report.axes import round_up
from perftui.tui.widgets.cells import Drawing, Text, fit, join, paint
from perftui.tui.widgets.chart import Line, chart_rows, columns, runs, time_axis
from perftui.tui.widgets.objectives import limit_of, limit_text, verdict_glyph
from perftui.tui.widgets.picture import LivePicture, Palette
from perftui.tui.widgets.time_ticks import time_ticks
from perftui.tui.widgets.trend import peak

_GUTTER = 6
_NAMES = 5
"""Cells on the right for the names of the lines."""
_NATURAL = 18
_TITLED = 64
"""Cells from which the title names throughput, too."""
_LINES: dict[str, tuple[str, str]] = {
    "p50": ("─", "$line-p50"),
    "p95": ("╌", "$line-p95"),
    "p99": ("┈", "$line-p99"),
}
_OTHER = {"goal": ("·", "$foreground"), "cursor": ("│", "$accent")}
_SHADES = " ░▒▓█"
_DOTTED = 3
_BRIGHT = 5
"""From this level on a light line would not be seen."""


def draw_heat(picture: LivePicture, width: int, height: int) -> Drawing:
    """Throughput as a strip, the map or its lines alone, the time axis."""
    inner = height or _NATURAL
    room = max(1, width - _GUTTER - _NAMES)
    strip = 0 if inner < 8 else 1 if inner < 12 else min(6, inner // 6)
    rows = max(1, inner - strip - 2)
    axis, labels = time_axis(*picture.axis_s, room, time_ticks(picture))
    goal = objective_of_time(picture.objectives)
    goal_us = _goal_us(goal)
    found = columns_of(picture.densities, *picture.axis_s, room)
    drawn = heat_map(found, rows * (1 if picture.palette == "none" else 2), shown_us=goal_us)
    if drawn is None:
        body = [_gutter("") + Content(" " * room)] * rows
        body[rows // 2] = _gutter("") + fit(paint("no ok answers yet", "$quiet"), room)
    else:
        body = _map_rows(picture, drawn, rows, goal_us)
    lines: list[Text] = [
        *_strip(picture, room, strip),
        *body,
        fit("", _GUTTER - 1) + paint("┼", "$panel-border") + axis,
        fit("", _GUTTER) + labels,
    ]
    return Drawing(
        lines,
        title="Response time, ms" + (", and throughput" if strip and width >= _TITLED else ""),
        note=_legend(goal),
        status=_scale(picture, drawn),
        tone="$error" if goal is not None and goal.verdict == "fail" else "$panel-border",
    )


def objective_of_time(results: Sequence[ObjectiveResult]) -> ObjectiveResult | None:
    """The objective that is drawn: the first one about the response time of all operations."""
    return next((one for one in results if one.metric.startswith("response_time.") and not one.operation), None)


def _goal_us(goal: ObjectiveResult | None) -> float:
    limit = limit_of(goal.target or goal.critical, goal.metric) if goal is not None else None
    return limit.value * 1e3 if limit is not None else 0.0


def _gutter(label: str) -> Content:
    return fit(paint(label, "$quiet"), _GUTTER - 1, right=True) + paint("┤" if label else "│", "$panel-border")


def _strip(picture: LivePicture, room: int, rows: int) -> list[Content]:
    """Ok per second as columns, the asked rate dotted, the baseline as a ghost."""
    if not rows:
        return []
    attained = columns(picture.attained, *picture.axis_s, room)
    asked = columns(picture.asked, *picture.axis_s, room) if picture.is_open else [None] * room
    ghost = columns(picture.baseline, *picture.axis_s, room)
    top = round_up(max(peak(attained), peak(asked), peak(ghost)) * 1.02)
    plot = chart_rows(
        attained,
        ((asked, Line((), "┈", "$foreground 70%")), (ghost, Line((), "╌", "$series-2"))),
        rows,
        top,
        "$series-1",
    )
    return [
        _gutter("" if number else format_count(top)) + row + fit(paint("" if number else " ok/s", "$quiet"), _NAMES)
        for number, row in enumerate(plot)
    ]


def _map_rows(picture: LivePicture, drawn: HeatMap, rows: int, goal_us: float) -> list[Content]:
    """The map from its slow end down, with the lines over it, the axis left and the names right."""
    scale = _Scale(drawn, rows)
    over, names = _lines_over(picture, scale, goal_us)
    ticks = {scale.row_of(us): time_label(us) for us in tick_times(drawn.low_us, drawn.high_us, max(2, rows * 2 // 3))}
    none: Sequence[int] = [0] * drawn.rows
    levels = [none if picture.lines_only else column or none for column in drawn.levels]
    found = []
    for row in range(rows):
        low = (rows - 1 - row) * scale.per_cell
        halves = [(column[low + scale.per_cell - 1], column[low]) for column in levels]
        cells = [
            _cell(picture.palette, above, below, over.get((row, place), ""))
            for place, (above, below) in enumerate(halves)
        ]
        name = names.get(row, "")
        style = _LINES[name][1] if name in _LINES else "$quiet"
        found.append(
            _gutter(ticks.get(row, "")) + Content.assemble(*runs(cells)) + fit(paint(f" {name}", style), _NAMES)
        )
    return found


class _Scale:
    """Where times stand in rows of cells, of which the uppermost is 0."""

    def __init__(self, drawn: HeatMap, rows: int) -> None:
        self.drawn = drawn
        self.rows = rows
        self.per_cell = drawn.rows // rows

    def row_of(self, us: float) -> int:
        return self.rows - 1 - math.floor(self.drawn.row_of(us) / self.per_cell)

    def row_within(self, us: float) -> int:
        """The same for a time that is on the map, or just beyond its quick end."""
        return min(self.rows - 1, max(0, self.row_of(us)))


def _lines_over(
    picture: LivePicture, scale: _Scale, goal_us: float
) -> tuple[dict[tuple[int, int], str], dict[int, str]]:
    """What is drawn over which cell (by row and column), and the name that stands right of a row."""
    over: dict[tuple[int, int], str] = {}
    last: dict[str, float] = {}
    columns = scale.drawn.columns
    cursor = -1
    if picture.cursor_s is not None:
        start_s, end_s = picture.axis_s
        cursor = math.ceil((picture.cursor_s - start_s) / (end_s - start_s) * len(columns)) - 1
        over |= {(row, cursor): "cursor" for row in range(scale.rows)}
    goal_row = scale.row_of(goal_us) if goal_us else -1
    over |= {(goal_row, place): "goal" for place in range(len(columns))}
    for place, column in enumerate(columns):
        if column is None:
            continue
        lines = column.lines_us()
        # without colour a line hides the shade behind it: it is dotted
        if picture.palette != "none" or picture.lines_only or place % _DOTTED == 0:
            over |= {(scale.row_within(us), place): name for name, us in lines.items()}
        if cursor < 0 or place <= cursor:
            last |= lines
    names = {goal_row: "goal"} | {scale.row_within(last[name]): name for name, _, _ in LINES if name in last}
    return over, names


def _cell(palette: Palette, above: int, below: int, line: str) -> tuple[str, str]:
    """Glyph and style of a cell: a line over the brighter of its halves, or both halves."""
    most = max(above, below)
    if line and not (palette == "none" and most and line == "goal"):
        glyph, style = _LINES.get(line) or _OTHER[line]
        if palette == "none" or not most:
            return glyph, style
        return glyph, f"{'$background' if most >= _BRIGHT else style} on {_colour(palette, most)}"
    if palette == "none":
        return _SHADES[-(-most * 4 // LEVELS)], ""
    if above == below:
        return (" ", f"on {_colour(palette, most)}") if most else (" ", "")
    if not below:
        return "▀", _colour(palette, above)
    if not above:
        return "▄", _colour(palette, below)
    return "▀", f"{_colour(palette, above)} on {_colour(palette, below)}"


def _colour(palette: Palette, level: int) -> str:
    return f"$heat-of-16-{level}" if palette == "16" else f"$heat-{level}"


def _legend(goal: ObjectiveResult | None) -> Content:
    pieces = [paint(glyph, style) + Content(f" {name}") for name, (glyph, style) in _LINES.items()]
    if goal is not None:
        name = goal.metric.removeprefix("response_time.").replace("p99_9", "p99.9")
        pieces.append(
            paint(*_OTHER["goal"])
            + Content(f" {name} {limit_text(goal.target or goal.critical, goal.metric)} ")
            + verdict_glyph(goal.verdict)
        )
    return join(pieces, "  ")


def _scale(picture: LivePicture, drawn: HeatMap | None) -> Content:
    """What the colours stand for."""
    if drawn is None or picture.lines_only:
        return Content("h: heat map") if picture.lines_only else Content("")
    if picture.palette == "none":
        ramp = Content(_SHADES[1:])
    else:
        ramp = Content.assemble(*runs([("█", _colour(picture.palette, level)) for level in range(1, LEVELS + 1)]))
    return Content("answers/s  1 ") + ramp + Content(f" {format_count(drawn.top_per_s)}")
