"""Damaged answers, run files, journals, presets, imports and control messages: refused in words, whatever they hold.

A million of each: python tests/benchmarks/fuzz.py
"""

from __future__ import annotations

import time
from itertools import islice

import pytest

from support.damaged import KINDS, examples_of, try_out

pytestmark = pytest.mark.slow

COUNTS = {
    "HTTP answers": 500, "journal lines": 500, "control messages": 1_000, "run files": 100, "presets": 250,
    "imports": 200, "Redis answers": 500, "Memcached answers": 500, "PostgreSQL answers": 500, "event streams": 1_000,
    "documents": 1_000, "worker messages": 1_000, "WebSocket frames": 100,
    "MySQL answers": 300,
}  # fmt: skip
"""As many as take a second or so each; CI tries ten thousand of every kind, and so can a million be."""


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_is_damaged_is_refused_in_words(kind: str) -> None:
    for data in islice(examples_of(kind, seed="suite"), COUNTS[kind]):
        try:
            try_out(kind, data)
        except Exception as error:
            raise AssertionError(f"{kind}: {type(error).__name__} for {data[:3000]!r}") from error


def test_a_length_without_end_in_pieces_makes_no_room() -> None:
    """Found by a long look: the start of the number was forgotten, and hiredis made room for two billion members."""
    before_s = time.process_time()
    try_out("Redis answers", b"*2\r\n$1\r\na\r\n*1854775808\r\n:9223372036854775808")
    try_out("Redis answers", b"%1\r\n%1\r\n+a\r\n:1\r\n:2\r\n")
    try_out("worker messages", b"\0\0\0\x11\x82\xa4type\xa5rea\xbd\x87\xa3pid\x01")

    assert time.process_time() - before_s < 3
