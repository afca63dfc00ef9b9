"""WebSocket servers that break the protocol, and three kinds that keep it: every message has one outcome."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager

import picows
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from perftui.engine.clients.websocket_lane import Listener
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.errors import UnreachableError
from perftui.model.interval import Interval
from perftui.model.journal import JournalLine
from perftui.model.plan import Plan
from perftui.presets.loading import parse_preset
from support.chat_server import chat_server
from support.conservation import assert_conserved
from support.own_loop import own_loop
from support.raw_websocket import ANSWERS, FLOODS, raw_websocket
from support.short_runs import ran


def plan_of(port: int, operation: str, *, users: int = 2, most: int = 6, more: str = "") -> Plan:
    text = f'schema = 1\nname = "chat"\n[target]\nurl = "ws://127.0.0.1:{port}"\ntimeout = "10s"\n{more}\n'
    text += f'[load]\nusers = {users}\nduration = "20s"\nmax_requests = {most}\n'
    return parse_preset(f'{text}[[operations]]\nname = "say"\n{operation}\n', "chat.toml")


_CLASSES = {"protocol", "ws.1002", "ws.1005", "ws.1006", "ws.1009", "body_too_large"}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_server_that_breaks_the_protocol_is_an_error_and_no_more(answer: str) -> None:
    with raw_websocket() as server:
        record = ran(plan_of(server.port, f'ws = "{answer}"', most=4))

    whole = record.whole_run
    assert whole.ok == 0
    assert whole.errors == 4
    assert set(record.summary.total.error_classes) <= _CLASSES
    assert whole.client_errors == 0


@pytest.mark.slow
@pytest.mark.parametrize("waits", [True, False])
def test_what_never_ends_is_cut_and_not_kept(waits: bool) -> None:  # noqa: FBT001 - a parameter of a test
    """While a request waits for another message, and while nobody waits: the first of them was the answer."""
    names = FLOODS if waits else ["large messages"]
    lines: list[JournalLine] = []
    with raw_websocket() as server:
        text = f'schema = 1\nname = "chat"\n[target]\nurl = "ws://127.0.0.1:{server.port}"\ntimeout = "1500ms"\n'
        text += '[load]\nusers = 2\nthink = "500ms"\nduration = "60s"\nauto_stop = false\n'
        text += f"max_requests = {2 * len(names)}\n"
        for name in names:
            text += f'[[operations]]\nname = "{name}"\nws = "{name}"\n' + ('match = "$.id"\n' if waits else "")
        record = run_plan(RunRequest(plan=parse_preset(text, "chat.toml")), on_line=lines.append)

    assert_conserved(record)
    assert record.status == "finished"
    assert record.whole_run.client_errors == 0
    assert (record.whole_run.ok == 0) == waits
    assert set(record.summary.total.error_classes) <= {"body_too_large", "timeout", "connect.timeout", "ws.1006"}
    memory = [one.memory_bytes for line in lines if isinstance(line, Interval) for one in line.workers]
    assert 0 < max(memory) < 200_000_000


class _Counting(Listener):
    """How many messages came in one turn of the loop, and how much was waiting to be sent."""

    def __init__(self) -> None:
        super().__init__(10_000_000)
        self.turn = self.most = self.waiting = 0

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        super().on_ws_frame(transport, frame)
        self.turn += 1
        self.most = max(self.most, self.turn)
        self.waiting = max(self.waiting, transport.underlying_transport.get_write_buffer_size())


@pytest.mark.parametrize("flood", ["empty messages", "pings"])
def test_a_flood_leaves_the_loop_its_turns_and_keeps_no_answers_to_pings(flood: str) -> None:
    async def flooded(port: int) -> _Counting:
        listener = _Counting()
        url = f"ws://127.0.0.1:{port}"
        transport, _ = await picows.ws_connect(lambda: listener, url, enable_auto_pong=False, use_aiofastnet=False)
        transport.send(picows.WSMsgType.TEXT, flood.encode())
        seen = 0
        while seen < 200_000:
            await asyncio.sleep(0)
            seen, listener.turn = seen + listener.turn, 0
        listener.leave(picows.WSCloseCode.OK)
        await transport.wait_disconnected()
        return listener

    with raw_websocket() as server:
        listener = asyncio.run(flooded(server.port))

    assert 0 < listener.most <= 16 * 1024  # empty frames in 32 KiB
    assert listener.waiting < 100_000
    assert listener.received == (0 if flood == "pings" else pytest.approx(200_000, abs=16 * 1024))


def test_parts_with_a_ping_between_are_one_message_and_the_ping_is_answered() -> None:
    with raw_websocket() as server:
        record = ran(plan_of(server.port, 'ws = "parts"\nchecks = [{ equals = "abc" }]'))

        assert record.whole_run.ok == 6
        assert server.pongs >= 5


def test_a_handshake_with_a_wrong_proof_is_said_before_the_start() -> None:
    with raw_websocket(bad_handshake=True) as server, pytest.raises(UnreachableError):
        ran(plan_of(server.port, 'ws = "hi"'))


@contextmanager
def _with_websockets() -> Iterator[tuple[int, Callable[[], int]]]:
    with chat_server() as server:
        yield server.port, lambda: server.messages


@contextmanager
def _with_uvicorn() -> Iterator[tuple[int, Callable[[], int]]]:
    seen: list[str] = []

    async def chat(socket: WebSocket) -> None:
        await socket.accept()
        try:
            while True:
                seen.append(text := await socket.receive_text())
                await socket.send_text(text)
        except WebSocketDisconnect:
            pass

    listener = socket.create_server(("127.0.0.1", 0))
    app = Starlette(routes=[WebSocketRoute("/", chat)])
    server = uvicorn.Server(uvicorn.Config(app, ws="websockets-sansio", log_level="error", lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    try:
        yield listener.getsockname()[1], lambda: len(seen)
    finally:
        server.should_exit = True
        thread.join(20)
        listener.close()


class _Echo(picows.WSListener):
    seen = 0

    def on_ws_frame(self, transport: picows.WSTransport, frame: picows.WSFrame) -> None:
        if frame.msg_type == picows.WSMsgType.TEXT:
            type(self).seen += 1
            transport.send(picows.WSMsgType.TEXT, frame.get_payload_as_bytes())
        elif frame.msg_type == picows.WSMsgType.CLOSE:
            transport.send_close(frame.get_close_code())
            transport.disconnect()


@contextmanager
def _with_picows() -> Iterator[tuple[int, Callable[[], int]]]:
    class Echo(_Echo):
        seen = 0

    @asynccontextmanager
    async def serving() -> AsyncIterator[asyncio.Server]:
        async with await picows.ws_create_server(lambda _: Echo(), "127.0.0.1", 0) as server:
            yield server

    with own_loop(serving) as port:
        yield port, lambda: Echo.seen


Serve = Callable[[], AbstractContextManager[tuple[int, Callable[[], int]]]]


@pytest.mark.parametrize(
    "serve", [_with_websockets, _with_uvicorn, _with_picows], ids=["websockets", "uvicorn", "picows"]
)
def test_counts_are_those_of_the_server(serve: Serve) -> None:
    with serve() as (port, seen):
        record = ran(plan_of(port, 'ws = "hello ${seq}"\nchecks = [{ contains = "hello" }]', users=5, most=300))
        received = seen()

    own = record.summary.total.of_protocol
    assert record.whole_run.ok == 300 == received
    assert own.amounts["messages_sent"].total == own.amounts["messages_received"].total == 300
    assert own.times_ms["round_trip"].count == 300
    assert own.times_ms["connect_time"].count == 5
    assert record.host["open_connections"].max >= 5
    assert record.summary.total.sent_bytes > 300 * len("hello 1")


def test_every_user_keeps_a_connection_of_its_own_while_it_thinks() -> None:
    with chat_server() as server:
        text = f'schema = 1\nname = "chat"\n[target]\nurl = "ws://127.0.0.1:{server.port}"\n'
        text += '[load]\nusers = 12\nthink = "300ms"\nduration = "1500ms"\n[[operations]]\nname = "say"\nws = "hi"\n'
        record = ran(parse_preset(text, "chat.toml"))

        assert record.whole_run.ok > 24
        assert server.connections == 13  # one look before the start
        assert server.most_open == 12


def test_a_flood_of_pushes_is_counted_and_an_objective_may_be_about_it() -> None:
    with chat_server() as server:
        objective = '[[objectives]]\nmetric = "messages_received"\ncritical = "> 100/s"\n'
        operation = 'ws = "pushes 4000"\nexpect = 4000\nchecks = [{ equals = "3999" }]'
        record = ran(plan_of(server.port, f"{operation}\n{objective}", users=1, most=2))

    assert record.whole_run.ok == 2
    assert record.summary.total.of_protocol.amounts["messages_received"].total == 8_000
    assert record.objectives[0].verdict == "pass"


def test_answers_of_json_are_matched_among_pushes() -> None:
    with chat_server() as server:
        record = ran(
            plan_of(server.port, 'ws = { id = "${uuid}" }\nmatch = "$.id"\nchecks = [{ json = "$.said" }]', most=20)
        )

    assert record.whole_run.ok == 20
    assert record.summary.total.error_classes == {}
