"""Visits of a browser, one by one: a line while they happen, and a table of all of them."""

from __future__ import annotations

import statistics
from collections.abc import Iterable

from perftui.model.interval import Interval
from perftui.model.units import format_ms
from perftui.report.tables import Column, table
from perftui.report.words import MISSING

WIDTH = 80
_TIMES = {
    "first_paint": "first paint", "page_load": "load", "last_long_task": "last long task", "interactive": "interactive",
}  # fmt: skip


def visits_of(intervals: Iterable[Interval]) -> list[dict[str, float]]:
    """The times of each visit, in ms. A visit takes longer than an interval: none has two."""
    visits = []
    for interval in intervals:
        for cells in interval.cells.values():
            for cell in cells.values():
                found = {name: data.sum_us / data.count / 1e3 for name, data in cell.own_times.items() if data.count}
                if "page_load" in found:
                    visits.append(found)
    return visits


def visit_words(visit: dict[str, float]) -> str:
    """One visit on a line."""
    return ", ".join(f"{label} {format_ms(visit[name])} ms" for name, label in _TIMES.items() if name in visit)


def visits_table(visits: list[dict[str, float]]) -> str:
    """A line for each round, then median, minimum and maximum."""
    columns = [Column("round"), *(Column(f"{label}, ms", right=True) for label in _TIMES.values())]
    rows = [
        [str(number), *(format_ms(visit[name]) if name in visit else MISSING for name in _TIMES)]
        for number, visit in enumerate(visits, 1)
    ]
    seen = {name: [visit[name] for visit in visits if name in visit] for name in _TIMES}
    for title, value_of in (("median", statistics.median), ("least", min), ("most", max)):
        rows.append([title, *(format_ms(value_of(times)) if times else MISSING for times in seen.values())])
    return "\n".join(table(columns, rows, width=WIDTH, indent="  "))
