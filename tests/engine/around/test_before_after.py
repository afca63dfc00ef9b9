"""Log-in, set-up and clean-up around the load, against the demo service and a server that counts."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import anyio
import pytest

from perftui.demo.server import Demo
from perftui.engine.around.before import needs_setup, run_after, run_before
from perftui.engine.around.tokens import fetch_token, needs_token
from perftui.model.errors import UnreachableError
from perftui.model.plan import Plan
from perftui.presets.loading import load_plan, parse_preset
from perftui.presets.secrets import resolve_secrets

Answer = tuple[int, dict[str, str], bytes]
BASE = """schema = 1
name = "x"
[load]
rate = 1
duration = "1s"
[[operations]]
path = "/"
"""


class Seen:
    """Requests that a server got: method, path, headers, body."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[tuple[str, str, dict[str, str], str]] = []

    @property
    def lines(self) -> list[str]:
        """Method and path of each."""
        return [f"{method} {path}" for method, path, _, _ in self.requests]


@contextmanager
def server(answer: Callable[[str, str, str], Answer]) -> Iterator[Seen]:
    """A server that answers by method, path and body, and remembers what it was asked."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            seen.requests.append((self.command, self.path, dict(self.headers.items()), body))
            status, headers, content = answer(self.command, self.path, body)
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(content))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = do_PUT = handle_any  # noqa: N815 - the names that the base class looks for

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            """Stay silent."""

    listener = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listener.daemon_threads = True
    seen = Seen(f"http://127.0.0.1:{listener.server_address[1]}")
    thread = Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield seen
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def ok(_method: str, _path: str, _body: str) -> Answer:
    """Any request is fine."""
    return 200, {}, b"{}"


def plan_of(text: str, url: str) -> Plan:
    """The plan of BASE and more, secrets resolved."""
    plan, _ = resolve_secrets(parse_preset(BASE + text, "x.toml", url))
    return plan


def before(plan: Plan, **variables: str) -> Any:
    """Run what comes before the load."""
    return anyio.run(run_before, plan, None, variables)


def items(demo: Demo) -> list[int]:
    """Numbers of items and users that the demo service holds."""
    with urllib.request.urlopen(f"{demo.url}/api/stats") as response:
        found = json.load(response)
    return [found["items"], found["users"]]


def test_nothing_to_do_sends_nothing() -> None:
    with server(ok) as seen:
        plan = plan_of("", seen.url)
        assert not needs_setup(plan)
        assert before(plan, a="b").variables == {"a": "b"}
        assert anyio.run(run_after, plan, {}, []).sent == 0
    assert seen.requests == []


def test_captured_values_and_cookies_go_to_later_requests() -> None:
    def answer(_method: str, path: str, _body: str) -> Answer:
        return 200, {"X-Id": "a b", "Set-Cookie": "s=1; Path=/"}, b'{"list": [{"id": 7}], "path": "%s"}' % path.encode()

    text = """[[before]]
path = "/one"
captures = [
    { name = "id", json = "$.list[0].id" }, { name = "head", header = "X-Id" },
    { name = "cookie", cookie = "s" }, { name = "text", regex = '"path": "(/\\w+)"' },
]
[[before]]
method = "POST"
path = "/two/${head}"
query = { id = "${id}" }
json = { text = "${text}", id = "${number:id}" }
"""
    with server(answer) as seen:
        result = before(plan_of(text, seen.url))
    assert result.variables == {"id": "7", "head": "a b", "cookie": "1", "text": "/one"}
    assert seen.lines == ["GET /one", "POST /two/a%20b?id=7"]
    assert json.loads(seen.requests[1][3]) == {"text": "/one", "id": 7}
    assert seen.requests[1][2]["Cookie"] == "s=1"
    assert "(load test)" in seen.requests[0][2]["User-Agent"]
    assert result.sent == 2


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ('path = "/"', "before: GET /: status 500"),
        ('path = "/"\nchecks = [{ status = 201 }]', "before: GET /: check status 201: status 500, wanted 201"),
        ('path = "/"\nchecks = [{ status = 500 }]\ncaptures = [{ name = "x", json = "$.x" }]', "holds no value for x"),
    ],
)
def test_a_failed_set_up_stops_the_run(step: str, expected: str) -> None:
    with server(lambda *_: (500, {}, b"{}")) as seen, pytest.raises(UnreachableError) as caught:
        before(plan_of(f'[[before]]\n{step}\n[[before]]\nname = "second"\npath = "/2"\n', seen.url))
    assert expected in str(caught.value)
    assert len(seen.requests) == 1


def test_a_failed_set_up_cleans_up_what_was_made() -> None:
    text = """[[before]]
name = "make"
method = "POST"
path = "/things"
captures = [{ name = "id", json = "$.id" }]
[[before]]
name = "fail"
path = "/fail"
[[after]]
method = "DELETE"
path = "/things/${id}"
"""
    with server(lambda _method, path, _body: (500 if path == "/fail" else 200, {}, b'{"id": 7}')) as seen:
        with pytest.raises(UnreachableError, match="before: fail: status 500"):
            before(plan_of(text, seen.url))
        assert seen.lines == ["POST /things", "GET /fail", "DELETE /things/7"]


def test_what_is_told_holds_no_secret() -> None:
    text = """[[before]]
path = "/canary-of-the-path"
checks = [{ contains = "canary-of-the-check" }]
[[after]]
path = "/"
checks = [{ contains = "canary-of-the-check" }]
"""
    secrets = ("canary-of-the-check", "canary-of-the-path")
    with server(lambda *_: (200, {}, b"canary-of-the-path")) as seen:
        plan = plan_of(text, seen.url)
        with pytest.raises(UnreachableError) as caught:
            anyio.run(partial(run_before, plan, secrets=secrets))
        cleaned = anyio.run(partial(run_after, plan, {}, secrets=secrets))
    for told in (str(caught.value), *cleaned.problems):
        assert "does not contain" in told
        assert "canary" not in told


@pytest.mark.parametrize("kind", ["refused", "silent", "garbage"])
def test_no_answer_is_told_in_words(kind: str) -> None:
    async def main() -> None:
        async def serve(stream: anyio.abc.SocketStream) -> None:
            async with stream:
                await stream.receive()
                if kind == "garbage":
                    await stream.send(b"SSH-2.0-OpenSSH_9\r\n")
                else:
                    await anyio.sleep_forever()

        listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
        port = listener.extra(anyio.abc.SocketAttribute.local_port)
        timeout = "300ms" if kind == "silent" else "30s"  # a busy machine may be slow to refuse
        plan = plan_of(f'[[before]]\npath = "/"\n[target]\ntimeout = "{timeout}"\n', f"http://127.0.0.1:{port}")
        async with anyio.create_task_group() as tasks:
            if kind == "refused":
                await listener.aclose()
            else:
                tasks.start_soon(listener.serve, serve)
            with pytest.raises(UnreachableError) as caught:
                await run_before(plan)
            tasks.cancel_scope.cancel()
        expected = {
            "refused": "refuses connections",
            "silent": "timeout: no complete answer within 0.3 s",
            "garbage": "protocol",
        }
        assert expected[kind] in str(caught.value)
        await listener.aclose()

    anyio.run(main)


LOGIN = """[target.auth.login.request]
method = "POST"
path = "/login"
json = { user = "${user}" }
captures = [{ name = "token", json = "$.token" }]
[[before]]
name = "register"
path = "/register"
captures = [{ name = "user", json = "$.user" }]
[[before]]
name = "prepare"
path = "/prepare"
"""


def test_the_log_in_comes_when_its_values_are_there() -> None:
    def answer(_method: str, path: str, _body: str) -> Answer:
        found = {"/register": {"user": "ann"}, "/login": {"token": "tok-${x}", "expires_in": 100}}.get(path, {})
        return 200, {}, json.dumps(found).encode()

    with server(answer) as seen:
        plan = plan_of(LOGIN, seen.url)
        assert needs_token(plan)
        result = before(plan)
    assert seen.lines == ["GET /register", "POST /login", "GET /prepare"]
    assert "Authorization" not in seen.requests[0][2]
    assert seen.requests[1][3] == '{"user":"ann"}'
    assert seen.requests[2][2]["Authorization"] == "Bearer tok-${x}"
    assert result.headers == {"Authorization": "Bearer tok-${$}{x}"}
    assert result.secrets == ("tok-${x}",)
    assert result.renew_after_s == 80
    assert result.variables["token"] == "tok-${x}"


def test_a_token_that_would_break_a_header_is_refused() -> None:
    content = b'{"user": "a", "token": "a\\r\\nX: y"}'
    with server(lambda *_: (200, {}, content)) as seen, pytest.raises(UnreachableError, match="line end"):
        before(plan_of(LOGIN, seen.url))


OAUTH = """[target.auth.oauth2]
token_url = "URL/token"
client_id = "my id"
client_secret = "s:e&cret"
scope = "read write"
"""


@pytest.mark.parametrize("place", ["header", "body"])
def test_client_credentials(place: str) -> None:
    def answer(_method: str, _path: str, body: str) -> Answer:
        if place == "body" and "client_secret" not in body:
            return 401, {}, b'{"error": "invalid_client"}'
        return 200, {}, b'{"access_token": "tok", "token_type": "Bearer", "expires_in": 3600}'

    with server(answer) as seen:
        token = anyio.run(fetch_token, plan_of(OAUTH.replace("URL", seen.url), seen.url))
    assert token.headers == {"Authorization": "Bearer tok"}
    assert token.renew_after_s == 2880
    assert token.secrets == ("tok",)
    method, path, headers, body = seen.requests[0]
    assert (method, path, body) == ("POST", "/token", "grant_type=client_credentials&scope=read+write")
    assert headers["Authorization"] == "Basic bXkraWQ6cyUzQWUlMjZjcmV0"
    assert headers["User-Agent"].startswith("perftui/")
    if place == "body":
        assert "client_id=my+id&client_secret=s%3Ae%26cret" in seen.requests[1][3]
        assert "Authorization" not in seen.requests[1][2]


@pytest.mark.parametrize(
    ("status", "content", "expected"),
    [
        (400, b'{"error": "invalid_scope", "error_description": "no such scope"}', "status 400: no such scope"),
        (200, b"<html>", "gave no token, but status 200"),
        (200, b'{"access_token": "a\\nb"}', "gave no token"),
        (500, b"", "status 500"),
    ],
)
def test_no_token_is_told_in_words(status: int, content: bytes, expected: str) -> None:
    with server(lambda *_: (status, {}, content)) as seen, pytest.raises(UnreachableError) as caught:
        anyio.run(fetch_token, plan_of(OAUTH.replace("URL", seen.url), seen.url))
    assert expected in str(caught.value)
    assert "s:e&cret" not in str(caught.value)


MAKE = """[[operations]]
path = "/make"
captures = [{ name = "user", json = "$.user" }, { name = "id", json = "$.id" }]
"""
DELETE_AND_REPORT = """[[after]]
name = "delete"
method = "DELETE"
path = "/things/${id}"
[[after]]
name = "report"
path = "/done"
"""


def test_clean_up_is_sent_once_for_each_value_and_goes_on_after_failures() -> None:
    def answer(_method: str, path: str, _body: str) -> Answer:
        return (500 if path.endswith("3") else 204), {}, b""

    with server(answer) as seen:
        captured = [{"id": str(number)} for number in range(40)] + [{"id": "1"}, {"other": "x"}]
        result = anyio.run(run_after, plan_of(MAKE + DELETE_AND_REPORT, seen.url), {}, captured)
    assert sorted(seen.lines[:-1]) == sorted(f"DELETE /things/{number}" for number in range(40))
    assert seen.lines[-1] == "GET /done"
    assert (result.sent, result.failed) == (41, 4), "0 to 39 once each, those ending in 3 fail; one report"
    assert result.problems == ("delete: status 500",)


LOG_IN_AND_DELETE = """[[after]]
name = "log in"
path = "/login/${user}"
checks = [{ status = 200 }]
captures = [{ name = "key", json = "$.key" }]
[[after]]
name = "delete"
method = "DELETE"
path = "/${user}/${key}"
[[after]]
name = "end"
path = "/end"
"""


def test_each_set_of_values_has_its_own_sequence_of_requests() -> None:
    def answer(_method: str, path: str, _body: str) -> Answer:
        user = path.removeprefix("/login/")
        content = {} if user == "gone" else {"key": f"key-of-{user}"}
        return 200, {"Set-Cookie": f"who={user}; Path=/"}, json.dumps(content).encode()

    captured = [{"user": "ann"}, {"user": "ann", "id": "1"}, {"user": "bob", "id": "2"}, {"user": "gone"}, {}]
    with server(answer) as seen:
        result = anyio.run(run_after, plan_of(MAKE + LOG_IN_AND_DELETE, seen.url), {}, captured)
    assert sorted(seen.lines[:-1]) == [
        "DELETE /ann/key-of-ann", "DELETE /bob/key-of-bob", "GET /login/ann", "GET /login/bob", "GET /login/gone",
    ]  # fmt: skip
    assert seen.lines[-1] == "GET /end"
    assert (result.sent, result.failed, result.problems) == (6, 0, ())
    cookies = {path: headers.get("Cookie") for _, path, headers, _ in seen.requests}
    assert cookies["/ann/key-of-ann"] == "who=ann"
    assert cookies["/bob/key-of-bob"] == "who=bob"
    assert cookies["/end"] is None


def test_clean_up_leaves_the_demo_service_as_it_was(demo: Demo) -> None:
    plan, _ = resolve_secrets(load_plan("write", demo.url))
    before_run = items(demo)
    captured = []
    for number in range(30):
        data = json.dumps({"name": f"item {number}"}).encode()
        with urllib.request.urlopen(urllib.request.Request(f"{demo.url}/api/items", data, method="POST")) as response:
            captured.append({"item_id": str(json.load(response)["id"])})
    assert items(demo) != before_run
    result = anyio.run(run_after, plan, {}, captured)
    assert (result.sent, result.failed, result.problems) == (30, 0, ())
    assert items(demo) == before_run
