"""Visits of a browser, one by one: a line while they happen, and a table of all of them."""

from __future__ import annotations

from collections.abc import Iterable

from perftui.model.interval import Interval
from perftui.model.record import Record
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


def visits_table(record: Record, visits: list[dict[str, float]]) -> str:
    """A line for each round, then median, minimum and maximum."""
    columns = [Column("round"), *(Column(f"{label}, ms", right=True) for label in _TIMES.values())]
    rows = [
        [str(number), *(format_ms(visit[name]) if name in visit else MISSING for name in _TIMES)]
        for number, visit in enumerate(visits, 1)
    ]
    times = record.summary.total.of_protocol.times_ms
    for title, field in (("median", "p50"), ("least", "min"), ("most", "max")):
        held = [format_ms(getattr(times[name], field)) if name in times else MISSING for name in _TIMES]
        rows.append([title, *held])
    return "\n".join(table(columns, rows, width=WIDTH, indent="  "))
