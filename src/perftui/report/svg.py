"""Plots as inline SVG: lines over a y axis from zero, readable in print, with a legend and labelled axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from html import escape
from typing import Literal
from xml.sax.saxutils import quoteattr

from msgspec import Struct

from perftui.model.units import format_clock, format_count

_WIDTH = 720
_HEIGHT = 220
_LEFT = 56
_RIGHT = 12
_TOP = 14
_BOTTOM = 26
_MOST_POINTS = 720
_CLOCK_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400)

Css = Literal["a", "b", "c", "q"]
"""Class of the style sheet: a colour with a dash pattern of its own."""


class Line(Struct, frozen=True, kw_only=True):
    """One line. A y that is not finite leaves a gap."""

    label: str
    points: Sequence[tuple[float, float]]
    css: Css = "a"


def svg_plot(
    title: str,
    lines: Sequence[Line],
    *,
    unit: str,
    x_ticks: Sequence[tuple[float, str]] | None = None,
    marks: Sequence[tuple[float, str]] = (),
    limit: float | None = None,
) -> str:
    """A figure with its caption.

    Args:
        title: Caption.
        lines: By ascending x.
        unit: Stands in the caption.
        x_ticks: Places and labels on the x axis; default: clock times of the x, which are seconds.
        marks: Vertical lines with a word.
        limit: A horizontal line, such as an objective's.
    """
    finite = [point for line in lines for point in line.points if math.isfinite(point[1])]
    if not finite:
        return ""
    low, high = min(x for x, _ in finite), max(x for x, _ in finite)
    high = high if high > low else low + 1
    top = round_up(max(*(y for _, y in finite), limit or 0.0))

    def x_of(x: float) -> str:
        return f"{_LEFT + (x - low) / (high - low) * (_WIDTH - _LEFT - _RIGHT):.1f}"

    def y_of(y: float) -> str:
        return f"{_HEIGHT - _BOTTOM - min(y, top) / top * (_HEIGHT - _TOP - _BOTTOM):.1f}"

    parts = [f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label={quoteattr(title)}>']
    for step in range(5):
        y = top * step / 4
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y_of(y)}" y2="{y_of(y)}"/>')
        parts.append(f'<text class="y" x="{_LEFT - 6}" y="{y_of(y)}" dy="4">{format_count(y)}</text>')
    for x, label in x_ticks if x_ticks is not None else _clock_ticks(low, high):
        if low <= x <= high:
            place = "start" if x == low else "end" if x == high else "middle"
            parts.append(
                f'<text class="x" text-anchor="{place}" x="{x_of(x)}" y="{_HEIGHT - 8}">{escape(label)}</text>'
            )
    for x, label in marks:
        if low <= x <= high:
            parts.append(f'<line class="mark" x1="{x_of(x)}" x2="{x_of(x)}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>')
            parts.append(f'<text class="markword" x="{x_of(x)}" y="{_TOP - 3}">{escape(label)}</text>')
    if limit is not None:
        parts.append(f'<line class="limit" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y_of(limit)}" y2="{y_of(limit)}"/>')
    for line in lines:
        for piece in _pieces(line.points):
            path = " ".join(f"{x_of(x)},{y_of(y)}" for x, y in piece)
            parts.append(f'<polyline class="line {line.css}" points="{path}"/>')
    parts.append("</svg>")
    legend = "".join(
        f'<span class="key"><svg viewBox="0 0 24 8"><line class="line {line.css}" x1="0" x2="24" y1="4" y2="4"/></svg>'
        f"{escape(line.label)}</span>"
        for line in lines
    )
    caption = f"<figcaption><b>{escape(title)}</b>, {escape(unit)} {legend}</figcaption>"
    return f"<figure>{caption}{''.join(parts)}</figure>"


def _clock_ticks(low: float, high: float) -> list[tuple[float, str]]:
    """Round moments, six at most."""
    step = next((step for step in _CLOCK_STEPS if (high - low) / step <= 6), _CLOCK_STEPS[-1])
    first = math.ceil(low / step)
    return [(at * step, format_clock(at * step)) for at in range(first, math.floor(high / step) + 1)]


def _pieces(points: Sequence[tuple[float, float]]) -> list[list[tuple[float, float]]]:
    """Points between gaps; of many, the lowest and highest of each bucket."""
    size = max(1, math.ceil(len(points) / (_MOST_POINTS / 2)))
    pieces: list[list[tuple[float, float]]] = [[]]
    for start in range(0, len(points), size):
        bucket = [point for point in points[start : start + size] if math.isfinite(point[1])]
        if len(bucket) < len(points[start : start + size]):
            pieces.append([])
        if bucket:
            ends = {min(bucket, key=lambda point: point[1]), max(bucket, key=lambda point: point[1])}
            pieces[-1].extend(sorted(ends))
    return [piece for piece in pieces if piece]


def round_up(value: float) -> float:
    """The next round number at or above a value."""
    if value <= 0:
        return 1.0
    scale = 10.0 ** math.floor(math.log10(value))
    return next(
        step * scale for step in (1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10, 20) if value <= step * scale * (1 + 1e-9)
    )
