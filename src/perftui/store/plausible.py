"""Numbers of a file from elsewhere that could not have been measured: refused before anything adds them up."""

from __future__ import annotations

from collections.abc import Iterable

from perftui.metrics.sparse import Sparse
from perftui.model.errors import UsageError
from perftui.model.interval import Cell, Counts, HistogramData, Interval
from perftui.model.record import Record

MOST = 2**53
"""Larger whole numbers are not exact in JSON."""


def check_plausible(record: Record, intervals: Iterable[Interval], source: str) -> None:
    """Refuse counts that are negative or absurd, and histograms that do not hold what they say.

    Raises:
        UsageError: the file was damaged or made up.
    """
    stats = [record.summary.total, *record.summary.operations.values(), *record.phases.values()]
    try:
        for counts in (record.whole_run, *(each.counts for each in stats)):
            _check_counts(counts)
        for interval in intervals:
            for operations in interval.cells.values():
                for cell in operations.values():
                    _check_cell(cell)
            for worker in interval.workers:
                _check_histogram(worker.loop_lag)
    except ValueError as error:
        raise UsageError(f"{source}: is damaged: {error}") from error


def _check_cell(cell: Cell) -> None:
    _check_counts(cell.counts)
    for data in (cell.service_time, cell.response_time, cell.start_delay, cell.error_time):
        if data is not None:
            _check_histogram(data)


def _check_counts(counts: Counts) -> None:
    for name in Counts.__struct_fields__:
        _check_number(getattr(counts, name), name)


def _check_histogram(data: HistogramData) -> None:
    for name in ("count", "sum_us", "min_us", "max_us", "overflow"):
        _check_number(getattr(data, name), name)
    if data.packed or data.count:
        Sparse.of(data)


def _check_number(number: int, name: str) -> None:
    if not 0 <= number <= MOST:
        raise ValueError(f"{name} is {number:.3g}")
