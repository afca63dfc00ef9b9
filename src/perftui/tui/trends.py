"""A preset's results over time. `read_records` and `trend_of` block: call them in a thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from perftui.model.errors import PerftuiError
from perftui.tui.describe import when_text
from perftui.tui.plot import Plot

if TYPE_CHECKING:
    from perftui.model.record import Record
    from perftui.model.rounds import Trend
    from perftui.report.plots import Style

MOST_RUNS = 200
"""Newest runs that are looked at."""


def read_records(preset: str, progress: Callable[[int, int], None]) -> tuple[Record, ...]:
    """The records of the preset's newest ended runs; what cannot be read is left out, the list of runs says why.

    Args:
        preset: its name.
        progress: called with how many are read, and how many there are.
    """
    from perftui.store.library import RunLibrary
    from perftui.store.records import read_record

    rows = [row for row in RunLibrary().list() if row.preset == preset and row.status in {"finished", "stopped"}]
    records: list[Record] = []
    for number, row in enumerate(rows[:MOST_RUNS], 1):
        try:
            records.append(read_record(row.path))
        except PerftuiError:
            continue
        if number % 20 == 0:
            progress(number, len(rows))
    return tuple(records)


def trend_of(records: tuple[Record, ...], metric: str, operation: str) -> Trend:
    """Where the metric lies and where it jumped, in the runs that can be compared with the newest.

    Raises:
        UsageError: there is nothing to make a trend of.
    """
    from perftui.analysis.trend import trend
    from perftui.store.baselines import get_baseline

    baseline = get_baseline(records[0].plan) if records else None
    return trend(records, metric, operation, baseline_id=baseline or "")


def trend_plot(found: Trend) -> Plot:
    """One point per run, the median and the baseline as lines, a mark at every jump."""
    from perftui.report.plots import Series

    scale = 100.0 if found.unit == "fraction" else 1.0
    points = tuple((float(place), point.value * scale) for place, point in enumerate(found.points))
    last = max(1.0, float(len(points) - 1))
    series = [Series("each run", points, "main")]
    lines: tuple[tuple[str, float | None, Style], ...] = (
        ("baseline", found.baseline, "asked"),
        ("median", found.median, "ghost"),
    )
    for label, value, style in lines:
        if value is not None:
            series.insert(0, Series(label, tuple((last * step / 100, value * scale) for step in range(101)), style))
    places = sorted({0, len(points) // 2, len(points) - 1}) if points else []
    return Plot(
        series=tuple(series),
        unit={"ms": "ms", "fraction": "%", "per_s": "per s"}[found.unit],
        marks=tuple(float(place) for place, point in enumerate(found.points) if point.jump == "worse"),
        x_range=(0.0, last),
        x_ticks=tuple((float(place), when_text(found.points[place].started_at)) for place in places),
    )
