"""Random bytes as responses: every request ends once, in a class of the list, whatever comes."""

from __future__ import annotations

from itertools import islice, pairwise
from time import perf_counter_ns

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perftui.engine.clients.http.connection import Connection
from support.fault_server import OK
from support.fuzzed_answers import FRAGMENTS, OPERATIONS, Bench, Transport, damaged_responses

pytestmark = pytest.mark.slow

BATCH = 500
COUNT = 20_000
"""A million: python tests/benchmarks/fuzz.py "HTTP answers"."""
RESPONSES = st.one_of(st.binary(max_size=200), st.lists(st.sampled_from(FRAGMENTS), max_size=12).map(b"".join))


@pytest.mark.parametrize("kind", OPERATIONS)
@settings(max_examples=150)
@given(data=RESPONSES, cuts=st.lists(st.integers(0, 4096), max_size=4), first=st.sampled_from([b"", OK]))
def test_random_responses(kind: str, data: bytes, cuts: list[int], first: bytes) -> None:
    bench = Bench(OPERATIONS[kind])
    bench.exchange(data, cuts, first)
    bench.assert_conserved()


@pytest.mark.parametrize("kind", OPERATIONS)
def test_thousands_of_damaged_responses(kind: str) -> None:
    """A quarter of them for each operation; counts are added up per batch, which is ten times as fast as one by one."""
    responses = damaged_responses(seed=kind)
    for _ in range(COUNT // len(OPERATIONS) // BATCH):
        batch = list(islice(responses, BATCH))
        bench = Bench(OPERATIONS[kind])
        try:
            for response in batch:
                bench.exchange(*response)
            bench.assert_conserved()
        except Exception:
            for response in batch:  # pytest shows which one
                alone = Bench(OPERATIONS[kind])
                alone.exchange(*response)
                alone.assert_conserved()
            raise


@settings(max_examples=100)
@given(cuts=st.lists(st.integers(0, 4096), max_size=6), body=st.binary(max_size=300), chunked=st.booleans())
def test_good_responses_in_any_pieces(cuts: list[int], body: bytes, chunked: bool) -> None:  # noqa: FBT001 - by hypothesis
    if chunked:
        half = len(body) // 2
        pieces = [piece for piece in (body[:half], body[half:]) if piece]
        coded = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        data = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + coded
    else:
        data = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    bench = Bench(OPERATIONS["plain"])
    connection, transport = Connection(bench.pool), Transport()
    bench.pool.lanes.add(connection)
    connection.transport, connection.write = transport, transport.write
    for _ in range(2):
        bench.request(connection)
        places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
        for start, end in pairwise(places):
            if start < end:
                connection.take(data[start:end], perf_counter_ns())
    counts = bench.counts()
    assert counts.ok == counts.scheduled == 2
    assert bench.ended == [None, None]
    assert not transport.closed
