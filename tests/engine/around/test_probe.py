"""Probing: one request per operation in full, with secrets hidden."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

import anyio
import msgspec
import pytest

from perftui.demo.server import Demo, start_demo
from perftui.engine.around.probe import ProbeResult, probe
from perftui.model.plan import Plan
from perftui.presets.catalog import list_presets
from perftui.presets.loading import load_plan, parse_preset
from support.databases import redis_server

CANARY = "canary-5c1e9b"


def probed(text: str, url: str) -> ProbeResult:
    """What probing a preset gives."""
    load = 'schema = 1\nname = "x"\n[load]\nrate = 1\nduration = "1s"\n'
    return anyio.run(probe, parse_preset(load + text, "x.toml", url))


@pytest.mark.parametrize("name", [info.name for info in list_presets() if info.origin == "built-in"])
def test_built_in_presets_hold(demo: Demo, name: str, tmp_path: Path) -> None:
    with contextlib.ExitStack() as servers:
        url = demo.url
        if name == "cache":
            url = servers.enter_context(redis_server()).url
        elif name == "database":
            servers.enter_context(start_demo(database=str(tmp_path / "demo.db")))
            url = f"sqlite:///{tmp_path}/demo.db"
        elif name in {"files", "function"}:
            url = load_plan(name).target.url
        assert_holds(load_plan(name, url))


def assert_holds(plan: Plan) -> None:
    """Every operation of it was tried, and is well."""
    result = anyio.run(probe, plan)
    assert result.holds, [operation.problem for operation in result.operations]
    tried = [operation.name for operation in result.operations if operation.group != "after"]
    assert tried == [operation.name for operation in plan.counted_operations]


def test_everything_of_an_exchange_is_there(demo: Demo) -> None:
    result = anyio.run(probe, load_plan("write", demo.url))
    create, delete = result.operations
    assert (create.name, create.group, delete.name, delete.group) == ("create item", "", "delete item", "after")
    assert create.request_head.startswith("POST /api/items HTTP/1.1\nHost: 127.0.0.1:")
    assert json.loads(create.request_body)["name"].startswith("perftui ")
    assert create.response_head.startswith("HTTP/1.1 201 Created\n")
    assert json.loads(create.body_start)["id"] == int(create.captures["item_id"])
    assert create.body_bytes == len(create.body_start.encode())
    assert [(check.name, check.holds) for check in create.checks] == [("status 201", True)]
    assert delete.request_head.startswith(f"DELETE /api/items/{create.captures['item_id']} HTTP/1.1")
    times = create.times_ms
    assert times.keys() == {"connect", "first_byte", "transfer", "total"}
    assert 0 < times["first_byte"] < times["total"]
    assert sum(times.values()) - times["total"] <= times["total"] + 0.01


def test_checks_that_do_not_hold_are_told(demo: Demo) -> None:
    text = """[[operations]]
path = "/health"
checks = [{ status = 200 }, { json = "$.status", equals = "fine" }, { contains = "ok" }, { max_bytes = 3 }]
"""
    result = probed(text, demo.url)
    assert not result.holds
    assert [check.holds for check in result.operations[0].checks] == [True, False, True, False]
    assert result.operations[0].problem == "GET /health: check json $.status = fine: ok at $.status, wanted fine"


def test_a_failed_step_ends_the_journey(demo: Demo) -> None:
    text = """[[journeys]]
name = "j"
steps = [{ path = "/health" }, { path = "/nothing" }, { path = "/api/stats" }]
"""
    result = probed(text, demo.url)
    problems = [operation.problem for operation in result.operations]
    assert problems == ["", "GET /nothing: status 404", "not sent: an earlier step failed"]
    assert {operation.group for operation in result.operations} == {"j"}
    assert not result.holds


def test_a_server_that_is_not_there_is_told() -> None:
    result = probed('[[operations]]\npath = "/"\n', "http://127.0.0.1:1")
    assert "refuses connections; is the server running" in result.operations[0].problem
    assert result.operations[0].request_head.startswith("GET / HTTP/1.1")


def test_a_set_up_that_fails_is_told(demo: Demo) -> None:
    result = probed('[[before]]\npath = "/nothing"\n[[operations]]\npath = "/"\n', demo.url)
    assert result.problems == ("before: GET /nothing: status 404",)
    assert not result.holds


def test_secrets_are_hidden_wherever_they_come_back(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("CANARY", CANARY)
    (tmp_path / "secret.txt").write_text(CANARY + "-file\n")
    text = f"""[target]
auth = {{ bearer = "${{env:CANARY}}" }}
headers = {{ X-Trace = "${{env:CANARY}}" }}
[[operations]]
name = "echo"
method = "POST"
path = "/api/items"
query = {{ q = "${{env:CANARY}}", token = "${{file:{tmp_path}/secret.txt}}" }}
json = {{ name = "n ${{env:CANARY}}", password = "typed-password" }}
captures = [{{ name = "echoed", json = "$.name" }}, {{ name = "id", json = "$.id" }}]
[[operations]]
name = "error"
path = "/api/items?size=${{env:CANARY}}"
checks = [{{ json = "$.error", equals = "x" }}]
[[after]]
method = "DELETE"
path = "/api/items/${{id}}"
[[journeys]]
name = "log in"
[[journeys.steps]]
name = "register"
method = "POST"
path = "/auth/register"
json = {{ email = "probe-${{uuid}}@example.com", password = "${{env:CANARY}}" }}
captures = [{{ name = "email", json = "$.email" }}]
[[journeys.steps]]
name = "get a token"
method = "POST"
path = "/auth/login"
json = {{ email = "${{email}}", password = "${{env:CANARY}}" }}
captures = [{{ name = "token", json = "$.token" }}]
"""
    result = probed(text, demo.url)
    shown = msgspec.json.encode(result).decode()
    assert CANARY not in shown
    assert "typed-password" not in shown
    echo = result.operations[0]
    assert "Authorization: REDACTED" in echo.request_head
    assert "X-Trace: REDACTED" in echo.request_head
    assert "token=REDACTED" in echo.request_head
    assert echo.captures["echoed"] == "n REDACTED"
    token = result.operations[3]
    assert token.captures == {"token": "REDACTED"}
    assert '"token":"REDACTED","token_type":"bearer"' in token.body_start
    assert not token.is_body_cut, "a secret that was blanked out cuts nothing off"
    assert "set-cookie: REDACTED" in token.response_head


def test_digest_is_answered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PASSWORD", CANARY)
    seen: list[str] = []

    async def serve(stream: anyio.abc.SocketStream) -> None:
        async with stream:
            while True:
                try:
                    head = (await stream.receive()).decode()
                except anyio.EndOfStream:
                    return
                answers = [line for line in head.splitlines() if line.startswith("Authorization: Digest ")]
                seen.extend(answers)
                challenge = 'WWW-Authenticate: Digest realm="r", nonce="n1", qop="auth", algorithm=MD5\r\n'
                status = "200 OK" if answers else "401 Unauthorized"
                await stream.send(f"HTTP/1.1 {status}\r\n{challenge}Content-Length: 0\r\n\r\n".encode())

    async def main() -> ProbeResult:
        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        auth = 'schema = 1\nname = "x"\n[target]\nauth = { digest = { user = "u", password = "${env:PASSWORD}" } }\n'
        text = auth + '[load]\nrate = 1\nduration = "1s"\n[[operations]]\npath = "/a?b=c"\n'
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, serve)
            result = await probe(parse_preset(text, "x.toml", f"http://127.0.0.1:{port}"))
            tasks.cancel_scope.cancel()
        await listener.aclose()
        return result

    result = anyio.run(main)
    assert result.holds
    assert "401" not in result.operations[0].response_head
    fields = dict(field.split("=", 1) for field in seen[0].removeprefix("Authorization: Digest ").split(", "))

    def md5(text: str) -> str:
        return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()

    nonce_parts = f"n1:{fields['nc']}:{fields['cnonce'].strip(chr(34))}:auth"
    assert fields["response"].strip('"') == md5(f"{md5(f'u:r:{CANARY}')}:{nonce_parts}:{md5('GET:/a?b=c')}")
    assert "Authorization: REDACTED" in result.operations[0].request_head


def test_hostile_answers_are_made_safe() -> None:
    async def main() -> ProbeResult:
        async def serve(stream: anyio.abc.SocketStream) -> None:
            async with stream:
                await stream.receive()
                body = "\x1b]52;c;aGk=\x07\x1b[2J[red]\u202e\x9b31m\nsecond\x00line".encode()
                head = f"HTTP/1.1 200 \x1b[2J\r\nX-Evil: \x1b[31mred\r\nContent-Length: {len(body)}\r\n\r\n"
                await stream.send(head.encode() + body)

        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(listener.serve, serve)
            plan = load_plan("health", f"http://127.0.0.1:{port}/")
            result = await probe(plan)
            tasks.cancel_scope.cancel()
        await listener.aclose()
        return result

    shown = msgspec.json.encode(anyio.run(main)).decode()
    for sign in ("\\u001b", "\x1b", "\u202e", "\x9b", "\\u0000", "\x07"):
        assert sign not in shown
