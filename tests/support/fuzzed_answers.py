"""A connection whose bytes come from a test, and answers that are nearly right, without end."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from time import perf_counter_ns
from typing import cast

from perftui.engine.clients.client import Client
from perftui.engine.clients.http.connection import Connection
from perftui.engine.clients.http.operation import HttpOperation
from perftui.engine.clients.http.pool import HttpPool
from perftui.engine.clients.lane import Lane
from perftui.engine.clients.operation import PreparedOperation
from perftui.engine.clients.users import VirtualUser
from perftui.engine.worker.operations import Operations
from perftui.model.error_classes import error_class
from perftui.model.interval import Counts
from perftui.model.plan import Check, Load, Operation, Plan, Stage, Target
from perftui.presets.values import ValueStream
from support.fault_server import OK

OPERATIONS = {
    "plain": Operation(name="plain"),
    "checked": Operation(
        name="checked", checks=(Check(json="$.a"), Check(contains="b", matches="c+"), Check(header="X"))
    ),
    "head": Operation(name="head", method="HEAD"),
    "post": Operation(name="post", method="POST", body="x"),
}


class Transport(asyncio.Transport):
    """Counts what a connection does with it."""

    def __init__(self) -> None:
        super().__init__()
        self.closed = False
        self.writes = 0

    def write(self, data: object) -> None:
        self.writes += 1

    def abort(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    close = abort


@cache
def prepared(name: str) -> Operations:
    plan = Plan(
        name="fuzz",
        target=Target(url="http://a"),
        load=Load(stages=(Stage(duration_s=1, to=1),)),
        operations=(OPERATIONS[name],),
    )
    return Operations(plan, ValueStream(), {})


class Bench:
    """A connection whose bytes come from the test, and the recorders behind it."""

    def __init__(self, operation: Operation) -> None:
        self.operations = prepared(operation.name)
        first = self.operations.all[0]
        assert isinstance(first, HttpOperation)
        self.operation = first
        self.operation.memo = b""
        self.ended: list[str | None] = []
        self.samples: list[tuple[str, str]] = []
        self.opened: list[Connection] = []
        loop = cast("asyncio.AbstractEventLoop", None)  # nothing is opened: `open` is replaced
        self.pool = HttpPool(loop, Target(url="http://a"), (), most=9, done=self.done, sample=self.sample)
        self.pool.open = self.opened.append  # type: ignore[method-assign,assignment]  # nothing is opened

    def done(self, client: Client, lane: Lane | None, user: VirtualUser | None, failure: str | None) -> None:
        self.ended.append(failure)

    def sample(
        self,
        operation: PreparedOperation,
        error_class: str,
        detail: str,
        lane: Lane | None,
        elapsed_ns: int,
    ) -> None:
        self.samples.append((error_class, detail))

    def request(self, connection: Connection) -> None:
        cell = self.operation.cell
        cell.scheduled += 1
        connection.send(self.operation, cell, self.operation.request_for(None), 1, None)

    def counts(self) -> Counts:
        cut = self.operations.cut()
        assert cut.pack()
        cells = [cell for by_name in cut.cells.values() for cell in by_name.values()]
        for cell in cells:
            assert all(error_class(name) for name in cell.error_classes)
            assert sum(cell.error_classes.values()) == cell.counts.errors + cell.counts.client_errors
        return sum((cell.counts for cell in cells), Counts())

    def exchange(self, data: bytes, cuts: Sequence[int], first: bytes) -> None:
        """One request answered by these bytes in pieces, then the connection ends; perhaps after a good answer."""
        connection, transport = Connection(self.pool), Transport()
        cell = self.operation.cell
        cell.scheduled += 1
        connection.assign(self.operation, cell, self.operation.request_for(None), 1, None)
        self.pool.lanes.add(connection)
        connection.connection_made(transport)
        for piece in (first, data) if first else (data,):
            places = [0, *sorted(cut % (len(piece) + 1) for cut in cuts), len(piece)]
            if connection.operation is None and not transport.closed:
                self.request(connection)
            for start, end in pairwise(places):
                if not transport.closed and start < end:
                    connection.take(piece[start:end], perf_counter_ns())
        if not transport.closed:
            connection.connection_lost(None)
        else:
            connection.connection_lost(ConnectionResetError())
        assert connection not in self.pool.lanes

    def assert_conserved(self) -> None:
        """Every request had one outcome, or is on its way again over a fresh connection."""
        counts = self.counts()
        on_the_way = sum(resent.operation is not None for resent in self.opened)
        assert counts.scheduled == counts.started == counts.finished + on_the_way, (counts, self.ended)
        assert len(self.ended) == counts.finished


FRAGMENTS = [
    b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 ", b"HTTP/1.0 200\r\n", b"HTTP/2 200\r\n", b"200", b"\r\n", b"\r\n\r\n",
    b"\n\n", b"\0", b"abc", OK, b"X: a\r\n b\r\n", b'{"a": 1}', b"X: \x1b]52;c;aGk=\x07\r\n", b"Trailer: X\r\n",
    b"Content-Length: 3\r\n", b"Content-Length: -3\r\n", b"Content-Length: 99999999999999999999\r\n",
    b"Content-Length: 8\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n",
    b"3\r\nabc\r\n", b"0\r\n\r\n", b"ffffffffffffffff\r\n", b"Connection: close\r\n", b"Expect: 100-continue\r\n",
    b"Connection: upgrade\r\nUpgrade: h2c\r\n",
    b"HTTP/1.1 101 X\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 999 X\r\n\r\n",
    b"HTTP/1.1 101 Switching Protocols\r\n\r\n", b"HTTP/1.1 204 No Content\r\n\r\n",
]  # fmt: skip
HEADERS = [fragment for fragment in FRAGMENTS if b": " in fragment and not fragment.startswith(b"HTTP")]


def damaged_responses(seed: str) -> Iterator[tuple[bytes, list[int], bytes]]:
    """Without end: parts of responses, mostly behind a good head, some of their bytes replaced by others, in pieces."""
    chance = random.Random(seed)
    while True:
        parts = chance.choices(FRAGMENTS, k=chance.randrange(1, 9))
        if chance.random() < 0.8:
            parts = [b"HTTP/1.1 200 OK\r\n", *chance.choices(HEADERS, k=chance.randrange(3)), b"\r\n", *parts]
        data = bytearray(b"".join(parts))
        for _ in range(chance.randrange(4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        cuts = [chance.randrange(4096) for _ in range(chance.randrange(4))]
        yield bytes(data), cuts, chance.choice((b"", OK))


def use_answer(data: bytes) -> None:
    """Give one to each kind of operation, whole and cut; every request must end in one outcome."""
    for operation in OPERATIONS.values():
        bench = Bench(operation)
        bench.exchange(data, [len(data) // 3, len(data) // 2], b"")
        bench.exchange(data, [], OK)
        bench.assert_conserved()
