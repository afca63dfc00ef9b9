"""`--otlp URL`: what was measured goes to a collector, when somebody says so. OTEL_EXPORTER_OTLP_HEADERS is heeded."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, urlsplit

from perftui.cli.failures import tell
from perftui.model.errors import UsageError
from perftui.model.record import Record
from perftui.presets.texts import url_problem

_PATH = "/v1/metrics"
_TIMEOUT_S = 10.0


def check_otlp(url: str) -> None:
    """Find out before a run whether it can be pushed.

    Raises:
        UsageError: the URL is none, or the extra is missing.
    """
    if not url:
        return
    if problem := url_problem(url):
        raise UsageError(f"--otlp: {problem}")
    try:
        import opentelemetry.proto.collector.metrics.v1.metrics_service_pb2  # noqa: F401 - whether it is there
    except ModuleNotFoundError as error:
        raise UsageError("--otlp needs a package more: pip install 'perftui[otlp]'") from error


def push(url: str, records: Iterable[Record], environment: Mapping[str, str] = os.environ) -> None:
    """Push each run; one that cannot be pushed is said and changes no exit code: the run itself is saved."""
    if not url:
        return
    import httpx

    from perftui.report.otlp import metrics_request

    where = url if urlsplit(url).path not in {"", "/"} else url.rstrip("/") + _PATH
    headers = {"Content-Type": "application/x-protobuf", **_headers(environment)}
    for record in records:
        body = metrics_request(record).SerializeToString()
        try:
            httpx.post(where, content=body, headers=headers, timeout=_TIMEOUT_S, trust_env=False).raise_for_status()
        except httpx.HTTPError as error:
            tell(f"--otlp: {record.id} was not taken: {error}")


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    """`key=value,key=value`, with per cent signs for what is special."""
    pairs = (part.partition("=") for part in environment.get("OTEL_EXPORTER_OTLP_HEADERS", "").split(","))
    return {unquote(key.strip()): unquote(value.strip()) for key, separator, value in pairs if separator}
