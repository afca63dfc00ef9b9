"""Line plots for the terminal. The only module that touches plotext (its state is global: one thread draws)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import plotext
from msgspec import Struct

from perftui.model.units import format_clock, format_count
from perftui.report.axes import extremes, round_up

Style = Literal["main", "second", "third", "asked", "ghost", "good", "bad"]
"""What a line is; each has a colour and a marker, so that none is told by its colour alone."""

_STYLES: dict[Style, tuple[str, str]] = {
    "main": ("blue+", "hd"),
    "second": ("orange+", "hd"),
    "third": ("magenta+", "hd"),
    "asked": ("gray", "·"),
    "ghost": ("gray", "░"),
    "good": ("green+", "hd"),
    "bad": ("red+", "×"),
}
_KEYS = {"hd": "▞", "braille": "⢕"}
"""What stands for a marker in the legend, where that is not the marker itself."""
_MARK_COLOUR = "orange+"
_LEAST_WIDTH = 12
_LEAST_HEIGHT = 3
_LABEL_WIDTH = 5


class Series(Struct, frozen=True):
    """One line: points by ascending x. A y that is not finite leaves a gap."""

    label: str
    points: Sequence[tuple[float, float]]
    style: Style = "main"


def line_plot(
    series: Sequence[Series],
    width: int,
    height: int,
    *,
    unit: str = "",
    marks: Sequence[float] = (),
    x_range: tuple[float, float] | None = None,
    x_ticks: Sequence[tuple[float, str]] | None = None,
    top: float = 0.0,
    colour: bool = True,
    legend: bool = False,
    braille: bool = False,
) -> str:
    """Lines over a y axis that starts at zero, as `height` lines of `width` cells.

    Args:
        series: Later ones are drawn over earlier ones.
        width: Cells.
        height: Lines, the x axis and the legend included.
        unit: Stands above the y axis, in the legend's line.
        marks: Vertical lines at these x.
        x_range: Ends of the x axis; default: those of the points.
        x_ticks: Places and labels on the x axis; default: its ends and middle as clock times.
        top: The y axis reaches at least this far.
        colour: With ANSI colours, or plain.
        legend: One line above the plot names the lines.
        braille: Finer dots, which some fonts draw badly.

    Returns:
        Lines of equal width; an area too small for axes is left blank.
    """
    if width < _LEAST_WIDTH or height < _LEAST_HEIGHT:
        return "\n".join([" " * max(0, width)] * max(0, height))
    finite = [point for line in series for point in line.points if math.isfinite(point[1])]
    x_low, x_high = x_range or (min((x for x, _ in finite), default=0.0), max((x for x, _ in finite), default=0.0))
    if x_high <= x_low:
        x_high = x_low + 1.0
    highest = round_up(max(top, max((y for x, y in finite if x_low <= x <= x_high), default=0.0)))

    plotext.clear_figure()
    plotext.theme("clear")
    header = [_legend(series, width, unit, colour=colour)] if legend or unit else []
    plotext.limit_size(False, False)  # noqa: FBT003 - the size is ours, not that of the terminal it runs in
    plotext.plotsize(width, height - len(header))
    plotext.xaxes(False, False)  # noqa: FBT003 - plotext's own signature
    plotext.yaxes(True, False)  # noqa: FBT003 - plotext's own signature
    plotext.xlim(x_low, x_high)
    plotext.ylim(0, highest)
    for at in marks:
        if x_low <= at <= x_high:
            plotext.vline(at, _MARK_COLOUR)
    for line in series:
        shade, marker = _STYLES[line.style]
        marker = "braille" if braille and marker == "hd" else marker
        for piece in _pieces(line.points, x_low, x_high, buckets=width):
            xs, ys = [x for x, _ in piece], [y for _, y in piece]
            plotext.plot(xs, ys, marker=marker, color=shade)
    if not finite:
        plotext.plot([x_low, x_high], [0, 0], marker=" ")
    ticks = [0.0, highest / 2, highest] if height >= 6 else [0.0, highest]
    plotext.yticks(ticks, [format_count(tick).rjust(_LABEL_WIDTH) for tick in ticks])
    places = x_ticks if x_ticks is not None else [(x, format_clock(x)) for x in (x_low, (x_low + x_high) / 2, x_high)]
    plotext.xticks([x for x, _ in places], [label for _, label in places])
    drawn: str = plotext.build()
    lines = drawn.rstrip("\n").split("\n")
    if not colour:
        lines = [plotext.uncolorize(line) for line in lines]
    return "\n".join(header + lines)


def _pieces(
    points: Sequence[tuple[float, float]], low: float, high: float, *, buckets: int
) -> list[list[tuple[float, float]]]:
    """The points between gaps, at most two per bucket of x: its lowest and its highest, so that no spike is lost."""
    pieces: list[list[tuple[float, float]]] = [[]]
    for x, y in points:
        if not math.isfinite(y):
            pieces.append([])
        elif low <= x <= high:
            pieces[-1].append((x, y))
    kept = [piece for piece in pieces if piece]
    if sum(map(len, kept)) <= 2 * buckets:
        return kept
    return [_thin(piece, low, (high - low) / buckets) for piece in kept]


def _thin(piece: list[tuple[float, float]], low: float, step: float) -> list[tuple[float, float]]:
    by_bucket: dict[int, list[tuple[float, float]]] = {}
    for point in piece:
        by_bucket.setdefault(int((point[0] - low) / step), []).append(point)
    thinned: list[tuple[float, float]] = []
    for bucket in by_bucket.values():
        thinned.extend(extremes(bucket))
    return thinned


def _legend(series: Sequence[Series], width: int, unit: str, *, colour: bool) -> str:
    parts: list[str] = [unit] if unit else []
    used = len(unit)
    for line in [one for one in series if one.points] or series:
        shade, marker = _STYLES[line.style]
        text = f"{_KEYS.get(marker, marker)} {line.label}"
        if used + len(text) + 2 > width:
            break
        used += len(text) + (2 if parts else 0)
        parts.append(str(plotext.colorize(text, shade)) if colour else text)
    return "  ".join(parts) + " " * max(0, width - used)
