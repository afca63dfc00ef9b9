"""Servers of pages and streams of events that mean harm: every visit ends once, in time, within bounds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from perftui.engine.clients.page.assets import MOST_ASSETS
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.record import Stats
from perftui.presets.loading import parse_preset
from support.bombs import gzip_bomb
from support.conservation import assert_conserved
from support.fault_server import OK, Connection, Handler, fault_server

HTML = b"Content-Type: text/html\r\n"
STREAM = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
Other = Callable[[Connection, str], None]


def ran(
    url: str, operations: dict[str, str], *, more: str = "", users: int = 6, timeout: str = "1s"
) -> dict[str, Stats]:
    """What became of each operation, in one run."""
    text = f'schema = 1\nname = "visit"\n[target]\nurl = "{url}"\ntimeout = "{timeout}"\n{more}\n'
    text += f'[load]\nusers = {users}\nduration = "60s"\nmax_requests = {2 * len(operations)}\nauto_stop = false\n'
    for name, operation in operations.items():
        text += f'[[operations]]\nname = "{name}"\n{operation}\n'
    record = run_plan(RunRequest(plan=parse_preset(text, "visit.toml")))
    assert_conserved(record)
    assert record.status == "finished"
    assert record.whole_run.client_errors == 0, record.summary.total.error_classes
    assert set(record.summary.operations) == set(operations)
    return record.summary.operations


def answer(body: bytes, head: bytes = HTML) -> bytes:
    return b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (head, len(body), body)


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


IMAGE = b'<img src="i.png">'
BOMB = b"inflates to much"
PAGES: dict[str, tuple[bytes, bytes, Other | None, str]] = {
    # name: head and body of the document, what its parts are like, and the class that all visits end in
    "drip": (HTML, IMAGE, drip, "asset"),
    "endless": (HTML, IMAGE, endless, "asset"),
    "circle": (HTML, IMAGE, moving(lambda path: path), "asset"),
    "longer": (HTML, IMAGE, moving(lambda path: f"{path}x"), "asset"),
    "metadata": (HTML, IMAGE, moving(lambda _: "http://169.254.169.254/latest/meta-data/"), ""),
    "mapped": (HTML, IMAGE, moving(lambda _: "http://user@[::ffff:169.254.169.254]:1/"), ""),
    "file": (HTML, IMAGE, moving(lambda _: "file:///etc/passwd"), ""),
    "hex": (HTML, IMAGE, moving(lambda _: "//0xa9fea9fe/"), ""),
    "no-name": (HTML, IMAGE, moving(lambda _: "http://\xfc..x/"), ""),
    "hosts": (HTML, "<img src='http://ü..x/'><img src='http://:0/'><img src='//[v1.x]/'>".encode(), None, ""),
    "numbers": (HTML, b'<img src="http://2852039166/"><link rel=icon href="http://169.254.169.254./x">', None, ""),
    "deep": (HTML, b"<div>" * 20_000 + b"<img>" * 20_000 + b"</p>" * 20_000, None, ""),
    "sources": (HTML, b"<picture>" + b"<source>" * 50_000 + b"<img>" * 50_000, None, ""),
    "wide": (HTML, b"<img srcset='a " + b"9" * 5000 + b"w, b 1w'>", None, ""),
    "base": (HTML, b"<base href='/" + b"a" * 1_000_000 + b"/'>" + b"<img src='/wide/x'>", None, ""),
    "bomb": (b"Content-Encoding: gzip\r\n" + HTML, BOMB, None, ""),
    "large": (HTML, b"<p>" * 700_000, None, "body_too_large"),
}  # fmt: skip


def pages(connection: Connection) -> None:
    while request := connection.read_request():
        path = request.split(b" ", 2)[1].decode("latin-1")
        head, body, other, _ = PAGES[path.split("/")[1]]
        if path.endswith("/"):
            connection.send(answer(gzip_bomb(60_000_000) if body is BOMB else body, head))
        elif other is None:
            connection.send(OK)
        else:
            other(connection, path)


@pytest.mark.slow
def test_pages() -> None:
    with fault_server(pages) as server:
        found = ran(server.url, {name: f'page = "/{name}/"' for name in PAGES}, more='max_body = "2 MB"')

    for name, (*_, ends) in PAGES.items():
        total = found[name]
        if ends:
            assert total.counts.ok == 0, name
            # a busy machine may be too slow for any of them
            assert {kind.partition(":")[0] for kind in total.error_classes} <= {ends, "timeout"}, name
        else:
            assert set(total.error_classes) <= {"timeout"}, name
    in_time = [name for name, (*_, ends) in PAGES.items() if (found[name].counts.ok > 0) == (ends == "")]
    assert len(in_time) > len(PAGES) / 2, "what never ends holds up nobody else"


@pytest.mark.slow
def test_a_hundred_thousand_assets_are_a_thousand() -> None:
    document = answer(b"".join(b"<img src=/%d>" % number for number in range(100_000)))
    paths: set[bytes] = set()

    def many(connection: Connection) -> None:
        while request := connection.read_request():
            paths.add(request.split(b" ", 2)[1])
            connection.send(document if request.startswith(b"GET / ") else OK)

    with fault_server(many) as server:
        ran(server.url, {"many": 'page = "/"'}, users=1, timeout="20s")

    assert len(paths) == MOST_ASSETS


def says(head: bytes, piece: bytes = b"", pause_s: float = 0.0) -> Handler:
    """A stream that begins, and then says the same for ever; or ends."""

    def serve(connection: Connection) -> None:
        connection.send(head)
        while piece:
            connection.send(piece)
            if pause_s:
                connection.sleep(pause_s)

    return serve


STREAMS: dict[str, tuple[Handler, str]] = {
    "drip": (says(STREAM, b"d", 0.02), "timeout"),
    "comments": (says(STREAM, b": nothing\n\n", 0.02), "timeout"),
    "flood-of-comments": (says(STREAM, b":\n\n" * 20_000), "timeout"),
    "flood": (says(STREAM, b"data: x\n\n" * 5000), "timeout"),
    "one-line": (says(STREAM, b"data: x" * 200), "body_too_large"),
    "one-event": (says(STREAM, b"data: \n" * 5000), "body_too_large"),
    "no-event": (says(STREAM, b"event: x\n" * 5000), "body_too_large"),
    "cut": (says(STREAM + b"data: x"), "events.ended"),
    "nothing": (says(STREAM.replace(b"200 OK", b"204 No Content")), "events.no_stream"),
    "head": (says(STREAM[:-2], b"X: y\r\n" * 100), "head_too_large"),
    "length": (says(STREAM.replace(b"\r\n\r\n", b"\r\nContent-Length: -1\r\n\r\n"), b"data: x\n\n"), "protocol"),
    "no-HTTP": (says(b"SSH-2.0-OpenSSH_9\r\n"), "protocol"),
}  # fmt: skip


def streams(connection: Connection) -> None:
    request = connection.read_request()
    if request:
        STREAMS[request.split(b" ", 2)[1].decode()[1:]][0](connection)


@pytest.mark.slow
def test_streams() -> None:
    with fault_server(streams) as server:
        operations = {name: f'events = "/{name}"\nexpect = 1_000_000' for name in STREAMS}
        found = ran(server.url, operations, more='max_body = "1 MB"')

    for name, (_, ends) in STREAMS.items():
        assert found[name].counts.ok == 0, name
        assert set(found[name].error_classes) <= {ends, "timeout"}, name
    assert any(ends in found[name].error_classes for name, (_, ends) in STREAMS.items() if ends != "timeout")
