"""Columns of blocks over time, with a dotted line for what was asked and a ghost line for the baseline. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content

from perftui.tui.widgets.cells import fit, paint
from perftui.tui.widgets.trend import BLOCKS

Points = Sequence[tuple[float, float]]
"""Pairs of seconds since the origin and a value, in order of time."""

_BODY = "45%"
"""How much of its colour the area below the edge has."""


@dataclass(frozen=True, slots=True)
class Line:
    """A second series, drawn with one glyph where the columns leave room."""

    points: Points
    glyph: str
    style: str


def columns(points: Points, start_s: float, end_s: float, width: int) -> list[float | None]:
    """The value of each column of cells: the mean of its points, or the point that covers it when there are few."""
    span = end_s - start_s
    if width <= 0 or span <= 0 or not points:
        return [None] * max(0, width)
    sums = [0.0] * width
    counts = [0] * width
    for at_s, value in points:
        cell = int((at_s - start_s) / span * width)
        if 0 <= cell < width:
            sums[cell] += value
            counts[cell] += 1
    found: list[float | None] = [total / count if count else None for total, count in zip(sums, counts, strict=True)]
    step_s = (points[-1][0] - points[0][0]) / (len(points) - 1) if len(points) > 1 else 1.0
    reach = math.ceil(step_s / span * width) if step_s > 0 else 1
    return _hold(found, max(1, reach))


def _hold(found: list[float | None], reach: int) -> list[float | None]:
    """Fill the cells between two points with the earlier one, as far as one step reaches."""
    held: list[float | None] = []
    last: float | None = None
    age = 0
    for value in found:
        last, age = (value, 0) if value is not None else (last, age + 1)
        held.append(last if age < reach else None)
    return held


def chart_rows(
    area: Sequence[float | None],
    lines: Sequence[tuple[Sequence[float | None], Line]],
    height: int,
    top: float,
    style: str,
) -> list[Content]:
    """The plot without axes: columns from zero to `top`, the lines over and beside them.

    Args:
        area: value per column, filled with blocks.
        lines: value per column and how it is drawn; earlier ones win.
        height: rows.
        top: value at the upper edge.
        style: colour of the blocks.
    """
    rows = []
    for number in range(height):
        base = height - 1 - number
        pieces: list[tuple[str, str]] = []
        for column, value in enumerate(area):
            pieces.append(_cell(value, [(values[column], line) for values, line in lines], base, top / height, style))
        rows.append(Content.assemble(*runs(pieces)))
    return rows


def _cell(
    value: float | None, marks: Sequence[tuple[float | None, Line]], base: int, per_row: float, style: str
) -> tuple[str, str]:
    eighths = round((value or 0.0) / per_row * 8)
    filled = min(8, max(0, eighths - base * 8))
    if value and not eighths and base == 0:
        filled = 1
    # the edge carries the meaning: below it the colour stands back
    shade = style if eighths <= (base + 1) * 8 else f"{style} {_BODY}"
    for mark, line in marks:
        if mark is None or mark <= 0:
            continue
        if max(0, math.ceil(mark / per_row - 1e-9) - 1) == base:
            if filled == 0:
                return line.glyph, line.style
            if filled == 8:
                return line.glyph, f"{line.style} on {shade}"
    return (BLOCKS[filled - 1], shade) if filled else (" ", "")


def runs(pieces: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Cells of one style in one piece."""
    found: list[tuple[str, str]] = []
    for glyph, style in pieces:
        if found and found[-1][1] == style:
            found[-1] = (found[-1][0] + glyph, style)
        else:
            found.append((glyph, style))
    return found


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on the time axis."""

    at_s: float
    glyph: str = "┬"
    style: str = "$quiet"
    label: str = ""


def time_axis(start_s: float, end_s: float, width: int, ticks: Sequence[Tick]) -> tuple[Content, Content]:
    """The axis line with its marks, and the line of labels below it; later ticks cover earlier ones."""
    glyphs: list[tuple[str, str]] = [("─", "$panel-border")] * width
    labels: list[tuple[int, str, str]] = []
    span = max(1e-9, end_s - start_s)
    for tick in ticks:
        cell = min(width - 1, int((tick.at_s - start_s) / span * width))
        if cell < 0 or tick.at_s < start_s or tick.at_s > end_s:
            continue
        glyphs[cell] = (tick.glyph, tick.style)
        if tick.label:
            labels.append((cell, tick.label, tick.style))
    return Content.assemble(*runs(glyphs)), _labels(labels, width)


def _labels(labels: Sequence[tuple[int, str, str]], width: int) -> Content:
    line = Content("")
    # the last label (the end of the axis) is the most useful one: its place is kept free
    last = labels[-1] if labels else None
    for cell, text, style in sorted(labels):
        start = min(cell, width - len(text))
        kept = width - len(last[1]) - 1 if last and (cell, text, style) != last else width
        if start < line.cell_length + (1 if line.cell_length else 0) or start + len(text) > kept:
            continue
        line = line.pad_right(start - line.cell_length) + paint(text, style)
    return fit(line, width)
