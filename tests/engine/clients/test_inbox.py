"""What several connections have read in one turn of the event loop: each with its own time, and none of it lost."""

from __future__ import annotations

import asyncio
import time
from time import perf_counter_ns

import pytest

from perftui.engine.clients.client import Client
from perftui.engine.clients.http.connection import Connection
from perftui.engine.clients.http.operation import HttpOperation
from perftui.engine.clients.http.pool import HttpPool
from perftui.engine.clients.inbox import FEW, MOST_PIECES
from perftui.engine.clients.lane import Lane
from perftui.engine.clients.users import VirtualUser
from perftui.engine.worker.operations import Operations
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.presets.values import ValueStream
from support.fault_server import OK
from support.fuzzed_answers import Transport

pytestmark = pytest.mark.anyio

WORK_S = 0.03


class Served:
    """Connections with a request on its way each; what answers they get, the test says."""

    def __init__(self, count: int = FEW) -> None:
        plan = Plan(
            name="turn", target=Target(url="http://a"), load=Load(stages=(Stage(duration_s=1, to=1),)),
            operations=(Operation(name="get", path="/"),),
        )  # fmt: skip
        operations = Operations(plan, ValueStream(), {})
        operation = operations.all[0]
        assert isinstance(operation, HttpOperation)
        self.cell = operation.cell
        self.ended: list[str | None] = []
        self.work_s = 0.0
        self.pool = HttpPool(
            asyncio.get_running_loop(), plan.target, (), most=count, done=self._done, sample=lambda *_: None
        )
        self.connections = []
        for _ in range(count):
            connection = Connection(self.pool)
            self.pool.lanes.add(connection)
            connection.assign(operation, self.cell, operation.request_for(None), 0, None)
            connection.connection_made(Transport())
            self.connections.append(connection)

    def _done(self, _client: Client, _lane: Lane | None, _user: VirtualUser | None, failure: str | None) -> None:
        self.ended.append(failure)
        time.sleep(self.work_s)


async def test_no_answer_waits_for_the_work_on_those_before_it() -> None:
    served = Served()
    served.work_s = WORK_S
    for connection in served.connections[:3]:
        connection.data_received(OK)
    assert served.ended == []
    await asyncio.sleep(0)
    assert served.ended == [None] * 3
    took_s = [value_ns / 1e9 for value_ns in (*served.cell.plain, *served.cell.others)]
    assert len(took_s) == 3
    assert max(took_s) - min(took_s) < WORK_S  # the last waited for the work on two others to be looked at


async def test_an_answer_that_came_before_the_end_of_its_connection_counts() -> None:
    served = Served()
    connection = served.connections[0]
    connection.data_received(OK)
    connection.connection_lost(None)
    assert served.ended == [None]
    assert connection not in served.pool.lanes


async def test_an_answer_that_came_is_not_given_up() -> None:
    served = Served()
    in_time, *late = served.connections
    in_time.data_received(OK)
    served.pool.expire(perf_counter_ns() + 3600 * 10**9)
    assert served.ended == [None, *["timeout"] * len(late)]
    assert served.pool.lanes == {in_time}

    served = Served()
    served.connections[0].data_received(OK)
    served.pool.cancel()
    assert served.ended == [None]
    assert served.cell.cancelled == FEW - 1


async def test_the_rest_of_an_answer_that_was_given_up_is_nothing_stray() -> None:
    served = Served()
    connection = served.connections[0]
    connection.served = 1
    connection.data_received(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
    connection.data_received(b"more")
    await asyncio.sleep(0)
    assert served.ended == [None]
    assert served.cell.noted == {}


async def test_pieces_are_looked_at_in_order_and_few_are_held() -> None:
    served = Served()
    connection = served.connections[0]
    body = b"0123456789" * 50
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    most = 0
    for byte in answer:
        connection.data_received(bytes((byte,)))
        most = max(most, len(served.pool.inbox.pieces))
    await asyncio.sleep(0)
    assert most == MOST_PIECES
    assert served.ended == [None]
    assert served.cell.received == len(answer)


async def test_few_connections_wait_for_nobody() -> None:
    served = Served(FEW - 1)
    for connection in served.connections:
        connection.data_received(OK)
    assert served.ended == [None] * (FEW - 1)
    assert served.pool.inbox.pieces == []
