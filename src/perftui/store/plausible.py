"""Numbers of a file from elsewhere that could not have been measured: refused before anything adds them up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from perftui.metrics.cells import TIMES
from perftui.metrics.sparse import Sparse
from perftui.model.errors import UsageError
from perftui.model.interval import Cell, Counts, HistogramData, Interval, WorkerHealth
from perftui.model.plan import Phase
from perftui.model.record import Record

MOST = 2**53
"""Larger whole numbers are not exact in JSON."""


MOST_S = 32 * 24 * 3600.0
"""Longer than any run may be asked for."""


def check_numbers(value: object, place: str = "") -> None:
    """Refuse a document with a number that could not have been measured: not finite, or not exact in JSON.

    Raises:
        ValueError: says where it stands.
    """
    if isinstance(value, dict):
        for name, inner in value.items():
            check_numbers(inner, f"{place}.{name}" if place else str(name))
    elif isinstance(value, list):
        for inner in value:
            check_numbers(inner, place)
    elif isinstance(value, int | float) and not -MOST <= value <= MOST:  # not so for NaN, too
        raise ValueError(f"{place} is {value:.3g}")


def check_record(record: Record) -> None:
    """Refuse a record with counts that are negative, or a duration longer than any.

    Raises:
        ValueError: says which.
    """
    stats = [record.summary.total, *record.summary.operations.values(), *record.phases.values()]
    for counts in (record.whole_run, *(each.counts for each in stats)):
        _check_counts(counts)
    load = record.plan.load
    for name, seconds in (
        ("summary.duration_s", record.summary.duration_s),
        ("plan.load", load.warmup_s + load.duration_s),
    ):
        if not 0 <= seconds <= MOST_S:
            raise ValueError(f"{name} is {seconds:.3g} s")


def is_moment(at_s: float) -> bool:
    """Whether a moment can be one of a run."""
    return 0 <= at_s <= MOST_S


def check_plausible(record: Record, intervals: Iterable[Interval], source: str) -> None:
    """Refuse counts that are negative or absurd, and histograms that do not hold what they say.

    Raises:
        UsageError: the file was damaged or made up.
    """
    try:
        check_record(record)
        seconds = tuple(intervals)
        for interval in seconds:
            check_interval(interval)
            check_measured(interval.cells, interval.workers)
        _check_times(record, seconds)
    except ValueError as error:
        raise UsageError(f"{source}: is damaged: {error}") from error


def check_measured(cells: Mapping[Phase, Mapping[str, Cell]], workers: Iterable[WorkerHealth]) -> None:
    """Refuse what nobody can have measured.

    Raises:
        ValueError: says what.
    """
    for operations in cells.values():
        for cell in operations.values():
            _check_cell(cell)
    for worker in workers:
        _check_histogram(worker.loop_lag)


def _check_times(record: Record, seconds: Sequence[Interval]) -> None:
    cells = [cell for second in seconds for operations in second.cells.values() for cell in operations.values()]
    if seconds and record.summary.total.service_time_ms.count and not any(cell.service_time.count for cell in cells):
        raise ValueError("its seconds hold no times, and its summary does")


def check_interval(interval: Interval) -> None:
    """Refuse an interval that no run has.

    Raises:
        ValueError: says why.
    """
    if not is_moment(interval.at_s) or not 0 < interval.duration_s <= MOST_S:
        raise ValueError(f"an interval of {interval.duration_s:.3g} s at {interval.at_s:.3g} s")


def _check_cell(cell: Cell) -> None:
    _check_counts(cell.counts)
    for name, amount in cell.amounts.items():
        _check_number(amount, name)
    for data in (*(getattr(cell, name) for name in TIMES), *cell.own_times.values()):
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
