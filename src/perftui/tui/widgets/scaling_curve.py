"""A scaling test: throughput and efficiency against the level, the law through them, a line for each level. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from perftui.analysis.scaling import TARGET
from perftui.model.scaling import Scaling, ScalingLevel
from perftui.model.units import format_count
from perftui.report.scaling import law_lines, row_of
from perftui.report.tables import wrap
from perftui.tui.widgets.cells import Column, Drawing, Text, fit, header, join, paint, row

if TYPE_CHECKING:
    from perftui.report.plots import Series

_PLOT_LINES = 8
_LEAST_PLOT = 24
_COLUMNS = (
    Column("ok/s", 8),
    Column("efficiency", 10),
    Column("by the law", 10),
    Column("p95 ms", 7),
    Column("errors", 6),
    Column("", 1, right=False),
)
_MARKS = {"pass": ("✓", "bold $success"), "warn": ("!", "bold $warning"), "fail": ("✗", "bold $error")}


def draw_scaling(scaling: Scaling, width: int, height: int) -> Drawing:
    """Both curves beside each other, below them a line for each level, and what the law says.

    Args:
        scaling: as far as it is known.
        width: cells.
        height: lines; 0: as many as there are.
    """
    law = [paint(part, "$quiet") for line in law_lines(scaling) for part in wrap(line, width)]
    lines: list[Text] = []
    if len(scaling.levels) > 1 and width >= 2 * _LEAST_PLOT:
        room = height - 1 - len(scaling.levels) - len(law) if height else _PLOT_LINES
        lines += _curves(scaling, width, max(5, min(_PLOT_LINES, room)))
    if not scaling.levels:
        lines.append(paint("no level was measured yet", "$quiet"))
    else:
        columns = (Column(scaling.of, 8), *_COLUMNS)
        lines += [header(columns), *(_row(level, columns) for level in scaling.levels), *law]
    return Drawing(lines[:height] if height else lines, title="Scaling", status=_status(scaling), note="ok/s by level")


def _status(scaling: Scaling) -> str:
    if not scaling.levels:
        return ""
    last = scaling.levels[-1]
    words = f"{last.efficiency * 100:.0f} % efficient at {last.level:,.6g}"
    return f"{words} · peak at {scaling.peak.value:,.3g}" if scaling.peak is not None else words


def _curves(scaling: Scaling, width: int, height: int) -> list[Text]:
    from perftui.report.plots import Series

    half = (width - 2) // 2
    at = [math.log2(level.level) for level in scaling.levels]
    measured = [level.throughput_per_s for level in scaling.levels]
    by_law = [level.predicted_per_s if level.predicted_per_s is not None else math.nan for level in scaling.levels]
    efficiency = [level.efficiency * 100 for level in scaling.levels]
    wanted = [TARGET * 100] * len(at)
    law = [Series("the law", list(zip(at, by_law, strict=True)), "asked")] if scaling.contention is not None else []
    left = _plot(scaling, [*law, Series("measured", list(zip(at, measured, strict=True)))], "ok/s", half, height)
    right = _plot(
        scaling,
        [
            Series(f"{TARGET * 100:.0f} % wanted", list(zip(at, wanted, strict=True)), "asked"),
            Series("efficiency", list(zip(at, efficiency, strict=True)), "second"),
        ],
        "%",
        half,
        height,
    )
    return [join((fit(one, half), other), "  ") for one, other in zip(left, right, strict=True)]


def _plot(scaling: Scaling, series: Sequence[Series], unit: str, width: int, height: int) -> list[Content]:
    from perftui.report.plots import line_plot
    from perftui.tui.plot import themed

    ticks = [(math.log2(level.level), format_count(level.level)) for level in scaling.levels]
    text = line_plot(series, width, height, unit=unit, x_ticks=ticks, legend=True)
    return themed(text).split("\n", allow_blank=True)[:height]


def _row(level: ScalingLevel, columns: Sequence[Column]) -> Text:
    mark, style = _MARKS.get(level.verdict, ("", "$quiet"))
    return row(columns, (*row_of(level), paint(mark, style)))
