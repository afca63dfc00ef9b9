"""Figures as data for inline SVG: lines over a y axis, readable in print, with a legend and labelled axes."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from typing import Literal

from msgspec import Struct

from perftui.model.units import format_clock, format_count
from perftui.report.axes import QUARTERED, clock_ticks, extremes, round_up

WIDTH = 720
_HEIGHT = 220
LEFT = 56
_RIGHT = 12
_TOP = 14
BOTTOM = 26
_MOST_POINTS = 720
_AT_END = 0.02
"""Of the x axis: a label in the middle of a tick that near to its end would be cut."""
_LETTER = 6.2
"""Width of a letter of the marks' words."""
_MOST_ROWS = 3
_ROW = 12
_APART = 100.0
"""How many times the least value the largest is, from which the least would lie on an axis that begins at 0."""

Css = Literal["a", "b", "c", "d", "e", "f", "q", "p50", "p95", "p99"]
"""Class of the style sheet: a colour with a dash pattern of its own."""
Mark = tuple[float, str]


class Line(Struct, frozen=True, kw_only=True):
    """One line. A y that is not finite leaves a gap."""

    label: str
    points: Sequence[tuple[float, float]]
    css: Css = "a"


class DrawnLine(Struct, frozen=True):
    """The pieces of a line between its gaps, as points of a polyline."""

    css: Css
    pieces: Sequence[str]


class DrawnText(Struct, frozen=True, kw_only=True):
    """A word on an axis or at a mark."""

    x: str
    label: str
    anchor: str = "middle"
    y: float = 0.0


class DrawnHeat(Struct, frozen=True, kw_only=True):
    """The fields of a heat map: one path for each level, in columns and rows."""

    levels: Sequence[str]
    x_scale: str
    y_scale: str
    top: str


class Figure(Struct, frozen=True, kw_only=True):
    """Everything a figure's template draws."""

    title: str
    unit: str
    y_ticks: Sequence[tuple[str, str]]
    x_ticks: Sequence[DrawnText]
    lines: Sequence[DrawnLine]
    legend: Sequence[Line]
    hover: str
    """JSON: x of each place, its name, and per line a label and a value for each place."""
    marks: Sequence[DrawnText] = ()
    limit_y: str = ""
    heat: DrawnHeat | None = None
    top: float = _TOP
    height: float = _HEIGHT
    width: float = WIDTH
    left: float = LEFT
    right: float = WIDTH - _RIGHT

    @property
    def bottom(self) -> float:
        """The x axis."""
        return self.height - BOTTOM


class _Axis(Struct, frozen=True):
    """The y axis: its ticks, and which share of its height a value has."""

    ticks: Sequence[float]
    share_of: Callable[[float], float]
    is_logarithmic: bool = False


def line_figure(
    title: str,
    lines: Sequence[Line],
    *,
    unit: str,
    x_ticks: Sequence[tuple[float, str]] | None = None,
    marks: Sequence[Mark] = (),
    limit: float | None = None,
    whole: bool = False,
    wide: bool = False,
    x_name: Callable[[float], str] = format_clock,
) -> Figure | None:
    """A plot of lines; None when there is nothing to draw.

    Args:
        title: Caption.
        lines: By ascending x.
        unit: Stands in the caption.
        x_ticks: Places and labels on the x axis; default: clock times of the x, which are seconds.
        marks: Vertical lines with a word.
        limit: A horizontal line, such as an objective's.
        whole: The y axis counts things: it has no fractions.
        wide: The lines may be orders of magnitude apart: where they are, the y axis is logarithmic.
        x_name: Names a place on the x axis.
    """
    finite = [point for line in lines for point in line.points if math.isfinite(point[1])]
    if not finite:
        return None
    low, high = min(x for x, _ in finite), max(x for x, _ in finite)
    high = high if high > low else low + 1
    axis = (_decades([y for _, y in finite]) if wide else None) or _even(
        max(*(y for _, y in finite), limit or 0.0), whole=whole
    )
    x_of = x_scale(low, high)
    drawn_marks, mark_rows = placed_marks([mark for mark in marks if low <= mark[0] <= high], x_of)
    upper = _TOP + max(0, mark_rows - 1) * _ROW
    height = _HEIGHT + upper - _TOP

    def y_of(y: float) -> str:
        return f"{height - BOTTOM - min(1.0, axis.share_of(y)) * (height - upper - BOTTOM):.1f}"

    return Figure(
        title=title,
        unit=f"{unit}, logarithmic" if axis.is_logarithmic else unit,
        y_ticks=[(y_of(tick), format_count(tick)) for tick in axis.ticks],
        x_ticks=x_axis(low, high, x_ticks, x_of),
        lines=[
            DrawnLine(line.css, [_polyline([(x_of(x), y_of(y)) for x, y in piece]) for piece in _pieces(line.points)])
            for line in lines
        ],
        legend=lines,
        hover=_hover(lines, x_of, x_name),
        marks=drawn_marks,
        limit_y=y_of(limit) if limit is not None else "",
        top=upper,
        height=height,
    )


def x_scale(low: float, high: float) -> Callable[[float], str]:
    """Where an x stands."""
    return lambda x: f"{LEFT + (x - low) / (high - low) * (WIDTH - LEFT - _RIGHT):.1f}"


def x_axis(
    low: float, high: float, ticks: Sequence[tuple[float, str]] | None, x_of: Callable[[float], str]
) -> list[DrawnText]:
    """The labels of the x axis, those at its ends within it."""
    at_end = high - _AT_END * (high - low)
    return [
        DrawnText(x=x_of(x), label=label, anchor="start" if x == low else "end" if x > at_end else "middle")
        for x, label in (ticks if ticks is not None else clock_ticks(low, high))
        if low <= x <= high
    ]


def placed_marks(marks: Sequence[Mark], x_of: Callable[[float], str]) -> tuple[list[DrawnText], int]:
    """Marks with their words in rows, so that none is printed over another; a word without room is left out.

    Returns:
        The marks, and how many rows their words take.
    """
    ends = [-math.inf] * _MOST_ROWS
    found: list[tuple[float, int | None, str, str]] = []
    for at, label in sorted(marks):
        x = float(x_of(at))
        room = len(label) * _LETTER / 2
        anchor = "end" if x + room > WIDTH else "start" if x - room < LEFT else "middle"
        left = x - {"end": 2 * room, "start": 0.0, "middle": room}[anchor]
        row = next((number for number, end in enumerate(ends) if left > end + _LETTER), None)
        if row is not None:
            ends[row] = left + 2 * room
        found.append((x, row, label, anchor))
    rows = max((row + 1 for _, row, _, _ in found if row is not None), default=0)
    return [
        DrawnText(
            x=f"{x:.1f}", label=label if row is not None else "", anchor=anchor,
            y=_TOP + (rows - 1 - (row if row is not None else 0)) * _ROW,
        )
        for x, row, label, anchor in found
    ], rows  # fmt: skip


def _even(highest: float, *, whole: bool) -> _Axis:
    """From 0 to a round number, in at most four steps."""
    steps, top = 4, round_up(highest, QUARTERED)
    if whole:
        most = max(1, math.ceil(highest))
        steps = min(4, most)
        top = float(steps * math.ceil(round_up(most, QUARTERED) / steps)) if most > 4 else float(most)
    return _Axis([top * step / steps for step in range(steps + 1)], lambda y: y / top)


def _decades(values: Sequence[float]) -> _Axis | None:
    """Powers of ten around values of very different size; None where one axis from 0 shows them all."""
    positive = [value for value in values if value > 0]
    if not positive or max(positive) < _APART * min(positive):
        return None
    low, high = math.floor(math.log10(min(positive))), math.ceil(math.log10(max(positive)))
    ticks = [10.0**power for power in range(low, high + 1)]
    return _Axis(ticks, lambda y: (math.log10(max(y, ticks[0])) - low) / (high - low), is_logarithmic=True)


def _polyline(points: Sequence[tuple[str, str]]) -> str:
    """A single point is drawn as a dot: a line of no length with round ends."""
    return " ".join(f"{x},{y}" for x, y in (points if len(points) > 1 else [*points, *points]))


def _hover(lines: Sequence[Line], x_of: Callable[[float], str], x_name: Callable[[float], str]) -> str:
    places = sorted({x for line in lines for x, _ in line.points})
    places = places[:: max(1, -(-len(places) // _MOST_POINTS))]
    known = [(line.label, dict(line.points)) for line in lines]
    return hover_json(
        places, x_of, x_name, [(label, [points.get(x, math.nan) for x in places]) for label, points in known]
    )


def hover_json(
    places: Sequence[float],
    x_of: Callable[[float], str],
    x_name: Callable[[float], str],
    lines: Sequence[tuple[str, Sequence[float]]],
) -> str:
    """What the script shows at each place."""
    shown = [
        (label, [f"{value:,.4g}" if math.isfinite(value) else None for value in values]) for label, values in lines
    ]
    document = {"xs": [float(x_of(x)) for x in places], "names": [x_name(x) for x in places], "lines": shown}
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"))


def _pieces(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Points between gaps; of many, the lowest and highest of each bucket."""
    size = max(1, math.ceil(len(points) / (_MOST_POINTS / 2)))
    pieces: list[list[tuple[float, float]]] = [[]]
    for start in range(0, len(points), size):
        bucket = [point for point in points[start : start + size] if math.isfinite(point[1])]
        if len(bucket) < len(points[start : start + size]):
            pieces.append([])
        if bucket:
            pieces[-1].extend(extremes(bucket))
    return [piece for piece in pieces if piece]
