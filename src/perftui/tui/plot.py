"""A line plot as a widget: drawn by report.plots in the theme's colours, only when data or size change."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from textual.content import Content
from textual.widget import Widget

if TYPE_CHECKING:
    from perftui.report.plots import Series

_ESCAPE = re.compile(r"\x1b\[([0-9;]*)m")
_STYLES = {
    "38;5;12": "$series-1",
    "38;5;11": "$series-2",
    "38;5;13": "$series-3",
    "38;5;8": "$quiet",
    "38;5;10": "$success",
    "38;5;9": "$error",
}


class Plot(Struct, frozen=True, kw_only=True):
    """What is drawn; x and y as in report.plots."""

    series: tuple[Series, ...]
    unit: str = ""
    marks: tuple[float, ...] = ()
    x_range: tuple[float, float] | None = None
    x_ticks: tuple[tuple[float, str], ...] | None = None


class PlotView(Widget):
    """Shows a plot, or a few words while there is none."""

    DEFAULT_CSS = """
    PlotView { height: 1fr; text-wrap: nowrap; }
    """

    def __init__(self, id: str | None = None, *, classes: str | None = None, empty: str = "") -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, classes=classes)
        self._plot: Plot | None = None
        self._empty = empty
        self._drawn: tuple[tuple[int, int], Content] | None = None

    def show(self, plot: Plot | None, empty: str = "") -> None:
        """Draw another plot; None shows the words."""
        self._plot, self._empty, self._drawn = plot, empty or self._empty, None
        self.refresh()

    def render(self) -> Content:
        """The plot at the widget's size."""
        size = (self.size.width, self.size.height)
        if self._drawn is None or self._drawn[0] != size:
            self._drawn = (size, self._draw(*size))
        return self._drawn[1]

    def _draw(self, width: int, height: int) -> Content:
        plot = self._plot
        if plot is None or not any(series.points for series in plot.series):
            return Content.styled(self._empty, "$quiet")
        from perftui.report.plots import line_plot

        text = line_plot(
            plot.series, width, height, unit=plot.unit, marks=plot.marks, x_range=plot.x_range, x_ticks=plot.x_ticks,
            legend=True,
        )  # fmt: skip
        return themed(text)


def themed(text: str) -> Content:
    """Text with the colour codes of report.plots, in the theme's colours instead."""
    pieces: list[tuple[str, str]] = []
    style = ""
    for position, part in enumerate(_ESCAPE.split(text)):
        if position % 2:
            style = _STYLES.get(part, "")
        elif part:
            pieces.append((part, style))
    return Content.assemble(*pieces)


def log_tail(quantile: float) -> float:
    """Where a quantile stands on the axis of a percentile curve: every nine takes as much room as the one before."""
    from math import log10

    return -log10(max(1e-6, 1.0 - quantile))


PERCENTILE_TICKS: tuple[tuple[float, str], ...] = tuple(
    (log_tail(quantile), name) for quantile, name in ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"))
)
Points = Sequence[tuple[float, float]]
Curve = Callable[[str], Points]


def percentile_points(curve: Points) -> tuple[tuple[float, float], ...]:
    """Quantiles and times as points of a plot."""
    return tuple((log_tail(quantile), value) for quantile, value in curve)
