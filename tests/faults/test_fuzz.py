"""Damaged answers, run files, journals, presets, imports and control messages: refused in words, whatever they hold.

A million of each: python tests/benchmarks/fuzz.py
"""

from __future__ import annotations

from itertools import islice

import pytest

from support.damaged import KINDS, examples_of, try_out

pytestmark = pytest.mark.slow

COUNTS = {
    "HTTP answers": 1_000, "journal lines": 10_000, "control messages": 10_000, "run files": 1_000, "presets": 1_000,
    "imports": 500, "Redis answers": 2_000, "Memcached answers": 2_000, "PostgreSQL answers": 2_000,
    "event streams": 2_000, "documents": 2_000, "worker messages": 2_000,
    "WebSocket frames": 300,
}  # fmt: skip
"""As many as take a second or two each; CI tries ten thousand of every kind, and so can a million be."""


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_damaged_is_refused_in_words(kind: str) -> None:
    for data in islice(examples_of(kind, seed="suite"), COUNTS[kind]):
        try:
            try_out(kind, data)
        except Exception as error:
            raise AssertionError(f"{kind}: {type(error).__name__} for {data[:3000]!r}") from error
