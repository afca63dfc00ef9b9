"""`--otlp URL`: what was measured goes to a collector, when somebody says so. OTEL_EXPORTER_OTLP_HEADERS is heeded."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from perftui.cli.failures import tell
from perftui.model.errors import PerftuiError, UsageError
from perftui.model.record import Record
from perftui.model.text import safe_text
from perftui.model.units import whole_number
from perftui.presets.texts import url_problem

_PATH = "/v1/metrics"
_TIMEOUT_S = 10.0
_EVERY_S = 10.0
_LEAST_EVERY_S = 1.0


def check_otlp(url: str) -> None:
    """Find out before a run whether it can be pushed.

    Raises:
        UsageError: the URL is none, or the extra is missing.
    """
    if not url:
        return
    if problem := url_problem(url):
        raise UsageError(f"--otlp: {problem}")
    from perftui.engine.clients.host_class import classify

    if classify(urlsplit(url).hostname or "") == "refused":
        raise UsageError("--otlp: is a metadata, multicast or broadcast address; it is never asked")
    try:
        import opentelemetry.proto.collector.metrics.v1.metrics_service_pb2  # noqa: F401 - whether it is there
    except ModuleNotFoundError as error:
        raise UsageError("--otlp needs a package more: pip install 'perftui[otlp]'") from error


def push(url: str, records: Iterable[Record], environment: Mapping[str, str] = os.environ) -> None:
    """Push each run; one that cannot be pushed is said and changes no exit code: the run itself is saved."""
    if not url:
        return
    from perftui.report.otlp import metrics_request

    for record in records:
        if problem := _send(url, metrics_request(record).SerializeToString(), environment):
            tell(f"--otlp: {record.id} was not taken: {problem}")


class LivePush:
    """Pushes a run while it goes on, from a thread that follows its journal; a last time when it has ended."""

    def __init__(self, url: str, environment: Mapping[str, str] = os.environ) -> None:
        """Push nothing yet.

        Args:
            url: of the collector; empty: nothing is ever pushed.
            environment: OTEL_METRIC_EXPORT_INTERVAL says how often, in milliseconds.
        """
        self._url = url
        self._environment = environment
        every_ms = whole_number(environment.get("OTEL_METRIC_EXPORT_INTERVAL", ""))
        self._every_s = _EVERY_S if every_ms is None else max(_LEAST_EVERY_S, every_ms / 1e3)
        self._over = threading.Event()
        self._thread: threading.Thread | None = None

    def follow(self, find: Callable[[], Path]) -> None:
        """Begin.

        Args:
            find: says the run's folder; may wait for it, and raise PerftuiError when there is none.
        """
        if self._url:
            self._thread = threading.Thread(target=self._run, args=(find,), name="otlp", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """The run is over, or is not looked at any more."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(_TIMEOUT_S + 1)

    def _run(self, find: Callable[[], Path]) -> None:
        from perftui.metrics.timeline import Timeline
        from perftui.report.otlp import live_request
        from perftui.store.journal import JournalFollower

        told = False
        with suppress(PerftuiError):  # there is no run, or it cannot be read: whoever shows it says so
            follower, timeline = JournalFollower(find()), Timeline()
            is_last = False
            while not is_last:
                is_last = self._over.wait(self._every_s)
                for line in follower.lines():
                    timeline.add(line)
                if timeline.header is None or timeline.last_interval is None:
                    continue
                body = live_request(timeline.header, timeline).SerializeToString()
                problem = _send(self._url, body, self._environment)
                if problem and not told and not is_last:
                    tell(f"--otlp: not taken, trying again every {self._every_s:g} s: {problem}")
                told = bool(problem)


def _send(url: str, body: bytes, environment: Mapping[str, str]) -> str:
    """Push one request; why it was not taken."""
    import anyio
    import httpx

    from perftui.engine.clients.guarded_http import GuardedTransport

    where = url if urlsplit(url).path not in {"", "/"} else url.rstrip("/") + _PATH
    headers = {"Content-Type": "application/x-protobuf", **_headers(environment)}

    async def post() -> None:
        async with httpx.AsyncClient(transport=GuardedTransport(), timeout=_TIMEOUT_S, trust_env=False) as client:
            # one deadline over all: a collector that drips holds nobody up; what it says beside its status is not read
            with anyio.fail_after(_TIMEOUT_S):
                async with client.stream("POST", where, content=body, headers=headers) as answer:
                    answer.raise_for_status()

    try:
        anyio.run(post)
    except TimeoutError:
        return f"no answer within {_TIMEOUT_S:g} s"
    except httpx.HTTPStatusError as error:
        return f"status {error.response.status_code}"
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
        return safe_text(str(error)) or type(error).__name__
    return ""


def _headers(environment: Mapping[str, str]) -> dict[str, str]:
    """`key=value,key=value`, with per cent signs for what is special."""
    pairs = (part.partition("=") for part in environment.get("OTEL_EXPORTER_OTLP_HEADERS", "").split(","))
    return {unquote(key.strip()): unquote(value.strip()) for key, separator, value in pairs if separator}
