"""Servers that answer badly: each kind has its class, each request one outcome, and no answer is mixed up."""

from __future__ import annotations

import socket

import pytest

from perftui.model.plan import Load, Operation, Stage
from support.bombs import gzip_bomb
from support.fault_server import OK, Connection, Handler, answering, fault_server
from support.load_worker import Measured, make_plan, one_by_one, run_load

pytestmark = pytest.mark.xdist_group("one run of every bad response")

OK_CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n"
    b"5\r\nhello\r\n1;ext=1\r\n!\r\n0\r\nX-Sum: 6\r\n\r\n"
)
HEAD = b"HTTP/1.1 200 OK\r\n"
LIMIT = 10 * 1024 * 1024


def run(
    handler: Handler, *, rate: float = 100, duration_s: float = 0.2, timeout_s: float = 5.0, **plan: object
) -> Measured:
    with fault_server(handler) as server:
        return run_load(make_plan(server.url, rate=rate, duration_s=duration_s, timeout_s=timeout_s, **plan))  # type: ignore[arg-type]  # as the test says


def run_one_by_one(handler: Handler, requests: int, *, think_s: float = 0.0, method: str = "GET") -> Measured:
    operations = [Operation(name="request", method=method)]
    return run(handler, load=one_by_one(requests, think_s=think_s), operations=operations)


GOOD = {
    "plain": OK,
    "chunked": OK_CHUNKED,
    "204": b"HTTP/1.1 204 No Content\r\n\r\n",
    "304": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\n\r\n",
    "100": b"HTTP/1.1 100 Continue\r\n\r\n" + OK,
    "103": b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n" + OK,
    "large": HEAD + b"Content-Length: 300000\r\n\r\n" + b"x" * 300_000,
    "empty": HEAD + b"Content-Length: 0\r\n\r\n",
    "no reason": b"HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\nok",
    "redirect": b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n",
    "gzip": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\n\x1f\x8b\x08\x00",
}


def number_of(request: bytes) -> int:
    """Of the operation, which is its path."""
    return int(request.split(b" ", 2)[1].removeprefix(b"/"))


@pytest.mark.parametrize("pieces", [0, 1, 7], ids=["whole", "bytes", "pieces"])
def test_good_responses(pieces: int) -> None:
    """All of them in turn on one connection."""
    responses = list(GOOD.values())

    def handle(connection: Connection) -> None:
        while request := connection.read_request():
            response = responses[number_of(request)]
            if pieces:
                connection.send_in_pieces(response, 65_521 if len(response) > 100_000 else pieces)
            else:
                connection.send(response)

    operations = [Operation(name=name, path=f"/{number}") for number, name in enumerate(GOOD)]
    measured = run(handle, load=one_by_one(10 * len(GOOD)), operations=operations)
    for name, response in GOOD.items():
        assert measured.counts(name).ok == 10, (name, measured.classes(name))
        assert sum(cell.received_bytes for cell in measured.cells(name)) == 10 * len(response), name
    assert measured.opened == 1


def test_head_has_no_body() -> None:
    handler = answering(HEAD + b"Content-Length: 12345\r\n\r\n")
    assert run(handler, operations=[Operation(name="head", method="HEAD")]).counts().ok == 20


@pytest.mark.parametrize("more", [OK, b"x" * 12345, b"junk"], ids=["response", "body", "junk"])
@pytest.mark.parametrize("length", [0, 12345])
def test_bytes_after_the_head_are_no_answer_to_head(length: int, more: bytes) -> None:
    handler = answering(HEAD + b"Content-Length: %d\r\n\r\n" % length + more)
    measured = run(handler, operations=[Operation(name="head", method="HEAD")])
    assert measured.classes() == {"protocol": 20}


@pytest.mark.parametrize(
    "response",
    [
        HEAD + b"Connection: close\r\n\r\nuntil the end",
        b"HTTP/1.0 200 OK\r\n\r\nuntil the end",
        HEAD + b"Connection: close\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ],
    ids=["no length", "1.0 no length", "close", "1.0"],
)
def test_closing_servers(response: bytes) -> None:
    def handle(connection: Connection) -> None:
        connection.read_request()
        connection.send(response)

    measured = run(handle)
    assert measured.counts().ok == 20, measured.classes()
    assert measured.opened == 20


BAD = [
    (b"", False, "closed"),
    (b"", True, "reset"),
    (HEAD + b"Content-Le", True, "reset"),
    (HEAD + b"Content-Le", False, "closed"),
    (HEAD + b"Content-Length: 10\r\n\r\nabc", True, "body_short"),
    (HEAD + b"Content-Length: 10\r\n\r\nabc", False, "body_short"),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhe", False, "body_short"),
    (HEAD + b"Connection: close\r\n\r\nuntil the end", True, "body_short"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", False, "protocol"),
    (b"\x00\x01\x02\x03garbage\xff\xfe\r\n\r\n", False, "protocol"),
    (b"<html>HTTP/0.9</html>", False, "protocol"),
    (HEAD + b"Content-Length: 10000000000000\r\n\r\n", False, "protocol"),
    (HEAD + b"Content-Length: -1\r\n\r\n", False, "protocol"),
    (HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok", False, "protocol"),
    (HEAD + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\nok", False, "protocol"),
    (HEAD + b"Transfer-Encoding: chunked\r\n\r\nnot a size\r\n", False, "protocol"),
    (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", False, "protocol"),
    (b"HTTP/1.1 100 Continue\r\n\r\n" * 50, False, "protocol"),
    (HEAD + b"X: " + b"y" * 70_000 + b"\r\n\r\n", False, "head_too_large"),
    (HEAD + b"X: 1\r\n" * 10_000 + b"\r\n", False, "head_too_large"),
    (HEAD + f"Content-Length: {LIMIT + 1}\r\n\r\n".encode(), False, "body_too_large"),
    (HEAD + b"Connection: close\r\n\r\n" + b"x" * (LIMIT + 100_000), False, "body_too_large"),
    (OK + b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil", False, "protocol"),
    (OK + b"junk", False, "protocol"),
    (b"HTTP/1.1 000 None\r\nContent-Length: 0\r\n\r\n", False, "protocol"),
    (b"HTTP/1.1 099 None\r\nContent-Length: 0\r\n\r\n", False, "protocol"),
    (b"HTTP/1.1 042\r\n\r\n" + OK, False, "protocol"),
]
"""What the server says, whether it then resets the connection, and the class that this is."""
EACH = 4


@pytest.fixture(scope="module")
def bad() -> Measured:
    """One run of ten users who get every bad response four times."""

    def handle(connection: Connection) -> None:
        response, resets, _ = BAD[number_of(connection.read_request())]
        connection.send(response)
        if resets:
            connection.sleep(0.3)  # a reset overtakes what the client has not read yet
            connection.reset()

    operations = [Operation(name=str(number), path=f"/{number}") for number in range(len(BAD))]
    stages = (Stage(duration_s=60, to=10),)
    load = Load(mode="users", stages=stages, start_level=10, max_requests=EACH * len(BAD))
    return run(handle, load=load, operations=operations)


@pytest.mark.parametrize("number", range(len(BAD)), ids=[f"{number} {case[2]}" for number, case in enumerate(BAD)])
def test_bad_responses(bad: Measured, number: int) -> None:
    samples = [sample for sample in bad.samples if sample.operation == str(number)]
    assert bad.classes(str(number)) == {BAD[number][2]: EACH}, [sample.detail for sample in samples]
    assert samples[-1].count == EACH


@pytest.mark.parametrize(
    "response",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
        HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\nok",
        HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\nokmore",
        b"junk",
    ],
)
def test_bad_responses_on_a_connection_that_was_good(response: bytes) -> None:
    def handle(connection: Connection) -> None:
        connection.read_request()
        connection.send(OK)
        connection.read_request()
        connection.send(response)

    measured = run_one_by_one(handle, 10)
    assert measured.counts().ok == 5, measured.classes()
    assert measured.classes() == {"protocol": 5}


def test_bytes_after_an_answer_are_not_the_next_answer() -> None:
    """An extra response on an idle connection must not be taken for the answer to the next request."""

    def handle(connection: Connection) -> None:
        while connection.read_request():
            connection.send(OK)
            connection.sleep(0.2)  # not read together with the answer, by a worker that has to wait
            connection.send(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")

    measured = run_one_by_one(handle, 3, think_s=0.5)
    assert measured.counts().ok == 3, measured.classes()
    assert measured.opened == 3


def test_large_heads_without_end_are_cut() -> None:
    def handle(connection: Connection) -> None:
        connection.read_request()
        connection.send(HEAD)
        for _ in range(1600):
            connection.send(b"X: " + b"y" * 65_000 + b"\r\n")

    assert run(handle, rate=20).classes() == {"head_too_large": 4}


@pytest.mark.parametrize(
    ("start", "endless"),
    [
        (b"2\r\nok\r\n0\r\nX: ", b"y" * 65536),
        (b"2\r\nok\r\n0\r\n", b"X: y\r\n" * 10_000),
        (b"2;", b"x" * 65536),
        (b"", b"1;" + b"x" * 5000 + b"\r\nx\r\n"),
    ],
    ids=["a trailer", "trailers", "an extension", "extensions"],
)
def test_what_is_around_a_body_without_end_is_cut(start: bytes, endless: bytes) -> None:
    def handle(connection: Connection) -> None:
        connection.read_request()
        connection.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + start)
        while True:
            connection.send(endless)

    measured = run(handle, rate=20)
    assert measured.classes() == {"head_too_large": 4}
    assert max(frame.health.memory_bytes for frame in measured.frames) < 150e6


def test_a_body_of_single_bytes_is_fine() -> None:
    body = b"1\r\nx\r\n" * 100_000

    def handle(connection: Connection) -> None:
        while connection.read_request():
            connection.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n")

    assert run(handle, rate=20).counts().ok == 4


def test_endless_chunks_are_cut() -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"

    def handle(connection: Connection) -> None:
        connection.read_request()
        connection.send(HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.send(chunk)

    measured = run(handle, rate=20)
    assert measured.classes() == {"body_too_large": 4}
    assert max(frame.health.memory_bytes for frame in measured.frames) < 150e6


def test_a_compressed_bomb_is_counted_as_it_comes_and_not_inflated() -> None:
    packed = gzip_bomb(300_000_000)
    head = HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed)
    measured = run(answering(head + packed), load=one_by_one(4))
    assert measured.counts().ok == 4
    assert sum(cell.received_bytes for cell in measured.cells()) == 4 * len(head + packed)
    assert max(frame.health.memory_bytes for frame in measured.frames) < 150e6


@pytest.mark.parametrize("start", [b"", HEAD, HEAD + b"Content-Length: 100\r\n\r\n"], ids=["silent", "head", "body"])
def test_slow_answers_end_at_the_deadline(start: bytes) -> None:
    def handle(connection: Connection) -> None:
        connection.read_request()
        connection.send(start)
        while start:
            connection.send(b"x")
            connection.sleep(0.05)
        connection.hold()

    measured = run(handle, timeout_s=0.4)
    assert measured.classes() == {"timeout": 20}
    times = measured.histogram("service_time")
    assert times.total == 20
    held_us = 1000 * max(frame.health.loop_lag_max_ms for frame in measured.frames)
    assert 400_000 <= times.min_us <= times.max_us <= 450_000 + held_us


def test_a_full_backlog_is_a_connect_timeout() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        address = listener.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.settimeout(0)
            filler.connect_ex(address)
        plan = make_plan(f"http://127.0.0.1:{address[1]}", rate=20, duration_s=0.5, timeout_s=0.3)
        measured = run_load(plan)
        for filler in fillers:
            filler.close()
    assert measured.classes() == {"connect.timeout": 10}
    assert measured.counts().timeouts == 10


def test_only_idempotent_requests_are_sent_again() -> None:
    def handle(connection: Connection) -> None:
        connection.read_request()
        connection.send(OK)
        connection.read_request()  # the second request of a connection is never answered

    gets = run_one_by_one(handle, 10)
    assert gets.counts().ok == 10
    assert sum(frame.connections.reconnects for frame in gets.frames) == 9
    posts = run_one_by_one(handle, 10, method="POST")
    assert posts.counts().ok == 5
    assert posts.classes() == {"closed": 5}


def test_a_resent_request_is_not_sent_a_third_time() -> None:
    served = iter(range(1_000_000))

    def handle(connection: Connection) -> None:
        connection.read_request()
        if next(served) == 0:
            connection.send(OK)
            connection.read_request()

    measured = run_one_by_one(handle, 4)
    assert measured.counts().ok == 1
    assert measured.classes() == {"closed": 3}
