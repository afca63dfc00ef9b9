"""`--otlp`: a collector decodes what it gets."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from perftui.demo.server import Demo
from support.cli import run_cli, write_preset
from support.home import Home
from support.presets import preset_text


class _Collector(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: list[tuple[str, str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        request = ExportMetricsServiceRequest.FromString(self.rfile.read(int(self.headers["Content-Length"])))
        assert isinstance(self.server, _Collector)
        self.server.got.append((self.path, self.headers.get("x-key", ""), request))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _collector() -> Iterator[_Collector]:
    with _Collector() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def test_a_collector_gets_numbers_objectives_and_trust(home: Home, demo: Demo) -> None:
    objective = {"metric": "response_time.p95", "target": "< 1us", "critical": "< 1h"}
    text = preset_text(demo.url, {"one": "/health"}, objectives=[objective], name="pushed")
    home.extra["OTEL_EXPORTER_OTLP_HEADERS"] = "x-key=a%20b"
    with _collector() as collector:
        url = f"http://127.0.0.1:{collector.server_address[1]}"
        result = run_cli(home, "run", write_preset(home, text), "--headless", "--otlp", url)
    path, key, request = collector.got[-1]
    assert (path, key) == ("/v1/metrics", "a b"), result.stderr
    [whole] = request.resource_metrics
    about = {one.key: one.value.string_value for one in whole.resource.attributes}
    assert (about["service.name"], about["perftui.preset"]) == ("perftui", "pushed")
    points = {metric.name: list(metric.gauge.data_points) for metric in whole.scope_metrics[0].metrics}
    assert points["perftui.rate"][0].as_double > 0
    assert [point.as_double for point in points["perftui.objective.verdict"]] == [1]
    assert points["perftui.trust"][0].as_double in {0, 1, 2}
    assert {one.key for one in points["perftui.response_time"][0].attributes} == {"operation", "statistic"}


@pytest.mark.slow
def test_a_collector_that_is_not_there_changes_no_exit_code(home: Home, demo: Demo) -> None:
    preset = write_preset(home, preset_text(demo.url, {"one": "/health"}))
    result = run_cli(home, "run", preset, "--headless", "--otlp", "http://127.0.0.1:9")
    assert result.code == 0, result.stderr
    assert "--otlp: " in result.stderr
    assert "was not taken" in result.stderr
    assert run_cli(home, "run", preset, "--headless", "--otlp", "nowhere").code == 2


@pytest.mark.slow
def test_while_it_runs_a_collector_gets_counts_and_histograms(home: Home, demo: Demo) -> None:
    home.extra["OTEL_METRIC_EXPORT_INTERVAL"] = "1000"
    with _collector() as collector:
        url = f"http://127.0.0.1:{collector.server_address[1]}"
        load = ("--rate", "50", "-d", "3s", "--warmup", "0s")
        result = run_cli(home, "run", f"{demo.url}/health", *load, "--format", "json", "--otlp", url)
    pushed = [request.resource_metrics[0] for _, _, request in collector.got]
    live = [{metric.name: metric for metric in whole.scope_metrics[0].metrics} for whole in pushed]
    live = [metrics for metrics in live if "perftui.requests" in metrics]
    assert len(live) >= 2, result.stderr
    ok = [next(iter(metrics["perftui.requests"].sum.data_points)).as_int for metrics in live]
    assert ok == sorted(ok)
    total = result.record.summary.total
    assert ok[-1] == total.counts.ok
    [point] = live[-1]["perftui.response_time.distribution"].histogram.data_points
    assert point.count == sum(point.bucket_counts) == total.response_time_ms.count
    assert len(point.bucket_counts) == len(point.explicit_bounds) + 1
    assert point.sum / point.count == pytest.approx(total.response_time_ms.mean, rel=0.01)
    assert all(whole.resource.attributes == pushed[0].resource.attributes for whole in pushed)
