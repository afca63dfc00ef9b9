"""Collectors that redirect, drip, never end or answer with escape sequences: told in a line, never waited for."""

from __future__ import annotations

import time

import pytest

from perftui.cli import otlp
from perftui.model.errors import UsageError
from perftui.store.records import read_record
from support.fault_server import Connection, FaultServer, Handler, fault_server
from support.recorded_runs import RECORDED

LIMIT_S = 2.0


def endless(connection: Connection) -> None:
    connection.read_request()
    connection.send(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        connection.send(b"x" * 65_536)


def dripping(connection: Connection) -> None:
    connection.read_request()
    connection.send_in_pieces(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000, 1, 0.1)


def silent(connection: Connection) -> None:
    connection.hold()


def rude(connection: Connection) -> None:
    connection.read_request()
    connection.send(b"HTTP/1.1 500 \x1b]52;c;eA==\x07\r\nContent-Length: 4\r\n\r\n\x1b[2J")


def no_http(connection: Connection) -> None:
    connection.read_request()
    connection.send(b"\x1b[2J\x00\xff" * 100)


def told_of(server: FaultServer, capsys: pytest.CaptureFixture[str]) -> str:
    """What is said when a run is pushed there, once it is said in time."""
    began_s = time.monotonic()
    otlp.push(server.url, [read_record(RECORDED / "read")], {"OTEL_EXPORTER_OTLP_HEADERS": "x-key=canary99"})
    assert time.monotonic() - began_s < LIMIT_S + 10
    said = capsys.readouterr().err
    assert "\x1b" not in said
    assert "canary99" not in said
    return said


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody wants to wait for ten seconds."""
    monkeypatch.setattr(otlp, "_TIMEOUT_S", LIMIT_S)


def test_one_that_never_ends_its_answer_is_not_read(capsys: pytest.CaptureFixture[str]) -> None:
    with fault_server(endless) as server:
        assert told_of(server, capsys) == ""


@pytest.mark.parametrize(
    ("handler", "words"),
    [(dripping, "no answer within 2 s"), (silent, "no answer within 2 s"), (rude, "status 500"), (no_http, "")],
)
def test_whatever_it_does_is_told_in_a_line(handler: Handler, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with fault_server(handler) as server:
        said = told_of(server, capsys)
    assert said.count("\n") == 1
    assert "was not taken: " in said
    assert words in said


def test_nobody_is_followed_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    with fault_server(silent) as elsewhere:

        def redirecting(connection: Connection) -> None:
            connection.read_request()
            connection.send(
                b"HTTP/1.1 307 Go\r\nLocation: %s/v1/metrics\r\nContent-Length: 0\r\n\r\n" % elsewhere.url.encode()
            )

        with fault_server(redirecting) as server:
            assert "status 307" in told_of(server, capsys)
        assert elsewhere.connections == 0


@pytest.mark.parametrize("host", ["169.254.169.254", "[::ffff:169.254.169.254]", "0xa9fea9fe", "[fd00:ec2::254]"])
def test_metadata_services_are_no_collectors(host: str) -> None:
    with pytest.raises(UsageError, match="never asked"):
        otlp.check_otlp(f"http://{host}/v1/metrics")
