"""CSV of hey (one line per request) and of Locust (one line per endpoint)."""

from __future__ import annotations

import csv
from collections.abc import Iterable

import numpy as np

from perftui.metrics.histogram import Histogram
from perftui.metrics.sparse import Sparse
from perftui.model.interval import Cell, Counts, Interval
from perftui.model.record import LatencyStats, Stats
from perftui.model.text import safe_text
from perftui.store.foreign.result import Result, counts_of, stats

_HEY = ("response-time", "status-code", "offset")
_LOCUST = ("Request Count", "Failure Count", "Average Response Time")
_LOCUST_FIELDS = {"50%": "p50", "75%": "p75", "90%": "p90", "95%": "p95", "99%": "p99", "99.9%": "p99_9"}
_MOST_SECONDS = 7 * 24 * 3600
OPERATION = "requests"


def is_hey(fields: Iterable[str]) -> bool:
    """Whether these are the columns of hey."""
    return set(_HEY) <= set(fields)


def is_locust(fields: Iterable[str]) -> bool:
    """Whether these are the columns of Locust's statistics."""
    return set(_LOCUST) <= set(fields)


def hey(text: str) -> Result:
    """`hey -o csv`: every request with its start, so that seconds can be made of them.

    Raises:
        ValueError: a line has no numbers, or there is none.
    """
    rows = []
    for number, row in enumerate(csv.DictReader(text.splitlines()), 2):
        try:
            time_s, status, offset_s = float(row["response-time"]), int(row["status-code"]), float(row["offset"])
        except (TypeError, ValueError) as error:
            raise ValueError(f"line {number}: {safe_text(str(error))}") from error
        if not (0 <= time_s < _MOST_SECONDS and 0 <= offset_s < _MOST_SECONDS):
            raise ValueError(f"line {number}: a time is out of range")
        rows.append((offset_s, time_s, status))
    if not rows:
        raise ValueError("no requests in it")
    offsets, times, statuses = (np.array(column) for column in zip(*rows, strict=True))
    micros = np.rint(times * 1e6).astype(np.int64)
    fine = statuses < 400
    duration_s = float((offsets + times).max())
    length = max(1, int(np.ceil(duration_s - 1e-9)))
    seconds = np.minimum(offsets.astype(np.int64), length - 1)
    intervals = []
    for second in range(length):
        here = seconds == second
        ok = Histogram()
        ok.record_many(micros[here & fine])
        failed = Histogram()
        failed.record_many(micros[here & ~fine])
        cell = Cell(
            counts=counts_of(int(here.sum()), failed.total),
            error_classes=_statuses(statuses[here & ~fine].tolist()),
            service_time=ok.data,
            error_time=failed.data,
        )
        intervals.append(
            Interval(at_s=float(second), duration_s=1.0, phase="measure", cells={"measure": {OPERATION: cell}})
        )
    every = Sparse.merged((), [interval.cells["measure"][OPERATION].service_time for interval in intervals])
    counts = counts_of(len(rows), int((~fine).sum()))
    classes = _statuses(statuses[~fine].tolist())
    return Result(
        tool="hey",
        duration_s=duration_s,
        counts=counts,
        error_classes=classes,
        service_time_ms=every.stats(),
        operations={OPERATION: stats(counts, duration_s, every.stats(), every.stats(), classes)},
        intervals=tuple(intervals),
        lacks=("no URL, method or number of connections", "requests without an answer are not in its CSV"),
    )


def _statuses(codes: Iterable[int]) -> dict[str, int]:
    classes: dict[str, int] = {}
    for code in codes:
        classes[f"http.{code}"] = classes.get(f"http.{code}", 0) + 1
    return classes


def locust(text: str) -> Result:
    """Locust's `..._stats.csv` (milliseconds).

    Raises:
        ValueError: it has no aggregated line, or a line has no numbers.
    """
    operations: dict[str, Stats] = {}
    total: tuple[Counts, LatencyStats, float, float] | None = None
    for number, row in enumerate(csv.DictReader(text.splitlines()), 2):
        try:
            parsed = _locust_row(row)
        except (TypeError, ValueError) as error:
            raise ValueError(f"line {number}: {safe_text(str(error))}") from error
        counts, times, rate, _ = parsed
        if row.get("Name") == "Aggregated":
            total = parsed
        else:
            seconds = counts.started / rate if rate else 0.0
            operations[safe_text(f"{row.get('Type') or ''} {row.get('Name') or ''}".strip())] = stats(
                counts, seconds, times
            )
    if total is None:
        raise ValueError("no line `Aggregated`: write the statistics of the whole run")
    counts, times, rate, received = total
    return Result(
        tool="locust",
        duration_s=counts.started / rate if rate else 0.0,
        counts=counts,
        error_classes={"failed": counts.errors} if counts.errors else {},
        rate_per_s=rate,
        received_bytes=round(received * counts.started),
        service_time_ms=times,
        operations=operations,
        lacks=("no host and no number of users", "its times are rounded to two digits and hold failed requests too"),
    )


def _locust_row(row: dict[str, str]) -> tuple[Counts, LatencyStats, float, float]:
    counts = counts_of(float(row["Request Count"]), float(row["Failure Count"]))
    values = {
        "mean": _locust_number(row.get("Average Response Time")),
        "min": _locust_number(row.get("Min Response Time")),
        "max": _locust_number(row.get("Max Response Time")),
        **{field: _locust_number(row.get(column)) for column, field in _LOCUST_FIELDS.items()},
    }
    times = LatencyStats(count=counts.started, **values) if counts.started else LatencyStats()
    return counts, times, _locust_number(row.get("Requests/s")), _locust_number(row.get("Average Content Size"))


def _locust_number(text: str | None) -> float:
    """A number, 0 for `N/A` and for a column that is not there."""
    if text is None or text.strip() in {"", "N/A", "None"}:
        return 0.0
    value = float(text)
    if not 0 <= value < 1e15:
        raise ValueError(f"{text!r} is out of range")
    return value
