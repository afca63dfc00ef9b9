"""WebSocket conversations beyond what every driver must do: close codes, parts of messages, pushes, waiting users."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from websockets.asyncio.server import ServerConnection
from websockets.http11 import Request, Response

from perftui.demo.server import Demo
from perftui.engine.clients.captures import CleanUpValues
from perftui.engine.clients.client import Client
from perftui.engine.clients.lane import Lane
from perftui.engine.clients.registry import driver_for
from perftui.engine.clients.resolve import resolve
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.metrics.recorder import CellRecorder
from perftui.model.errors import UnreachableError, UsageError
from perftui.model.plan import PHASES, Plan
from perftui.presets.loading import parse_preset
from perftui.presets.values import ValueStream
from support.chat_server import chat_server
from support.short_runs import ran


def plan_of(url: str, operation: str, *, users: int = 2, more: str = "max_requests = 6", target: str = "") -> Plan:
    text = f'schema = 1\nname = "chat"\n[target]\nurl = "{url}"\n{target}\n'
    text += f'[load]\nusers = {users}\nduration = "20s"\n{more}\n[[operations]]\nname = "say"\n{operation}\n'
    return parse_preset(text, "chat.toml")


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 4321])
def test_the_code_of_a_close_is_the_class_of_the_error(code: int) -> None:
    with chat_server() as server:
        record = ran(plan_of(f"ws://127.0.0.1:{server.port}", f'ws = "close {code}"'))

    assert record.summary.total.error_classes == {f"ws.{code}": 6}


@pytest.mark.slow
def test_messages_in_parts_are_one_and_a_push_is_no_answer() -> None:
    with chat_server() as server:
        url = f"ws://127.0.0.1:{server.port}"
        parts = ran(plan_of(url, 'ws = "parts please"\nchecks = [{ equals = "abc" }]'))
        matched = ran(plan_of(url, 'ws = { id = "${seq}" }\nmatch = "$.id"\nchecks = [{ json = "$.said" }]'))
        counted = ran(plan_of(url, 'ws = { id = 1 }\nexpect = 2\nchecks = [{ json = "$.said" }]'))

    assert [record.whole_run.ok for record in (parts, matched, counted)] == [6, 6, 6]


@pytest.mark.parametrize(
    ("operation", "binary"),
    [
        ('ws = "AAEC/w=="\nbinary = "base64"\nchecks = [{ min_bytes = 4, max_bytes = 4 }]', True),
        ('ws = "0001 02ff"\nbinary = "hex"\nchecks = [{ min_bytes = 4, max_bytes = 4 }]', True),
        ('ws = "seven ${seq}"\nbinary = "utf-8"\nchecks = [{ contains = "seven " }]', True),
        ('ws = { id = 7 }\nbinary = "utf-8"\nmatch = "$.id"\nchecks = [{ json = "$.said" }]', True),
        ('ws = "seven ${seq}"\nchecks = [{ matches = "seven [0-9]+" }]', False),
    ],
)
def test_messages_are_bytes_where_a_preset_says_so(operation: str, *, binary: bool) -> None:
    with chat_server() as server:
        record = ran(plan_of(f"ws://127.0.0.1:{server.port}", operation))

    assert (record.whole_run.ok, server.messages, server.binary) == (6, 6, 6 if binary else 0)


def test_a_text_that_spells_no_bytes_is_said_before_the_start() -> None:
    with chat_server() as server, pytest.raises(UsageError, match="binary = 'hex', which 'xyz' is not"):
        run_plan(RunRequest(plan=plan_of(f"ws://127.0.0.1:{server.port}", 'ws = "xyz"\nbinary = "hex"')))


def test_a_user_keeps_its_connection_and_sends_the_headers_of_the_preset() -> None:
    with chat_server() as server:
        url = f"ws://127.0.0.1:{server.port}"
        target = 'headers = { X-Kind = "shop" }\nauth = { bearer = "word" }'
        record = ran(plan_of(url, 'ws = "hi"', more="max_requests = 40", target=target))

    assert record.whole_run.ok == server.messages == 40
    assert server.connections <= 4  # two users, and the look before the start
    assert server.headers[-1]["X-Kind"] == "shop"
    assert server.headers[-1]["Authorization"] == "Bearer word"


def test_a_hundred_users_hold_their_connections_and_say_nothing() -> None:
    with chat_server() as server:
        url = f"ws://127.0.0.1:{server.port}"
        operation = 'ws = ""\nexpect = 0\nhold = "1s"'
        record = ran(plan_of(url, operation, users=100, more="max_requests = 100", target='timeout = "30s"'))

    assert record.whole_run.ok == 100
    assert server.most_open >= 100
    assert server.messages == 0


def test_a_message_without_end_is_refused() -> None:
    with chat_server() as server:
        target = 'max_body = "64KiB"'
        record = ran(plan_of(f"ws://127.0.0.1:{server.port}", 'ws = "flood 200000"', target=target))

    (error_class,) = record.summary.total.error_classes
    assert error_class in {"body_too_large", "ws.1006", "ws.1009"}


def test_a_server_that_speaks_no_websocket_is_said_before_the_start(demo_url: str) -> None:
    with pytest.raises(UnreachableError, match="handshake was answered with status"):
        run_plan(RunRequest(plan=plan_of(demo_url.replace("http://", "ws://"), 'ws = "hi"')))


@pytest.mark.slow
def test_a_service_that_wants_a_token_first_is_started_on_all_the_same() -> None:
    def refuse(connection: ServerConnection, request: Request) -> Response | None:
        known = request.headers.get("Authorization", "").startswith("Bearer token-")
        return None if known else connection.respond(401, "log in first")

    with chat_server(process_request=refuse) as server:
        url = f"ws://127.0.0.1:{server.port}"
        record = ran(plan_of(url, 'ws = "hi"\nheaders = { Authorization = "Bearer token-${uuid}" }'))
        refused = ran(plan_of(url, 'ws = "hi"\nheaders = { Authorization = "Bearer ${uuid}" }'))

    assert record.whole_run.ok == 6
    assert refused.summary.total.error_classes == {"http.401": 6}


def test_what_is_pushed_to_an_idle_connection_is_counted_and_not_kept(demo: Demo) -> None:
    """In a chat room everybody hears everything: connections that nobody uses would fill up with it."""
    plan = plan_of(demo.url.replace("http", "ws", 1), 'path = "/chat"\nws = { id = "${seq}", say = "x" }')
    received = asyncio.run(_heard_by_two(plan, 40))

    assert [held for held, _ in received] == [0, 0]
    assert min(count for _, count in received) >= 40


async def _heard_by_two(plan: Plan, requests: int) -> list[tuple[int, int]]:
    """Two connections, of which one is used; messages that each holds, and has received."""
    loop = asyncio.get_running_loop()
    end = asyncio.Event()
    cell = CellRecorder("", "measure", rate_mode=False)
    driver = driver_for(plan.target)
    preparer = driver.preparer(plan, ValueStream(), {}, CleanUpValues(frozenset()))
    operation = preparer.prepare(plan.operations[0], dict.fromkeys(PHASES, cell), in_journey=False)

    def done(client: Client, lane: Lane | None, *_: object) -> None:
        client.release(lane)
        end.set()

    client = driver.connect(loop, plan, await resolve(plan.target), most=2, done=done, sample=lambda *_: None)
    try:
        client.submit(operation, cell, 0, None)
        client.submit(operation, cell, 0, None)
        for _ in range(requests):
            while client.in_flight:
                end.clear()
                await end.wait()
            client.submit(operation, cell, 0, None)
        listeners = [lane.session.listener for lane in cast("Any", client).lanes]
        while min(listener.received for listener in listeners) < requests:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        return [(len(listener.messages), listener.received) for listener in listeners]
    finally:
        await client.close()
