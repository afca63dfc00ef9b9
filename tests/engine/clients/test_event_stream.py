"""Reading streams of events: the same events, wherever the bytes are cut."""

from __future__ import annotations

import time
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.engine.clients.events.stream import Event, EventParser

STREAM = (
    b"\xef\xbb\xbf: a comment\n\ndata: one\n\nevent: price\r\ndata: two\r\ndata:  three\r\nid: 7\r\n\r\n"
    b"data\r\rretry: 10\n\nevent: nothing\n\ndata: \xc3\xa9\xff\n\ndata: unfinished"
)
EVENTS = [
    Event("message", "one"),
    Event("price", "two\n three"),
    Event("message", ""),
    Event("message", "é\ufffd"),
]


def test_what_the_standard_says() -> None:
    assert EventParser().feed(STREAM) == EVENTS


@given(st.lists(st.integers(min_value=0, max_value=len(STREAM)), max_size=30))
def test_cuts_change_nothing(places: list[int]) -> None:
    parser, found, ends = EventParser(), [], sorted({0, *places, len(STREAM)})
    for start, end in pairwise(ends):
        found += parser.feed(STREAM[start:end])

    assert found == EVENTS


@pytest.mark.parametrize("piece", [b"data: x", b"data: x\n", b": comment without end"])
def test_what_is_not_complete_is_known(piece: bytes) -> None:
    parser = EventParser()
    for _ in range(1000):
        assert parser.feed(piece) == []

    assert parser.held >= 1000 * len(piece) - 3
    assert parser.feed(b"\n\n") != [] or piece.startswith(b":")
    assert parser.held == 0


def test_a_line_without_end_takes_time_in_proportion() -> None:
    parser, before_s = EventParser(), time.process_time()
    for _ in range(100_000):
        assert parser.feed(b"data: " * 20) == []

    assert time.process_time() - before_s < 3
    assert parser.held == 12_000_000
