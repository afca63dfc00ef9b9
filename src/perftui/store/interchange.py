"""A run as one self-contained JSON document: the record's keys, and all intervals with HdrHistogram V2 histograms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from perftui.metrics import hdr_v2
from perftui.metrics.cells import TIMES
from perftui.metrics.histogram import pack_used
from perftui.metrics.sparse import Sparse
from perftui.model.errors import UsageError
from perftui.model.interval import ErrorSample, Event, HistogramData, Interval
from perftui.model.record import Record
from perftui.model.text import safe_text
from perftui.store.records import record_document, to_record

_LISTS = ("intervals", "events", "error_samples")


def document(
    record: Record, intervals: Sequence[Interval], events: Sequence[Event], error_samples: Sequence[ErrorSample]
) -> dict[str, Any]:
    """The run as plain data for JSON; read_document reads it back."""
    whole = record_document(record)
    whole["intervals"] = [_histograms_changed(msgspec.to_builtins(interval), _to_hdr) for interval in intervals]
    whole["events"] = msgspec.to_builtins(events)
    whole["error_samples"] = msgspec.to_builtins(error_samples)
    return whole


def read_document(
    data: object, source: str
) -> tuple[Record, tuple[Interval, ...], tuple[Event, ...], tuple[ErrorSample, ...]]:
    """The run in a JSON document. Histograms are checked as they are read.

    Raises:
        UsageError: the document is no run, is damaged, or is of a newer schema.
    """
    record = to_record(data, source)
    lists: dict[str, Any] = {key: data.get(key, []) for key in _LISTS} if isinstance(data, dict) else {}
    try:
        intervals = [_histograms_changed(interval, _from_hdr) for interval in lists["intervals"]]
        return (
            record,
            msgspec.convert(intervals, tuple[Interval, ...]),
            msgspec.convert(lists["events"], tuple[Event, ...]),
            msgspec.convert(lists["error_samples"], tuple[ErrorSample, ...]),
        )
    except (msgspec.ValidationError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise UsageError(f"{source}: the intervals are damaged: {safe_text(str(error))}") from error


def _histograms_changed(interval: dict[str, Any], change: Callable[[dict[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    workers = [
        worker | {"loop_lag": change(worker["loop_lag"])} if worker.get("loop_lag") else worker
        for worker in interval.get("workers", [])
    ]
    interval = interval | {"workers": workers} if workers else interval
    cells = {
        phase: {
            operation: cell
            | {key: change(cell[key]) for key in TIMES if cell.get(key)}
            | {key: {name: change(data) for name, data in cell[key].items()} for key in ("own_times",) if cell.get(key)}
            for operation, cell in operations.items()
        }
        for phase, operations in interval.get("cells", {}).items()
    }
    return interval | {"cells": cells} if cells else interval


def _to_hdr(histogram: dict[str, Any]) -> dict[str, Any]:
    times = Sparse.of(HistogramData(**histogram))
    exact = {key: value for key, value in histogram.items() if key != "packed"}
    return exact | {"hdr_v2": hdr_v2.encode(times.slots, times.counts)} if times.total else exact


def _from_hdr(histogram: dict[str, Any]) -> dict[str, Any]:
    exact = {key: value for key, value in histogram.items() if key != "hdr_v2"}
    if not histogram.get("hdr_v2"):
        return exact
    slots, counts = hdr_v2.decode(histogram["hdr_v2"])
    # The wire format rounds to slots; exact count, sum and ends stand beside it.
    if exact.get("count") != int(counts.sum()):
        raise ValueError(f"a histogram says {exact.get('count')} values and holds {int(counts.sum())}")
    return exact | {"packed": pack_used(slots, counts)}
