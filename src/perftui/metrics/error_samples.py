"""One sample per kind of failure, in bounded memory."""

from __future__ import annotations

import re

import msgspec

from perftui.model.interval import ErrorSample

MOST_SIGNATURES = 50
OTHER = "other"
_VARYING = re.compile(r"0x[0-9a-fA-F]+|[0-9a-fA-F]{8,}|\d+")
Signature = tuple[str, str, int, str]
"""Error class, operation, status, detail without what varies."""


class ErrorSamples:
    """At most 50 signatures, then `other`."""

    def __init__(self) -> None:
        self._samples: dict[Signature, ErrorSample] = {}
        self._counts: dict[Signature, int] = {}
        self._sent: dict[Signature, int] = {}

    def count(self, error_class: str, operation: str, status: int, detail: str) -> Signature | None:
        """Count a failure; returns its signature when a sample of it is still wanted."""
        signature = (error_class, operation, status, _VARYING.sub("#", detail[:200]))
        seen = self._counts.get(signature)
        if seen is None and len(self._counts) >= MOST_SIGNATURES:
            signature = (OTHER, "", 0, "")
            seen = self._counts.get(signature)
        self._counts[signature] = (seen or 0) + 1
        return None if seen else signature

    def keep(self, signature: Signature, sample: ErrorSample) -> None:
        """Keep the sample of a signature that `count` asked for."""
        self._samples[signature] = sample

    def take(self, *, final: bool = False) -> tuple[ErrorSample, ...]:
        """Samples that are new or twice as frequent as when last taken; with `final`, every one whose count changed."""
        taken = []
        for signature, sample in self._samples.items():
            count, sent = self._counts[signature], self._sent.get(signature, 0)
            if count >= 2 * sent if not final else count > sent:
                self._sent[signature] = count
                taken.append(msgspec.structs.replace(sample, count=count))
        return tuple(taken)
