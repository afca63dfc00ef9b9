"""A run as OpenTelemetry metrics: counts and histograms while it goes on; at its end what came of it, as gauges."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from perftui import __version__
from perftui.metrics.cells import TimeName
from perftui.metrics.timeline import Timeline
from perftui.model.journal import Header
from perftui.model.plan import Plan
from perftui.model.record import LatencyStats, Record, Stats

if TYPE_CHECKING:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.metrics.v1.metrics_pb2 import ScopeMetrics

_OF_HITS = ("hit_time", "miss_time")
_PERCENTILES = ("p50", "p95", "p99", "max")
_TIMES: tuple[TimeName, ...] = ("response_time", "service_time")
_BOUNDS_MS = (
    0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 75.0, 100.0, 150.0, 200.0, 300.0, 500.0, 750.0, 1000.0, 2000.0,
    5000.0, 10000.0, 30000.0,
)  # fmt: skip
"""Of the buckets of a pushed histogram: collectors want few."""
_VERDICTS = {"pass": 0, "none": 0, "warn": 1, "fail": 2, "valid": 0, "degraded": 1, "invalid": 2}
"""As numbers, so that an alert can be set on them: 0 is fine, 2 is not."""


class _Point(NamedTuple):
    name: str
    unit: str
    value: float
    attributes: Mapping[str, str]


def metrics_request(record: Record) -> ExportMetricsServiceRequest:
    """What is pushed at the end.

    Raises:
        ModuleNotFoundError: the extra `perftui[otlp]` is not installed.
    """
    request, scope = _request(record.id, record.label, record.plan)
    at_ns = _moment_ns(record.ended_at or record.started_at)
    _add_gauges(scope, _points(record), at_ns)
    return request


def live_request(header: Header, timeline: Timeline) -> ExportMetricsServiceRequest:
    """What is pushed while a run goes on: counts and histograms of all of it so far, gauges of its newest second.

    Raises:
        ModuleNotFoundError: the extra `perftui[otlp]` is not installed.
    """
    from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE as CUMULATIVE

    request, scope = _request(header.id, header.label, header.plan)
    began_ns = _moment_ns(header.started_at)
    at_ns = began_ns + round(timeline.at_s * 1e9)
    newest = timeline.window(1)
    _add_gauges(scope, _of_stats(newest.total, {"operation": ""}), at_ns)
    counted = scope.metrics.add(name="perftui.requests", unit="1").sum
    counted.is_monotonic, counted.aggregation_temporality = True, CUMULATIVE
    counts = timeline.whole_run()
    for outcome in ("ok", "errors", "timeouts", "dropped", "cancelled", "client_errors"):
        point = counted.data_points.add(
            start_time_unix_nano=began_ns, time_unix_nano=at_ns, as_int=getattr(counts, outcome)
        )
        point.attributes.add(key="outcome").value.string_value = outcome
    operations = timeline.run().operations
    for time in _TIMES:
        held = scope.metrics.add(name=f"perftui.{time}.distribution", unit="ms").histogram
        held.aggregation_temporality = CUMULATIVE
        for name in operations:
            found = timeline.histogram(time, name)
            if not found.total:
                continue
            made = held.data_points.add(
                start_time_unix_nano=began_ns, time_unix_nano=at_ns, count=found.total, sum=found.sum_us / 1e3,
                min=found.min_us / 1e3, max=found.max_us / 1e3, explicit_bounds=_BOUNDS_MS,
                bucket_counts=found.count_between([-1.0, *(bound * 1e3 for bound in _BOUNDS_MS), math.inf]),
            )  # fmt: skip
            made.attributes.add(key="operation").value.string_value = name
    return request


def _request(run_id: str, label: str, plan: Plan) -> tuple[ExportMetricsServiceRequest, ScopeMetrics]:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    request = ExportMetricsServiceRequest()
    whole = request.resource_metrics.add()
    about = {
        "service.name": "perftui", "perftui.run": run_id, "perftui.preset": plan.name, "perftui.label": label,
        "perftui.target": plan.where,
    }  # fmt: skip
    for key, text in about.items():
        whole.resource.attributes.add(key=key).value.string_value = text
    scope = whole.scope_metrics.add()
    scope.scope.name, scope.scope.version = "perftui", __version__
    return request, scope


def _add_gauges(scope: ScopeMetrics, points: Iterable[_Point], at_ns: int) -> None:
    metrics = {}
    for point in points:
        if point.name not in metrics:
            metrics[point.name] = scope.metrics.add(name=point.name, unit=point.unit)
        made = metrics[point.name].gauge.data_points.add(time_unix_nano=at_ns, as_double=point.value)
        for key, text in point.attributes.items():
            made.attributes.add(key=key).value.string_value = text


def _points(record: Record) -> Iterator[_Point]:
    yield from _of_stats(record.summary.total, {"operation": ""})
    if len(record.summary.operations) > 1:
        for name, stats in record.summary.operations.items():
            yield from _of_stats(stats, {"operation": name})
    for result in record.objectives:
        about = {"metric": result.metric, "operation": result.operation, "target": result.target,
                 "critical": result.critical}  # fmt: skip
        yield _Point("perftui.objective.verdict", "1", _VERDICTS[result.verdict], about)
        if result.value is not None:
            yield _Point("perftui.objective.value", "1", result.value, about)
    yield _Point("perftui.trust", "1", _VERDICTS[record.trust.verdict], {"verdict": record.trust.verdict})
    for name, spread in record.host.items():
        yield _Point(f"perftui.host.{name}", "1", spread.mean, {})


def _of_stats(stats: Stats, about: Mapping[str, str]) -> Iterator[_Point]:
    yield _Point("perftui.throughput", "1/s", stats.throughput_per_s, about)
    yield _Point("perftui.rate", "1/s", stats.rate_per_s, about)
    yield _Point("perftui.error_rate", "1", stats.error_rate, about)
    yield _Point("perftui.attained", "1", stats.attained, about)
    if stats.hit_rate is not None:
        yield _Point("perftui.hit_rate", "1", stats.hit_rate, about)
    for counted, amount in stats.of_protocol.amounts.items():
        yield _Point(f"perftui.{counted}", "1/s", amount.per_s, about)
    all_times: dict[str, LatencyStats] = {time: getattr(stats, f"{time}_ms") for time in (*_TIMES, *_OF_HITS)}
    for time, times in (all_times | stats.of_protocol.times_ms).items():
        for name in _PERCENTILES if times.count else ():
            yield _Point(f"perftui.{time}", "ms", getattr(times, name), {**about, "statistic": name})


def _moment_ns(text: str) -> int:
    moment = datetime.fromisoformat(text) if text else datetime.now(UTC)
    return round(moment.timestamp() * 1e9)
