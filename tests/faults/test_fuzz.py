"""Damaged answers, run files, journals, presets, imports and control messages: refused in words, whatever they hold.

A million of each: python tests/benchmarks/fuzz.py
"""

from __future__ import annotations

from itertools import islice

import pytest

from support.damaged import KINDS, examples_of, try_out

pytestmark = pytest.mark.slow

COUNTS = {
    "HTTP answers": 500, "journal lines": 500, "control messages": 1_000, "run files": 100, "presets": 250,
    "imports": 200,
}  # fmt: skip
"""As many as take a second or so each; CI tries ten thousand of every kind, and so can a million be."""


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_damaged_is_refused_in_words(kind: str) -> None:
    for data in islice(examples_of(kind, seed="suite"), COUNTS[kind]):
        try:
            try_out(kind, data)
        except Exception as error:
            raise AssertionError(f"{kind}: {type(error).__name__} for {data[:3000]!r}") from error
