"""A secret goes to the server and nowhere else: no file, no export, no screen, no argument of a process holds it."""

from __future__ import annotations

import base64
import urllib.parse
from collections.abc import Callable
from typing import Any

import pytest

from perftui.store.loading import load_run
from support.cli import PERFTUI, Result, run_cli, write_preset
from support.fault_server import Connection, FaultServer, fault_server
from support.home import Home, command_of, processes_in
from support.presets import preset_text
from support.pty import terminal

Call = Callable[..., Result]

CANARY = "canary/S3cret+Value=7f3a"
PASSWORD = "hunter2-canary-pass:word"
QUOTED = urllib.parse.quote(CANARY, safe="")
QUICK = ("--headless", "--format", "json", "--warn-only", "-d", "1s", "--warmup", "0s", "--rate", "20")
FORMATS = ("json", "toml", "csv", "md", "html", "junit")


def forms(secret: str) -> list[bytes]:
    """The secret as it may turn up: plain, quoted for a URL, in base64 alone and as the password of a user."""
    return [
        secret.encode(),
        urllib.parse.quote(secret, safe="").encode(),
        urllib.parse.quote(secret).encode(),
        base64.b64encode(secret.encode()),
        base64.b64encode(f"ada:{secret}".encode()),
    ]


NEEDLES = [needle for secret in (CANARY, PASSWORD) for needle in forms(secret)]


def echo(connection: Connection) -> None:
    """Every second answer is an error; all of them say back what came, in the reason, a header and the body."""
    while request := connection.read_request():
        said = request.replace(b"\r\n", b" ")[:3000]
        status = b"500 " + CANARY.encode() if connection.served % 2 else b"200 OK"
        connection.send(b"HTTP/1.1 %s\r\nX-Echo: %s\r\nSet-Cookie: session=%s\r\nContent-Length: %d\r\n\r\n%s" % (
            status, said, CANARY.encode(), len(said), said,
        ))  # fmt: skip


def preset_with_secrets(home: Home, server: FaultServer, seconds: int) -> str:
    operations = [
        {
            "name": "echo",
            "method": "POST",
            "path": "/echo",
            "query": {"key": "${env:API_TOKEN}", "page": 1},
            "headers": {"X-Custom": "${env:API_TOKEN}", "Cookie": "sid=${env:API_TOKEN}"},
            "json": {"password": "${env:API_PASSWORD}", "note": "hello"},
        },
        {"name": "form", "method": "POST", "path": "/form", "form": {"token": "${env:API_TOKEN}"}},
    ]
    target = {
        "auth": {"basic": {"user": "ada", "password": "${env:API_PASSWORD}"}},
        "headers": {"X-Api-Key": "${env:API_TOKEN}"},
    }
    text = preset_text(
        server.url, operations, target=target, rate=40, duration=f"{seconds}s", auto_stop=False, warmup="0s"
    )
    return write_preset(home, text)


def found_in(data: bytes) -> list[bytes]:
    return [needle for needle in NEEDLES if needle in data]


def assert_no_file_holds_a_secret(home: Home) -> None:
    files = [path for path in home.path.rglob("*") if path.is_file()]
    assert any(path.name.startswith("journal") for path in files)
    assert {str(path): held for path in files if (held := found_in(path.read_bytes()))} == {}


def test_a_secret_is_sent_and_never_kept(home: Home, call: Call) -> None:
    home.extra.update(API_TOKEN=CANARY, API_PASSWORD=PASSWORD)
    with fault_server(echo) as server:
        preset = preset_with_secrets(home, server, 1)
        result = run_cli(home, "run", preset, "--headless", "--format", "json", "--warn-only")
        sent = server.last_head

    assert base64.b64encode(f"ada:{PASSWORD}".encode()) in sent
    assert CANARY.encode() in sent
    assert 0 < result.record.whole_run.errors < result.record.whole_run.scheduled
    assert found_in(result.stdout.encode() + result.stderr.encode()) == []
    for style in FORMATS:
        output = home.path / f"export.{style}"
        exported = call("export", "latest", "--format", style, "--output", str(output))
        assert exported.code == 0, exported.stderr
    for command in (("runs", "show", "latest"), ("runs", "list"), ("presets", "show", preset)):
        shown = call(*command)
        assert shown.code == 0, shown.stderr
        assert found_in(shown.stdout.encode() + shown.stderr.encode()) == []
    assert_no_file_holds_a_secret(home)


def test_a_probe_hides_what_it_sends(home: Home, call: Call) -> None:
    home.extra.update(API_TOKEN=CANARY, API_PASSWORD=PASSWORD)
    with fault_server(echo) as server:
        result = call("probe", preset_with_secrets(home, server, 1))

    assert "echo" in result.stdout
    assert found_in(result.stdout.encode() + result.stderr.encode()) == []


@pytest.mark.slow
def test_no_screen_and_no_process_shows_a_secret(home: Home, call: Call) -> None:
    home.extra.update(API_TOKEN=CANARY, API_PASSWORD=PASSWORD)
    with fault_server(echo) as server:
        command = [PERFTUI, "run", preset_with_secrets(home, server, 90)]
        with terminal(command, home.environment) as screen:
            screen.wait_for("RUNNING")
            arguments = b" ".join(part.encode() for process in processes_in(home.path) for part in command_of(process))
            screen.wait_for("http.500")
            screen.send("e")
            screen.read(0.7)
            screen.send("\r")
            screen.wait_for("X-Echo")  # of the sample that comes first: which operation it is, chance says
            screen.send("\x1b")
            screen.read(0.7)
            assert call("ctl", home.run_folders()[0].name, "stop").code == 0
            screen.wait_for("STOPPED")
            screen.send("q")
            screen.wait()

    assert b"perftui" in arguments
    assert found_in(arguments) == []
    assert found_in(bytes(screen.captured)) == []
    assert_no_file_holds_a_secret(home)


@pytest.mark.parametrize("value", ["with\r\nInjected: yes", "with\nnewline", "with\x00null"])
def test_a_secret_that_would_break_the_head_is_refused(home: Home, call: Call, value: str) -> None:
    secret = home.path / "secret"
    secret.write_bytes(value.encode())
    with fault_server(echo) as server:
        text = preset_text(server.url, [{"name": "a", "path": "/", "headers": {"X-Token": f"${{file:{secret}}}"}}])
        result = call("run", write_preset(home, text), "--headless")

        assert server.requests == 0
    assert result.code == 2
    assert "Traceback" not in result.stderr
    assert home.run_folders() == []


def test_a_missing_variable_is_named_before_anything_is_sent(home: Home, call: Call) -> None:
    with fault_server(echo) as server:
        result = call("run", preset_with_secrets(home, server, 1), "--headless")

        assert server.connections == 0
    assert result.code == 2
    assert "API_TOKEN" in result.stderr
    assert "API_PASSWORD" in result.stderr


@pytest.mark.slow
def test_what_is_typed_under_a_telling_name_is_kept_nowhere(home: Home, call: Call) -> None:
    """In a URL, a query, a header, a body: neither the plan, nor a name made of it, nor an echo holds it."""
    operations: list[dict[str, Any]] = [
        {"name": "in a body", "method": "POST", "path": "/b", "body": f'{{"password": "{PASSWORD}", "a": 1}}'},
        {"name": f"GET /q?token={QUOTED}", "path": f"/q?token={QUOTED}"},
        {"name": f"GET /q?token={QUOTED}x", "path": f"/q?token={QUOTED}x"},
        {"name": "in a header", "path": "/h", "headers": {"X-Auth-Token": CANARY}},
        {"name": "in a form", "method": "POST", "path": "/f", "form": {"password": PASSWORD}},
    ]
    with fault_server(echo) as server:
        text = preset_text(server.url, operations, rate=40, duration="1s", auto_stop=False, warmup="0s")
        said = [
            run_cli(home, "run", write_preset(home, text), "--headless", "--format", "json", "--warn-only"),
            run_cli(home, "run", "health", f"{server.url}/ok?token={QUOTED}", *QUICK),
            call("probe", "health", f"{server.url}/ok?token={QUOTED}"),
            call("runs", "show", "latest"),
            call("export", "latest", "--format", "html"),
        ]
    (home.path / "test.toml").unlink()

    names = set(said[0].record.summary.operations)
    assert {"GET /q?token=REDACTED", "GET /q?token=REDACTED 2", "in a form"} <= names
    assert list(said[1].record.summary.operations) == ["GET /ok?token=REDACTED"]
    assert found_in("".join(result.stdout + result.stderr for result in said).encode()) == []
    assert_no_file_holds_a_secret(home)


def test_headers_of_a_file_are_secret_whatever_they_are_called(home: Home, call: Call) -> None:
    file = home.path / "headers"
    file.write_text(f"X-File: {CANARY}\nX-Short: c4n4r\n", encoding="utf-8")
    with fault_server(echo) as server:
        said = [
            run_cli(home, "run", "health", server.url, "--header", f"@{file}", *QUICK),
            call("export", "latest", "--format", "json"),
        ]
        sent = server.last_head
        probed = call("probe", "health", server.url, "--header", f"@{file}")
    file.unlink()

    assert CANARY.encode() in sent
    assert b"c4n4r" in sent
    assert said[0].record.plan.target.headers == {"X-File": "REDACTED", "X-Short": "REDACTED"}
    assert found_in("".join(result.stdout + result.stderr for result in (*said, probed)).encode()) == []
    assert_no_file_holds_a_secret(home)
    sample = load_run(str(home.run_folders()[0])).error_samples[0]
    assert dict(sample.request_headers) | {"X-Short": "REDACTED"} == dict(sample.request_headers)
