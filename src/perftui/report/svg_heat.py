"""The heat map of response times as a figure: the same map that the screens draw."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

from perftui.metrics.heat import LEVELS, LINES, HeatMap, Interval, columns_of, heat_map, tick_times, time_label
from perftui.model.units import format_clock, format_count
from perftui.report.svg import (
    BOTTOM,
    LEFT,
    WIDTH,
    Css,
    DrawnHeat,
    DrawnLine,
    Figure,
    Line,
    Mark,
    hover_json,
    placed_marks,
    x_axis,
    x_scale,
)

_ROWS = 48
_MOST_COLUMNS = 200
_HEIGHT = 300
_RIGHT = WIDTH - 12
_MOST_TICKS = 9
_CSS: dict[str, Css] = {"p50": "p50", "p95": "p95", "p99": "p99"}


def heat_figure(
    intervals: Sequence[Interval], end_s: float, *, marks: Sequence[Mark] = (), goal_ms: float = 0.0
) -> Figure | None:
    """The map from the start of the run to its end; None when nothing was answered.

    Args:
        intervals: as of Timeline.densities.
        end_s: end of the time axis.
        marks: vertical lines with a word.
        goal_ms: the objective, as a line; 0: none.
    """
    width = max(1, min(_MOST_COLUMNS, math.ceil(end_s)))
    drawn = heat_map(columns_of(intervals, 0.0, end_s, width), _ROWS, shown_us=goal_ms * 1e3)
    if drawn is None:
        return None
    x_of = x_scale(0.0, end_s)
    placed, rows = placed_marks([mark for mark in marks if 0 <= mark[0] <= end_s], x_of)
    top = 14.0 + max(0, rows - 1) * 12
    height = _HEIGHT + top - 14

    def y_of(us: float) -> float:
        return height - BOTTOM - drawn.row_of(us) / drawn.rows * (height - top - BOTTOM)

    middles = [(place + 0.5) * end_s / width for place in range(width)]
    times = [column.lines_us() if column is not None else {} for column in drawn.columns]
    lines = [Line(label=name, points=(), css=_CSS[name]) for name, _, _ in LINES]
    answers = [
        column.density.sum() / column.seconds if column is not None and column.seconds else math.nan
        for column in drawn.columns
    ]
    return Figure(
        title="Response time",
        unit="ms, every answer" + (" · dashed: the objective" if 0 <= drawn.row_of(goal_ms * 1e3) < drawn.rows else ""),
        y_ticks=[(f"{y_of(us):.1f}", time_label(us)) for us in tick_times(drawn.low_us, drawn.high_us, _MOST_TICKS)],
        x_ticks=x_axis(0.0, end_s, None, x_of),
        lines=[DrawnLine(_CSS[name], _stretches(times, name, middles, x_of, y_of)) for name, _, _ in LINES],
        legend=lines,
        hover=hover_json(
            middles,
            x_of,
            format_clock,
            [
                *((name, [found.get(name, math.nan) / 1e3 for found in times]) for name, _, _ in LINES),
                ("answers/s", answers),
            ],
        ),
        marks=placed,
        limit_y=f"{y_of(goal_ms * 1e3):.1f}" if 0 <= drawn.row_of(goal_ms * 1e3) < drawn.rows else "",
        heat=DrawnHeat(
            levels=_paths(drawn),
            x_scale=f"{(_RIGHT - LEFT) / width:.4f}",
            y_scale=f"{(height - top - BOTTOM) / drawn.rows:.4f}",
            top=format_count(drawn.top_per_s),
        ),
        top=top,
        height=height,
    )


def _stretches(
    times: Sequence[Mapping[str, float]],
    name: str,
    middles: Sequence[float],
    x_of: Callable[[float], str],
    y_of: Callable[[float], float],
) -> list[str]:
    """A percentile as polylines, broken where nothing was answered."""
    pieces: list[list[str]] = [[]]
    for found, at_s in zip(times, middles, strict=True):
        if name in found:
            pieces[-1].append(f"{x_of(at_s)},{y_of(found[name]):.1f}")
        elif pieces[-1]:
            pieces.append([])
    return [" ".join(piece if len(piece) > 1 else piece * 2) for piece in pieces if piece]


def _paths(drawn: HeatMap) -> list[str]:
    """One path for each level: every stretch of rows of a column that has it, as a rectangle."""
    pieces: list[list[str]] = [[] for _ in range(LEVELS)]
    for place, levels in enumerate(drawn.levels):
        row = 0
        while row < len(levels):
            level, first = levels[row], row
            while row < len(levels) and levels[row] == level:
                row += 1
            if level:
                pieces[level - 1].append(f"M{place} {drawn.rows - row}h1v{row - first}h-1z")
    return ["".join(piece) for piece in pieces]
