"""A run as OpenTelemetry metrics: gauges of what was measured, of each objective and of the trust in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, NamedTuple

from perftui import __version__
from perftui.model.record import LatencyStats, Record, Stats

if TYPE_CHECKING:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

_PERCENTILES = ("p50", "p95", "p99", "max")
_TIMES = ("response_time", "service_time")
_VERDICTS = {"pass": 0, "none": 0, "warn": 1, "fail": 2, "valid": 0, "degraded": 1, "invalid": 2}
"""As numbers, so that an alert can be set on them: 0 is fine, 2 is not."""


class _Point(NamedTuple):
    name: str
    unit: str
    value: float
    attributes: Mapping[str, str]


def metrics_request(record: Record) -> ExportMetricsServiceRequest:
    """What is pushed.

    Raises:
        ModuleNotFoundError: the extra `perftui[otlp]` is not installed.
    """
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

    request = ExportMetricsServiceRequest()
    whole = request.resource_metrics.add()
    about = {
        "service.name": "perftui", "perftui.run": record.id, "perftui.preset": record.plan.name,
        "perftui.label": record.label, "perftui.target": record.plan.where,
    }  # fmt: skip
    for key, text in about.items():
        whole.resource.attributes.add(key=key).value.string_value = text
    scope = whole.scope_metrics.add()
    scope.scope.name, scope.scope.version = "perftui", __version__
    at_ns = _moment_ns(record.ended_at or record.started_at)
    metrics = {}
    for point in _points(record):
        if point.name not in metrics:
            metrics[point.name] = scope.metrics.add(name=point.name, unit=point.unit)
        made = metrics[point.name].gauge.data_points.add(time_unix_nano=at_ns, as_double=point.value)
        for key, text in point.attributes.items():
            made.attributes.add(key=key).value.string_value = text
    return request


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
    for time in _TIMES:
        times: LatencyStats = getattr(stats, f"{time}_ms")
        for name in _PERCENTILES if times.count else ():
            yield _Point(f"perftui.{time}", "ms", getattr(times, name), {**about, "statistic": name})


def _moment_ns(text: str) -> int:
    moment = datetime.fromisoformat(text) if text else datetime.now(UTC)
    return round(moment.timestamp() * 1e9)
