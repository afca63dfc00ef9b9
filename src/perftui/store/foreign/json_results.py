"""JSON of oha, k6, vegeta and autocannon."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from msgspec.structs import replace

from perftui.model.record import LatencyStats
from perftui.store.foreign.result import Result, counts_of, number

Document = Mapping[str, Any]


def reader_of(document: Document) -> Callable[[Document], Result] | None:
    """The reader of the tool that wrote a document; None when no known one did."""
    if "latencyPercentiles" in document and "summary" in document:
        return oha
    if _k6_metrics(document).keys() & {"http_req_duration", "http_reqs"}:
        return k6
    if "latencies" in document and "status_codes" in document:
        return vegeta
    if "latency" in document and "non2xx" in document:
        return autocannon
    return None


def oha(document: Document) -> Result:
    """`oha --output-format json` (seconds). Requests without an answer are in its error distribution."""
    summary, percentiles = _part(document, "summary"), _part(document, "latencyPercentiles")
    answers = {
        int(code): round(number(count, f"status {code}")) for code, count in _items(document, "statusCodeDistribution")
    }
    errors = {
        str(text): round(number(count, "errorDistribution")) for text, count in _items(document, "errorDistribution")
    }
    deadline = sum(count for text, count in errors.items() if "aborted due to deadline" in text)
    late = sum(count for text, count in errors.items() if "timeout" in text.lower() or "timed out" in text.lower())
    answered, lost = sum(answers.values()), sum(errors.values()) - deadline
    bad_status = sum(count for code, count in answers.items() if code >= 400)
    counts = counts_of(answered + lost, bad_status + lost, timeouts=late)
    counts = replace(
        counts, scheduled=counts.scheduled + deadline, started=counts.started + deadline, cancelled=deadline
    )
    classes = {f"http.{code}": count for code, count in answers.items() if code >= 400}
    classes |= {text: count for text, count in errors.items() if "aborted due to deadline" not in text}
    times = LatencyStats(
        count=answered,
        mean=_ms(summary, "average", 1e3),
        min=_ms(summary, "fastest", 1e3),
        max=_ms(summary, "slowest", 1e3),
        p50=_ms(percentiles, "p50", 1e3),
        p75=_ms(percentiles, "p75", 1e3),
        p90=_ms(percentiles, "p90", 1e3),
        p95=_ms(percentiles, "p95", 1e3),
        p99=_ms(percentiles, "p99", 1e3),
        p99_9=_ms(percentiles, "p99.9", 1e3),
        iqr=max(0.0, _ms(percentiles, "p75", 1e3) - _ms(percentiles, "p25", 1e3)),
    )
    return Result(
        tool="oha",
        duration_s=_ms(summary, "total"),
        counts=counts,
        error_classes=classes,
        received_bytes=round(_ms(summary, "totalData")),
        service_time_ms=times if answered else LatencyStats(),
        lacks=("no URL, method or number of connections", "its times hold answers with error statuses too"),
    )


def k6(document: Document) -> Result:
    """`k6 run --summary-export`, or the data that `handleSummary` gets, in each of their forms (milliseconds)."""
    metrics = _k6_metrics(document)
    duration, requests = metrics.get("http_req_duration", {}), metrics.get("http_reqs", {})
    made = _ms(requests, "count")
    failures = metrics.get("http_req_failed", {})
    share = _ms(failures, "rate") if "rate" in failures else _ms(failures, "value")
    dropped = _ms(metrics.get("dropped_iterations", {}), "count")
    rate = _ms(requests, "rate")
    seconds = _k6_seconds(document) or (made / rate if rate else 0.0)
    users = _ms(metrics.get("vus_max", {}), "max") or _ms(metrics.get("vus_max", {}), "value")
    lacks = ["no URL and no operations", "its times hold failed requests too", "not which errors"]
    if dropped:
        lacks.append(f"{dropped:,.0f} dropped iterations are counted as dropped requests")
    times = LatencyStats(
        count=round(made),
        mean=_ms(duration, "avg"),
        min=_ms(duration, "min"),
        max=_ms(duration, "max"),
        p50=_ms(duration, "med") or _ms(duration, "p(50)"),
        p75=_ms(duration, "p(75)"),
        p90=_ms(duration, "p(90)"),
        p95=_ms(duration, "p(95)"),
        p99=_ms(duration, "p(99)"),
        p99_9=_ms(duration, "p(99.9)"),
    )
    failed = round(min(1.0, share) * made)
    return Result(
        tool="k6",
        level=users,
        duration_s=seconds,
        counts=counts_of(made, failed, dropped=dropped),
        error_classes={"failed": failed} if failed else {},
        rate_per_s=rate,
        received_bytes=round(_ms(metrics.get("data_received", {}), "count")),
        sent_bytes=round(_ms(metrics.get("data_sent", {}), "count")),
        service_time_ms=times if made else LatencyStats(),
        lacks=tuple(lacks),
    )


def vegeta(document: Document) -> Result:
    """`vegeta report -type=json` (nanoseconds)."""
    latencies = _part(document, "latencies")
    made, share = _ms(document, "requests"), _ms(document, "success")
    codes = {str(code): round(number(count, f"status {code}")) for code, count in _items(document, "status_codes")}
    failed = round((1 - min(1.0, share)) * made)
    classes = {
        f"http.{code}" if code != "0" else "no answer": count
        for code, count in codes.items()
        if not "200" <= code < "400"
    }
    times = LatencyStats(
        count=round(made),
        mean=_ms(latencies, "mean", 1e-6),
        min=_ms(latencies, "min", 1e-6),
        max=_ms(latencies, "max", 1e-6),
        p50=_ms(latencies, "50th", 1e-6),
        p90=_ms(latencies, "90th", 1e-6),
        p95=_ms(latencies, "95th", 1e-6),
        p99=_ms(latencies, "99th", 1e-6),
    )
    return Result(
        tool="vegeta",
        mode="rate",
        level=_ms(document, "rate"),
        duration_s=_ms(document, "duration", 1e-9),
        counts=counts_of(made, failed),
        error_classes=classes,
        rate_per_s=_ms(document, "rate"),
        received_bytes=round(_ms(_part(document, "bytes_in"), "total")),
        sent_bytes=round(_ms(_part(document, "bytes_out"), "total")),
        service_time_ms=times if made else LatencyStats(),
        started_at=str(document.get("earliest", "")),
        lacks=(
            "no URL and no operations",
            "its times hold failed requests too",
            "timeouts are not told from other errors",
        ),
    )


def autocannon(document: Document) -> Result:
    """`autocannon --json` (milliseconds)."""
    latency, requests = _part(document, "latency"), _part(document, "requests")
    answered = _ms(requests, "total")
    bad = _ms(document, "non2xx")
    late, lost = _ms(document, "timeouts"), _ms(document, "errors")
    classes = {
        name: round(_ms(document, name)) for name in ("4xx", "5xx", "resets", "mismatches") if _ms(document, name)
    }
    times = LatencyStats(
        count=round(_ms(latency, "totalCount") or answered),
        mean=_ms(latency, "mean") or _ms(latency, "average"),
        stddev=_ms(latency, "stddev"),
        min=_ms(latency, "min"),
        max=_ms(latency, "max"),
        p50=_ms(latency, "p50"),
        p75=_ms(latency, "p75"),
        p90=_ms(latency, "p90"),
        p99=_ms(latency, "p99"),
        p99_9=_ms(latency, "p99_9"),
        iqr=max(0.0, _ms(latency, "p75") - _ms(latency, "p25")) if "p25" in latency else 0.0,
    )
    return Result(
        tool="autocannon",
        url=str(document.get("url") or ""),
        level=_ms(document, "connections"),
        duration_s=_ms(document, "duration"),
        counts=counts_of(answered + max(lost, late), bad + max(lost, late), timeouts=late),
        error_classes=classes | ({"timeout": round(late)} if late else {}),
        received_bytes=round(_ms(_part(document, "throughput"), "total")),
        service_time_ms=times if answered else LatencyStats(),
        started_at=str(document.get("start") or ""),
        lacks=("times are whole milliseconds", "its times hold answers with error statuses too", "no operations"),
    )


def _part(document: Document, name: str) -> Document:
    part = document.get(name)
    if not isinstance(part, dict):
        raise ValueError(f"{name}: not a table")  # noqa: TRY004 - a damaged file, not a wrong call
    return part


def _items(document: Document, name: str) -> list[tuple[str, Any]]:
    part = document.get(name)
    return list(part.items()) if isinstance(part, dict) else []


def _k6_metrics(document: Document) -> dict[str, Document]:
    """Values of the metrics by name.

    `metrics` is a table, of values (--summary-export) or of tables with `values` (handleSummary); with
    --new-machine-readable-summary both have a list in `results`.
    """
    results = document.get("results")
    listed = results.get("metrics") if isinstance(results, dict) else None
    named = [metric for metric in listed if isinstance(metric, dict)] if isinstance(listed, list) else []
    return {
        str(name): metric["values"] if isinstance(metric.get("values"), dict) else metric
        for name, metric in [(metric.get("name"), metric) for metric in named] or _items(document, "metrics")
        if isinstance(metric, dict)
    }


def _k6_seconds(document: Document) -> float:
    """How long the test ran; 0 where it is not told."""
    state, config = document.get("state"), document.get("config")
    if isinstance(state, dict):
        return _ms(state, "testRunDurationMs") / 1e3
    return _ms(config, "duration") if isinstance(config, dict) else 0.0


def _ms(part: Document, name: str, scale: float = 1.0) -> float:
    """A number of a table, 0 when it is not there."""
    value = part.get(name)
    return 0.0 if value is None else number(value, name) * scale
