"""A set-up that fails or is interrupted half-way: what its first requests made is undone."""

from __future__ import annotations

import asyncio
from threading import Event

import anyio
import pytest

from perftui.engine.around.before import run_before
from perftui.model.errors import UnreachableError
from perftui.model.plan import Plan
from perftui.presets.loading import parse_preset
from support.fault_server import OK, Connection, fault_server

AROUND = """schema = 1
name = "x"
[target]
url = "URL"
[load]
rate = 1
duration = "1s"
[[operations]]
path = "/"
[[before]]
name = "make"
path = "/make"
CAPTURES
[[after]]
name = "tidy"
path = "/tidy"
"""
CAPTURES = 'captures = [{ name = "id", json = "$.id" }]'
LOG_IN = """[target.auth.login]
value = "Bearer ${key}"
[target.auth.login.request]
path = "/login/${id}"
captures = [{ name = "key", json = "$.key" }]
"""
MADE = b'HTTP/1.1 200 OK\r\nContent-Length: 23\r\n\r\n{"id": "7", "key": "k"}'
FORBIDDEN = b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


def plan_of(text: str, url: str) -> Plan:
    return parse_preset(text.replace("URL", url), "test")


def test_a_log_in_that_fails_after_the_set_up_undoes_it() -> None:
    asked: list[str] = []

    def answer(connection: Connection) -> None:
        while request := connection.read_request():
            asked.append(request.decode().split()[1])
            connection.send(FORBIDDEN if asked[-1] == "/login/7" and asked.count("/login/7") == 1 else MADE)

    with fault_server(answer) as server, pytest.raises(UnreachableError):
        anyio.run(run_before, plan_of(AROUND.replace("CAPTURES", CAPTURES) + LOG_IN, server.url))
    assert asked == ["/make", "/login/7", "/login/7", "/tidy"]


def test_a_set_up_that_is_interrupted_is_undone() -> None:
    asked: list[str] = []
    hangs, over = Event(), Event()

    def answer(connection: Connection) -> None:
        while request := connection.read_request():
            asked.append(request.decode().split()[1])
            if asked[-1] == "/hangs":
                hangs.set()
                over.wait(60)
            connection.send(OK)

    async def interrupted(plan: Plan) -> None:
        task = asyncio.ensure_future(run_before(plan))
        await asyncio.to_thread(hangs.wait, 30)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    second = '[[before]]\nname = "hangs"\npath = "/hangs"\n'
    with fault_server(answer) as server:
        try:
            asyncio.run(interrupted(plan_of(AROUND.replace("CAPTURES", "") + second, server.url)))
        finally:
            over.set()
    assert asked == ["/make", "/hangs", "/tidy"]
