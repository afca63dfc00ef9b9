"""Bytes of other protocols that are nearly right, each given to whoever reads them: questions end once, in a class."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from itertools import pairwise
from struct import pack
from time import perf_counter_ns
from typing import Any, cast

from msgspec.structs import replace

from perftui.engine.clients.captures import CleanUpValues
from perftui.engine.clients.client import Client
from perftui.engine.clients.events.stream import Event, EventParser
from perftui.engine.clients.exchange import ExchangeLane
from perftui.engine.clients.lane import Lane
from perftui.engine.clients.operation import PreparedOperation
from perftui.engine.clients.page.assets import named_in
from perftui.engine.clients.registry import driver_for
from perftui.engine.clients.users import VirtualUser
from perftui.engine.fleet.framing import FramingError, pack_message, worker_unpacker
from perftui.engine.fleet.merge import IntervalMerger
from perftui.engine.fleet.messages import Begin, Command, Failure, Frame, Job, Ready
from perftui.engine.fleet.node_facts import facts
from perftui.engine.fleet.remote import RemoteNode, RemoteSeat
from perftui.engine.load.schedule import Schedule
from perftui.metrics.recorder import CellRecorder
from perftui.model.error_classes import error_class
from perftui.model.interval import ErrorSample, HostSample, WorkerHealth
from perftui.model.plan import PHASES, Check, Load, Operation, Plan, Stage, Target
from perftui.model.text import safe_text
from perftui.presets.values import ValueStream
from support.fuzzed_answers import OPERATIONS, Bench, Transport


class Asked:
    """A lane of a store whose bytes come from the test, and what became of its one question."""

    def __init__(self, url: str, request: dict[str, Any], lane: type[ExchangeLane]) -> None:
        name = "sql" if "sql" in request else url.partition(":")[0]
        plan = Plan(
            name="fuzz",
            target=Target(url=url),
            load=Load(stages=(Stage(duration_s=1, to=1),)),
            operations=(Operation(name="ask", driver=name, request=request),),
        )
        self.cell = CellRecorder("ask", "measure", rate_mode=False)
        self.failures: list[str | None] = []
        driver = driver_for(plan.target)
        preparer = driver.preparer(plan, ValueStream(), {}, CleanUpValues(frozenset()))
        cells = dict.fromkeys(PHASES, self.cell)
        checked = replace(plan.operations[0], checks=(Check(contains="a"), Check(json="$[0]", min_rows=1)))
        self.operations = [preparer.prepare(one, cells, in_journey=False) for one in (plan.operations[0], checked)]
        loop = cast("asyncio.AbstractEventLoop", None)  # nothing is opened
        self.pool: Any = driver.connect(loop, plan, (("127.0.0.1", 1),), most=9, done=self._done, sample=self._sample)
        self._lane = lane

    def _done(self, _client: Client, _lane: Lane | None, _user: VirtualUser | None, failure: str | None) -> None:
        self.failures.append(failure)

    def _sample(self, _operation: object, name: str, detail: str, *_: object) -> None:
        assert error_class(name)
        assert detail == safe_text(detail, 10_000)

    def ask(self, data: bytes, cuts: tuple[int, ...]) -> None:
        """A question of each kind, answered by these bytes in pieces; then the connection ends."""
        for operation in self.operations:
            self._ask(operation, data, cuts)

    def _ask(self, operation: PreparedOperation, data: bytes, cuts: tuple[int, ...]) -> None:
        self.failures.clear()
        lane, transport = self._lane(self.pool), Transport()
        lane.assign(operation, self.cell, operation.request_for(None), 1, None)
        self.pool.lanes.add(lane)
        lane.connection_made(transport)
        places = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
        for start, end in pairwise(places):
            if start < end and not transport.closed:
                lane.take(data[start:end], perf_counter_ns())
        lane.connection_lost(None)
        assert len(self.failures) == 1, self.failures
        assert lane not in self.pool.lanes
        assert self.failures[0] != "client.driver"
        assert self.cell.cut() is not None


def _message(kind: bytes, body: bytes = b"") -> bytes:
    """One of PostgreSQL's."""
    return kind + pack("!i", 4 + len(body)) + body


_COLUMN = b"n\0" + pack("!ihihih", 0, 0, 23, 4, -1, 0)
_ROW = _message(b"D", pack("!h", 1) + pack("!i", 2) + b"42")
_READY = _message(b"Z", b"I")
_SELECTED = (
    _message(b"1") + _message(b"t", pack("!h", 0)) + _message(b"T", pack("!h", 1) + _COLUMN) + _message(b"2")
    + _ROW * 3 + _message(b"C", b"SELECT 3\0") + _READY
)  # fmt: skip
_REFUSED = _message(b"E", b"SERROR\0VERROR\0C42P01\0Mno such table\0\0") + _READY


@cache
def _redis() -> Asked:
    from perftui.engine.clients.redis.connection import RedisConnection

    return Asked("redis://127.0.0.1", {"redis": ["GET", "a"]}, RedisConnection)


@cache
def _memcached() -> Asked:
    from perftui.engine.clients.memcached.connection import MemcachedConnection

    return Asked("memcached://127.0.0.1", {"memcached": ["get", "a"]}, MemcachedConnection)


@cache
def _postgresql() -> Asked:
    from perftui.engine.clients.sql.postgresql_connection import PostgresqlConnection

    return Asked("postgresql://me@127.0.0.1/a", {"sql": "select n from t"}, PostgresqlConnection)


def _use(asked: Callable[[], Asked]) -> Callable[[bytes], None]:
    def use(data: bytes) -> None:
        asked().ask(data, ())
        asked().ask(data, (len(data) // 3, len(data) // 2))

    return use


def _use_stream(data: bytes) -> None:
    whole, cut = EventParser(), EventParser()
    found: list[Event] = whole.feed(data)
    third = len(data) // 3
    assert cut.feed(data[:third]) + cut.feed(data[third:]) == found
    assert whole.held <= len(data)


def _use_document(data: bytes) -> None:
    assert all(url.startswith("http") for url in named_in(data.decode("utf-8", "replace"), "http://a/").assets)


@cache
def _node() -> RemoteNode:
    return RemoteNode("a", None, facts())


def _use_frames(data: bytes) -> None:
    """As the runner reads a worker, and a worker its runner."""
    with suppress(FramingError):
        worker_unpacker().feed(data)
    seat = RemoteSeat(0, _node())
    seat.take({"seq": 0, "message": data})
    while seat._get.statistics().current_buffer_used:
        message = seat._get.receive_nowait()
        if isinstance(message, Failure):
            assert message.message == safe_text(message.message, 10_000)
        if isinstance(message, Frame):
            merger = IntervalMerger(Schedule(_PLAN.load), 0)
            merger.add(message)
            merger.add(message)
            merger.take(1_000_000_000, HostSample(), final=True)
    seat._put.close()
    seat._get.close()


_PLAN = Plan(name="a", target=Target(url="http://a"), load=Load(stages=(Stage(duration_s=1, to=1),)))


def _frames() -> list[bytes]:
    health = WorkerHealth(worker=0)
    sample = ErrorSample(error_class="timeout", operation="a", at_s=1.0, detail="x", response_head="HTTP/1.1 500")
    bench = Bench(OPERATIONS["checked"])
    for body in (b"b", b'{"a": 1}'):
        bench.exchange(b"HTTP/1.1 200 OK\r\nX: ccc\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body), [], b"")
    cut = bench.operations.cut()
    assert cut.pack()
    measured = Frame(worker=0, seq=1, start_ns=1, end_ns=2, level=1.0, health=health, cells=cut.cells)
    return [
        *[pack_message(measured)] * 4,
        pack_message(Ready(pid=1)),
        pack_message(Failure(message="no")),
        pack_message(
            Frame(worker=0, seq=1, start_ns=1, end_ns=2, level=1.0, health=health, error_samples=(sample,), final=True)
        ),
        pack_message(Begin(origin_ns=5)) + pack_message(Command(kind="scale", at_ns=5, factor=2.0)),
        pack_message(Job(worker=0, workers=1, plan=_PLAN, addresses={"": (("127.0.0.1", 1),)})),
    ]


EXAMPLES: dict[str, tuple[Callable[[], list[bytes]], Callable[[bytes], None]]] = {
    "Redis answers": (
        lambda: [
            b"+OK\r\n", b"$5\r\nhello\r\n", b":42\r\n", b"*2\r\n$1\r\na\r\n*1\r\n:1\r\n", b"$-1\r\n", b"-ERR no\r\n",
            b"%1\r\n+a\r\n,1.5\r\n", b">2\r\n+x\r\n+y\r\n$1\r\na\r\n", b"#t\r\n", b"(123456789012345678901\r\n",
        ],
        _use(_redis),
    ),
    "Memcached answers": (
        lambda: [
            b"VALUE a 0 5\r\nhello\r\nEND\r\n", b"END\r\n", b"STORED\r\n", b"SERVER_ERROR no\r\n", b"ERROR\r\n",
            b"VALUE a 0 1 7\r\nx\r\nVALUE b 0 0\r\n\r\nEND\r\n", b"42\r\n", b"VERSION 1.6\r\n",
        ],
        _use(_memcached),
    ),
    "PostgreSQL answers": (lambda: [_SELECTED, _REFUSED, _message(b"N", b"Mhello\0\0") + _SELECTED], _use(_postgresql)),
    "event streams": (
        lambda: [b"\xef\xbb\xbf: hi\n\ndata: one\ndata: two\n\nevent: x\r\ndata: 3\r\n\r\nretry: 1\r\rdata\r\r"],
        _use_stream,
    ),
    "documents": (
        lambda: [
            b"<!doctype html><base href=/a/><title>x</title><link rel=stylesheet href=b.css><script src=c></script>",
            b"<picture><source srcset='a 1w, b 2w' media='(min-width: 3em)'><img src=c sizes='50vw'></picture>",
            b"<svg><use xlink:href='#a'/></svg><iframe srcdoc='&lt;img src=x&gt;'></iframe><audio autoplay><source>",
            b"<!-- <img> --><noscript><img src=n></noscript><template><img src=t></template><object data=o></object>",
        ],
        _use_document,
    ),
    "worker messages": (_frames, _use_frames),
}  # fmt: skip
"""By kind: examples, and who reads them."""
