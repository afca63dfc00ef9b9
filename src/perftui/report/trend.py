"""A metric over many runs: a plot and a table for the terminal, CSV for change-point tools."""

from __future__ import annotations

from datetime import datetime

from perftui.model.objectives import format_value
from perftui.model.rounds import Trend, TrendPoint
from perftui.report.csv_export import write_csv
from perftui.report.plots import Series, line_plot
from perftui.report.tables import Column, table, wrap

WIDTH = 80
_PLOT_HEIGHT = 10
_FEWEST_FOR_PLOT = 3
_MARKS = {"": "", "worse": "✗ worse", "better": "▲ better", "other": "! other"}


def trend_text(trend: Trend, *, colour: bool = False) -> str:
    """The metric of each run, oldest first, with jumps and the baseline marked."""
    what = f"{trend.operation}: {trend.metric}" if trend.operation else trend.metric
    lines = [*wrap(f"{what} of {trend.preset} at {trend.url}", WIDTH, rest="  "), "─" * WIDTH]
    if len(trend.points) >= _FEWEST_FOR_PLOT:
        lines += [_plot(trend, colour=colour), ""]
    columns = [
        Column("run", least=40),  # whole, so that it can be copied; it begins with the time of its start
        Column("value", right=True),
        Column(""),
        Column("label", least=6),
    ]
    rows = [
        [
            point.run_id,
            format_value(point.value, trend.unit),
            _mark(point),
            point.label,
        ]
        for point in trend.points
    ]
    lines += table(columns, rows, width=WIDTH)
    if len(trend.points) >= _FEWEST_FOR_PLOT and trend.median is not None and trend.mad is not None:
        median, distance = format_value(trend.median, trend.unit), format_value(trend.mad, trend.unit)
        spread = f"median {median}, half of the runs within {distance} of it"
        lines += ["", *wrap(spread, WIDTH)]
    if trend.baseline is not None:
        lines.append(f"baseline {format_value(trend.baseline, trend.unit)}")
    for skipped in trend.skipped:
        lines += wrap(f"left out: {skipped}", WIDTH, rest="  ")
    return "\n".join(lines) + "\n"


def trend_csv(trend: Trend) -> str:
    """One row per run, with the moment as seconds since 1970 too, as change-point tools want it."""
    titles = [
        "time",
        "started_at",
        "run",
        "label",
        "metric",
        "operation",
        "unit",
        "value",
        "trust",
        "is_baseline",
        "jump",
    ]
    return write_csv(
        titles,
        [
            [
                int(datetime.fromisoformat(point.started_at).timestamp()) if point.started_at else "",
                point.started_at,
                point.run_id,
                point.label,
                trend.metric,
                trend.operation or "total",
                trend.unit,
                point.value,
                point.trust,
                point.is_baseline,
                point.jump,
            ]
            for point in trend.points
        ],
    )


def _plot(trend: Trend, *, colour: bool) -> str:
    last = len(trend.points) - 1
    scale = 100 if trend.unit == "fraction" else 1
    series = [Series(trend.metric, [(float(at), point.value * scale) for at, point in enumerate(trend.points)])]
    if trend.baseline is not None:
        series.insert(
            0, Series("baseline", [(0.0, trend.baseline * scale), (float(last), trend.baseline * scale)], "asked")
        )
    return line_plot(
        series,
        WIDTH,
        _PLOT_HEIGHT,
        unit={"ms": "ms", "per_s": "/s", "fraction": "%"}[trend.unit],
        marks=[float(at) for at, point in enumerate(trend.points) if point.jump],
        x_ticks=((0.0, "oldest"), (float(last), "newest")),
        legend=True,
        colour=colour,
    )


def _mark(point: TrendPoint) -> str:
    marks = [_MARKS[point.jump], "baseline" if point.is_baseline else "", "" if point.trust == "valid" else point.trust]
    return ", ".join(mark for mark in marks if mark)
