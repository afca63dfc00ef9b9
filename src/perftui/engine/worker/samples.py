"""One exchange of every kind of failure, for people to look at: safe to print, secrets blanked out."""

from __future__ import annotations

from time import perf_counter_ns
from typing import TYPE_CHECKING

from perftui.engine.clients.operation import Sent
from perftui.metrics.error_samples import ErrorSamples
from perftui.model.interval import ErrorSample
from perftui.model.text import safe_text
from perftui.presets.redaction import Redactor

if TYPE_CHECKING:
    from perftui.engine.clients.lane import Lane
    from perftui.engine.clients.operation import PreparedOperation

BODY_START_CHARACTERS = 500
_HEAD_CHARACTERS = 2000
_MOST_HEADERS = 50


class Sampler:
    """Counts failures by kind and keeps the first exchange of each."""

    def __init__(self, secrets: tuple[str, ...], secret_headers: tuple[str, ...] = ()) -> None:
        self._secrets = secrets
        self._secret_headers = secret_headers
        self._redactor = Redactor(secrets, secret_headers)
        self._samples = ErrorSamples()
        self.origin_ns = 0

    def add_secrets(self, secrets: tuple[str, ...]) -> None:
        """Blank out these values as well from now on."""
        self._secrets += secrets
        self._redactor = Redactor(self._secrets, self._secret_headers)

    def __call__(
        self,
        operation: PreparedOperation,
        error_class: str,
        detail: str,
        lane: Lane | None,
        elapsed_ns: int,
    ) -> None:
        """A request failed. The lane still holds what was sent and what came."""
        response = None if lane is None else lane.response
        status = response.status if response is not None else 0
        signature = self._samples.count(error_class, operation.name, status, detail)
        if signature is None:
            return
        sent = Sent() if lane is None or lane.request is None else operation.describe(lane.request)
        response_head = "" if response is None else response.head_text()
        body = "" if response is None else response.body[: BODY_START_CHARACTERS * 4].decode("utf-8", "replace")
        scrub = self._redactor.text
        self._samples.keep(
            signature,
            ErrorSample(
                error_class=error_class,
                operation=operation.name,
                at_s=(perf_counter_ns() - self.origin_ns) / 1e9,
                detail=safe_text(scrub(detail)),
                status=status,
                request_line=safe_text(scrub(sent.line)),
                request_headers=tuple(
                    (safe_text(name), safe_text(scrub(value)))
                    for name, value in self._redactor.headers(sent.headers[:_MOST_HEADERS])
                ),
                response_head=safe_text(scrub(response_head), _HEAD_CHARACTERS),
                body_start=safe_text(scrub(body), BODY_START_CHARACTERS),
                service_time_ms=elapsed_ns / 1e6,
            ),
        )

    def told(self, text: str) -> str:
        """A text that may be told: safe to print, secrets blanked out."""
        return safe_text(self._redactor.text(text))

    def take(self, *, final: bool) -> tuple[ErrorSample, ...]:
        """Samples that are new or have become much more frequent."""
        return self._samples.take(final=final)
