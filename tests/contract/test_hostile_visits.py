"""Servers of pages and streams of events that mean harm: every visit ends once, in time, within bounds."""

from __future__ import annotations

import gzip
from collections.abc import Callable

import pytest

from perftui.engine.clients.page.assets import MOST_ASSETS
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.plan import Plan
from perftui.model.record import Record
from perftui.presets.loading import parse_preset
from support.bombs import gzip_bomb
from support.conservation import assert_conserved
from support.fault_server import OK, Connection, FaultServer, Handler, fault_server

MOST = 2
TIMEOUT_S = 0.5
HTML = b"Content-Type: text/html\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"


def ran(url: str, operation: str, *, more: str = "") -> Record:
    record = run_plan(RunRequest(plan=plan_of(url, operation, more)))
    assert_conserved(record)
    assert record.whole_run.scheduled == MOST
    assert record.whole_run.client_errors == 0, record.summary.total.error_classes
    return record


def plan_of(url: str, operation: str, more: str) -> Plan:
    text = f'schema = 1\nname = "visit"\n[target]\nurl = "{url}"\ntimeout = "{TIMEOUT_S:g}s"\n{more}\n'
    text += f'[load]\nusers = 1\nduration = "30s"\nmax_requests = {MOST}\n'
    return parse_preset(f'{text}[[operations]]\nname = "visit"\n{operation}\n', "visit.toml")


def answer(body: bytes, head: bytes = HTML) -> bytes:
    return b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)


def serving(document: bytes, other: Callable[[Connection, str], None] | None = None) -> Handler:
    """A document at the root; what else is asked for is another matter."""

    def serve(connection: Connection) -> None:
        while request := connection.read_request():
            path = request.split(b" ", 2)[1].decode("latin-1")
            if path == "/":
                connection.send(document)
            elif other is None:
                connection.send(OK)
            else:
                other(connection, path)

    return serve


def moving(place: Callable[[str], str]) -> Callable[[Connection, str], None]:
    def move(connection: Connection, path: str) -> None:
        connection.send(f"HTTP/1.1 302 Found\r\nLocation: {place(path)}\r\nContent-Length: 0\r\n\r\n".encode())

    return move


def drip(connection: Connection, _: str) -> None:
    connection.send_in_pieces(answer(b"x" * 10_000), size=1, pause_s=0.02)


def endless(connection: Connection, _: str) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.send(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


IMAGE = answer(b'<img src="/i.png">')


@pytest.mark.parametrize(
    ("document", "other", "error_classes"),
    [
        (IMAGE, drip, {"asset:/i.png": MOST}),
        (IMAGE, endless, {"asset:/i.png": MOST}),
        (IMAGE, moving(lambda _: "/i.png"), {"asset:/i.png": MOST}),
        (IMAGE, moving(lambda path: "/b.png" if path == "/i.png" else "/i.png"), {"asset:/i.png": MOST}),
        (IMAGE, moving(lambda path: f"{path}x"), {"asset:/i.png": MOST}),
        (IMAGE, moving(lambda _: "http://169.254.169.254/latest/meta-data/"), {}),
        (IMAGE, moving(lambda _: "http://user@[::ffff:169.254.169.254]:1/"), {}),
        (IMAGE, moving(lambda _: "file:///etc/passwd"), {}),
        (IMAGE, moving(lambda _: "//0xa9fea9fe/"), {}),
        (IMAGE, moving(lambda _: "http://\xfc..x/"), {}),
        (answer("<img src='http://ü..x/'><img src='http://:0/'><img src='http://[v1.x]/'>".encode()), None, {}),
        (answer(b'<img src="http://2852039166/"><link rel=icon href="http://169.254.169.254./x">'), None, {}),
        (answer(b"<div>" * 20_000 + b"<img>" * 20_000 + b"</p>" * 20_000), None, {}),
        (answer(b"<picture>" + b"<source>" * 50_000 + b"<img>" * 50_000), None, {}),
        (answer(b"<img srcset='/a " + b"9" * 5000 + b"w, /b 1w'>"), None, {}),
        (answer(b"<base href='/" + b"a" * 1_000_000 + b"/'>" + b"<img src='x'>"), None, {}),
        (answer(b"<p>" * 3_400_000), None, {}),
        (answer(b"<p>" * 3_600_000), None, {"body_too_large": MOST}),
        (answer(gzip_bomb(60_000_000), b"Content-Encoding: gzip\r\n" + HTML), None, {}),
        (answer(gzip.compress(b"<img src=/i.png>", mtime=0), b"Content-Encoding: gzip\r\n" + HTML), drip, None),
    ],
    ids=lambda value: None if isinstance(value, bytes | dict) else getattr(value, "__name__", None),
)  # fmt: skip
def test_pages(
    document: bytes, other: Callable[[Connection, str], None] | None, error_classes: dict[str, int] | None
) -> None:
    with fault_server(serving(document, other)) as server:
        record = ran(server.url, 'page = "/"')

    if error_classes is not None:
        found = record.summary.total.error_classes
        assert {name: count for name, count in found.items() if name != "timeout"} in (error_classes, {}), found
        assert record.whole_run.ok + record.whole_run.errors + record.whole_run.timeouts == MOST
        assert bool(error_classes) == bool(found)


def test_a_hundred_thousand_assets_are_a_thousand() -> None:
    document = answer(b"".join(b"<img src=/%d>" % number for number in range(100_000)))
    paths: set[str] = set()

    def other(connection: Connection, path: str) -> None:
        paths.add(path)
        connection.send(OK)

    with fault_server(serving(document, other)) as server:
        record = ran(server.url, 'page = "/"', more='max_body = "2 MB"')

    assert record.whole_run.ok + record.whole_run.timeouts == MOST
    assert len(paths) <= MOST_ASSETS


def wait_for(server: FaultServer, *, expect: int = 1) -> Record:
    return ran(server.url, f'events = "/"\nexpect = {expect}', more='max_body = "1 MB"')


def once(head: bytes, piece: bytes, pause_s: float = 0.0, *, ends: bool = False) -> Handler:
    """A stream that begins, and then says the same for ever."""

    def serve(connection: Connection) -> None:
        connection.read_request()
        connection.send(head)
        while not ends:
            connection.send(piece)
            if pause_s:
                connection.sleep(pause_s)

    return serve


@pytest.mark.parametrize(
    ("handler", "error_class"),
    [
        (once(STREAM, b"d", 0.02), "timeout"),
        (once(STREAM, b": nothing\n\n", 0.02), "timeout"),
        (once(STREAM, b"data: x" * 200), "body_too_large"),
        (once(STREAM, b"x"), "body_too_large"),
        (once(STREAM, b"data: \n" * 5000), "body_too_large"),
        (once(STREAM, b"event: x\n" * 5000), "body_too_large"),
        (once(STREAM, b"data: x\n\n" * 5000), "timeout"),
        (once(STREAM + b"data: x", b"", ends=True), "events.ended"),
        (once(STREAM.replace(b"200 OK", b"204 No Content"), b"", ends=True), "events.no_stream"),
        (once(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n", b"X: y\r\n"), "head_too_large"),
        (once(STREAM.replace(b"\r\n\r\n", b"\r\nContent-Length: -1\r\n\r\n"), b"data: x\n\n"), "protocol"),
        (once(b"", b"SSH-2.0-OpenSSH_9\r\n"), "protocol"),
    ],
)
def test_streams(handler: Handler, error_class: str) -> None:
    with fault_server(handler) as server:
        record = wait_for(server, expect=1_000_000)

    assert set(record.summary.total.error_classes) <= {error_class, "timeout"}
    assert record.whole_run.ok == 0
