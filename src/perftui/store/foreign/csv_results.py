"""CSV of hey, JMeter and k6 (one line per request) and of Locust (one line per endpoint)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping

from perftui.model.interval import Counts
from perftui.model.record import LatencyStats, Stats
from perftui.model.text import safe_text
from perftui.store.foreign.requests import Requests, status_class
from perftui.store.foreign.result import Result, counts_of, stats

_HEY = ("response-time", "status-code", "offset")
_LOCUST = ("Request Count", "Failure Count", "Average Response Time")
_JMETER = ("timeStamp", "elapsed")
_K6 = ("metric_name", "timestamp", "metric_value")
JMETER_LACKS = ("the time from start to last byte is that of a sample, with what it loads beside it",)
_LOCUST_FIELDS = {"50%": "p50", "75%": "p75", "90%": "p90", "95%": "p95", "99%": "p99", "99.9%": "p99_9"}
OPERATION = "requests"
_TOO_MUCH = 1e15
_SHOWN = 40
"""Characters of what is no number that are told."""


def is_hey(fields: Iterable[str]) -> bool:
    """Whether these are the columns of hey."""
    return set(_HEY) <= set(fields)


def is_locust(fields: Iterable[str]) -> bool:
    """Whether these are the columns of Locust's statistics."""
    return set(_LOCUST) <= set(fields)


def delimiter_of(text: str) -> str:
    """What stands between columns: JMeter writes what it is configured to."""
    line = text[:65536].partition("\n")[0]
    return max(",;\t|", key=line.count)


def is_jmeter(fields: Iterable[str]) -> bool:
    """Whether these are the columns of JMeter's result file."""
    return set(_JMETER) <= set(fields)


def is_k6(fields: Iterable[str]) -> bool:
    """Whether these are the columns of `k6 run --out csv`."""
    return set(_K6) <= set(fields)


def hey(text: str) -> Result:
    """`hey -o csv`: every request with its start, so that seconds can be made of them.

    Raises:
        ValueError: a line has no numbers, or there is none.
    """
    requests = Requests()
    for number, row in enumerate(csv.DictReader(text.splitlines()), 2):
        try:
            status = round(_number(row, "status-code"))
            error = f"http.{status}" if status >= 400 else ""
            requests.add(_number(row, "offset"), _number(row, "response-time"), operation=OPERATION, error=error)
        except ValueError as error:
            raise ValueError(f"line {number}: {safe_text(str(error))}") from error
    return requests.result(
        "hey",
        since_s=0.0,
        lacks=("no URL, method or number of connections", "requests without an answer are not in its CSV"),
    )


def jmeter(text: str) -> Result:
    """JMeter's result file as CSV (milliseconds): a line for each sample.

    Raises:
        ValueError: a line has no numbers, or there is none.
    """
    requests = Requests()
    sums, most_users = 0, 0
    for number, row in enumerate(csv.DictReader(io.StringIO(text), delimiter=delimiter_of(text)), 2):
        try:
            # A transaction is the sum of samples that have their own lines.
            if not row.get("responseCode") and "Number of samples in transaction" in (row.get("responseMessage") or ""):
                sums += 1
                continue
            is_fine = (row.get("success") or "true").strip().lower() == "true"
            status = (row.get("responseCode") or "").removeprefix("Non HTTP response code:").strip()
            requests.add(
                _number(row, "timeStamp") / 1e3,
                _number(row, "elapsed") / 1e3,
                operation=row.get("label") or OPERATION,
                error=""
                if is_fine
                else failure_of(status, row.get("responseMessage") or "", row.get("failureMessage")),
            )
            most_users = max(most_users, round(_number(row, "allThreads")) if row.get("allThreads") else 0)
        except ValueError as error:
            raise ValueError(f"line {number}: {safe_text(str(error))}") from error
    lacks = (*JMETER_LACKS, *([f"{sums:,} transactions are left out: they are sums of samples"] if sums else []))
    return requests.result("jmeter", lacks=lacks, level=float(min(most_users, 10**6)))


def k6(text: str) -> Result:
    """`k6 run --out csv`: a line for each value, with the second in which it was taken.

    Raises:
        ValueError: a line has no numbers, or no request is in it.
    """
    requests = Requests()
    for number, row in enumerate(csv.DictReader(io.StringIO(text)), 2):
        if row.get("metric_name") != "http_req_duration":
            continue
        try:
            ended_s, time_s = _number(row, "timestamp"), _number(row, "metric_value") / 1e3
            failed = row.get("expected_response") == "false"
            error = status_class(row.get("status") or "", row.get("error") or "") if failed else ""
            name = f"{row.get('method') or ''} {row.get('name') or OPERATION}".strip()
            requests.add(ended_s - time_s, time_s, operation=name, error=error)
        except ValueError as error:
            raise ValueError(f"line {number}: {safe_text(str(error))}") from error
    return requests.result("k6", lacks=("no number of users", "its clock has whole seconds"))


def failure_of(status: str, message: str, failure: str | None) -> str:
    """The class of a failed sample of JMeter; an assertion that failed says its own."""
    if status.isdecimal() and int(status[:4]) < 400:
        return safe_text(f"assertion: {failure}" if failure else "assertion", 100)
    return status_class(status, message)


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
        except ValueError as error:
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


def _locust_row(row: Mapping[str, str | None]) -> tuple[Counts, LatencyStats, float, float]:
    counts = counts_of(_number(row, "Request Count"), _number(row, "Failure Count"))
    values = {
        "mean": _locust_number(row, "Average Response Time"),
        "min": _locust_number(row, "Min Response Time"),
        "max": _locust_number(row, "Max Response Time"),
        **{field: _locust_number(row, column) for column, field in _LOCUST_FIELDS.items()},
    }
    times = LatencyStats(count=counts.started, **values) if counts.started else LatencyStats()
    return counts, times, _locust_number(row, "Requests/s"), _locust_number(row, "Average Content Size")


def _locust_number(row: Mapping[str, str | None], column: str) -> float:
    """A number, 0 for `N/A` and for a column that is not there."""
    return 0.0 if (row.get(column) or "").strip() in {"", "N/A", "None"} else _number(row, column)


def _number(row: Mapping[str, str | None], column: str) -> float:
    """The number in a column.

    Raises:
        ValueError: there is none, or it is out of all range.
    """
    text = row.get(column)
    if text is None:
        raise ValueError(f"ends before the column {column!r}")
    try:
        value = float(text)
    except ValueError:
        raise ValueError(f"{column!r} is no number: {text[:_SHOWN]!r}") from None
    if not 0 <= value < _TOO_MUCH:
        raise ValueError(f"{column!r} is out of range: {text[:_SHOWN]!r}")
    return value
