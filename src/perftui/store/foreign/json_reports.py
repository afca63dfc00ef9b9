"""JSON of bombardier, Gatling and pytest-benchmark."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from perftui.metrics.sparse import Sparse
from perftui.model.interval import Counts
from perftui.model.record import LatencyStats, Stats
from perftui.model.text import safe_text
from perftui.store.foreign.result import Result, counts_of, number, stats

Document = Mapping[str, Any]
_MOST_BENCHMARKS = 1000


def reader_of(document: Document) -> Callable[[Document], Result] | None:
    """The reader of the tool that wrote a document; None when no known one did."""
    if isinstance(document.get("benchmarks"), list) and "machine_info" in document:
        return pytest_benchmark
    if "numberOfRequests" in document or "numberOfRequests" in _part(document, "stats"):
        return gatling
    if {"latency", "req2xx"} <= _part(document, "result").keys():
        return bombardier
    return None


def bombardier(document: Document) -> Result:
    """`bombardier --print r --format json` (microseconds)."""
    result, spec = _part(document, "result"), _part(document, "spec")
    latency = _part(result, "latency")
    quantiles = _part(latency, "percentiles")
    codes = {f"{first}xx": round(_number(result, f"req{first}xx")) for first in "12345"}
    failures: dict[str, int] = {}
    for one in result.get("errors") or ():
        if isinstance(one, dict):
            name = str(one.get("description"))
            failures[name] = failures.get(name, 0) + round(_number(one, "count"))
    unanswered = round(_number(result, "others"))
    answered, bad = sum(codes.values()), codes["4xx"] + codes["5xx"]
    late = min(unanswered, sum(count for name, count in failures.items() if "timeout" in name or "timed out" in name))
    times = LatencyStats(
        count=answered + unanswered,
        mean=_number(latency, "mean", 1e-3),
        stddev=_number(latency, "stddev", 1e-3),
        max=_number(latency, "max", 1e-3),
        **{f"p{share}": _number(quantiles, share, 1e-3) for share in ("50", "75", "90", "95", "99")},
    )
    rate = _number(spec, "rate")
    return Result(
        tool="bombardier",
        url=str(spec.get("url") or ""),
        mode="rate" if rate else "users",
        level=rate or _number(spec, "numberOfConnections"),
        duration_s=_number(result, "timeTakenSeconds"),
        counts=counts_of(answered + unanswered, bad + unanswered, timeouts=late),
        error_classes={name: count for name, count in codes.items() if name in {"4xx", "5xx"} and count} | failures,
        received_bytes=round(_number(result, "bytesRead")),
        sent_bytes=round(_number(result, "bytesWritten")),
        service_time_ms=times if answered else LatencyStats(),
        lacks=BOMBARDIER_LACKS,
    )


BOMBARDIER_LACKS = ("no operations", "its times hold failed requests too")


def gatling(document: Document) -> Result:
    """Gatling's js/stats.json and js/global_stats.json (milliseconds)."""
    whole = _part(document, "stats") or document
    seconds = _gatling_seconds(whole)
    operations: dict[str, Stats] = {}
    waiting = [part for part in _part(document, "contents").values() if isinstance(part, dict)]
    while waiting and len(operations) < _MOST_BENCHMARKS:
        part = waiting.pop(0)
        waiting += [inner for inner in _part(part, "contents").values() if isinstance(inner, dict)]
        if part.get("type") == "REQUEST":
            counts, times = _gatling(_part(part, "stats"))
            operations[safe_text(str(part.get("name")))] = stats(counts, seconds, times)
    counts, times = _gatling(whole)
    return Result(
        tool="gatling",
        duration_s=seconds,
        counts=counts,
        error_classes={"failed": counts.errors} if counts.errors else {},
        rate_per_s=_of_all(whole, "meanNumberOfRequestsPerSecond"),
        service_time_ms=times,
        operations=operations,
        lacks=("no URL and no users", "its times hold failed requests too", "not which errors"),
    )


def _gatling(part: Document) -> tuple[Counts, LatencyStats]:
    """Counts and times. The four percentiles are those of a configuration that nobody changed."""
    made = _of_all(part, "numberOfRequests")
    failed = _gatling_number(_part(part, "numberOfRequests").get("ko"), "ko")
    fields = {
        "min": "minResponseTime", "max": "maxResponseTime", "mean": "meanResponseTime", "stddev": "standardDeviation",
        "p50": "percentiles1", "p75": "percentiles2", "p95": "percentiles3", "p99": "percentiles4",
    }  # fmt: skip
    times = {name: _of_all(part, key) for name, key in fields.items()}
    return counts_of(made, failed), LatencyStats(count=round(made), **times) if made else LatencyStats()


def _gatling_seconds(part: Document) -> float:
    rate = _of_all(part, "meanNumberOfRequestsPerSecond")
    return _of_all(part, "numberOfRequests") / rate if rate else 0.0


def _of_all(part: Document, name: str) -> float:
    return _gatling_number(_part(part, name).get("total"), name)


def _gatling_number(value: object, name: str) -> float:
    """Older ones have numbers in quotes, and a dash for none."""
    if value is None or value == "-":
        return 0.0
    return number(float(value) if isinstance(value, str) else value, name)


def pytest_benchmark(document: Document) -> Result:
    """`pytest --benchmark-json` (seconds): each benchmark is an operation, each round a request.

    Raises:
        ValueError: it has no benchmarks, or too many.
    """
    given = [one for one in document["benchmarks"] if isinstance(one, dict)]
    if not 0 < len(given) <= _MOST_BENCHMARKS:
        raise ValueError(f"{len(given):,} benchmarks in it")
    operations: dict[str, Stats] = {}
    every: list[float] = []
    rounds = 0.0
    seconds = 0.0
    has_data = True
    for one in given:
        part = _part(one, "stats")
        made, took = _number(part, "rounds"), _number(part, "mean") * _number(part, "rounds")
        rounds, seconds = rounds + made, seconds + took
        data = [number(value, "data") for value in part.get("data") or ()]
        has_data = has_data and bool(data)
        every += data
        times = _rounds(data) if data else _benchmark(part, made)
        name = safe_text(str(one.get("fullname") or one.get("name")))
        operations[name] = stats(counts_of(made, 0), took, times)
    whole = _rounds(every) if has_data else next(iter(operations.values())).service_time_ms if len(given) == 1 else None
    mean = seconds / rounds * 1e3 if rounds else 0.0
    return Result(
        tool="pytest-benchmark",
        level=1.0,
        duration_s=seconds,
        counts=counts_of(rounds, 0),
        service_time_ms=whole or LatencyStats(count=round(rounds), mean=mean),
        operations=operations,
        started_at=str(document.get("datetime") or ""),
        lacks=("no failures: a benchmark that fails is not in it", "a round is counted as a request"),
    )


def _benchmark(part: Document, rounds: float) -> LatencyStats:
    fields = {
        "min": "min",
        "max": "max",
        "mean": "mean",
        "stddev": "stddev",
        "p50": "median",
        "p75": "q3",
        "iqr": "iqr",
    }
    times = {name: _number(part, key, 1e3) for name, key in fields.items()}
    return LatencyStats(count=round(rounds), **times) if rounds else LatencyStats()


def _rounds(seconds: list[float]) -> LatencyStats:
    micros = np.rint(np.minimum(np.array(seconds, dtype=np.float64), 1e6) * 1e6).astype(np.int64)
    return Sparse.counted(micros).stats()


def _part(document: Document, name: str) -> Document:
    part = document.get(name)
    return part if isinstance(part, dict) else {}


def _number(part: Document, name: str, scale: float = 1.0) -> float:
    """A number of a table, 0 when it is not there."""
    value = part.get(name)
    return 0.0 if value is None else number(value, name) * scale
