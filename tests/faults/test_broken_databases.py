"""Caches and databases that answer wrongly, endlessly, or not at all: every request ends, under its own name."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from itertools import count
from resource import RUSAGE_CHILDREN, getrusage
from struct import pack

import pytest
from msgspec.structs import replace

from support.lanes import Ended, ask_one_by_one
from support.short_runs import plan_of, ran

Answer = Callable[[socket.socket], None]
_MOST_BYTES = 200 * 1024 * 1024


def message(kind: bytes, body: bytes = b"") -> bytes:
    """One of PostgreSQL's."""
    return kind + pack("!i", 4 + len(body)) + body


REDIS_HELLO = {b"PING": b"+PONG\r\n"}
POSTGRESQL_HELLO = {
    b"\x04\xd2\x16\x2f": b"N",  # TLS is asked for
    b"\0\3\0\0": message(b"R", bytes(4))
    + message(b"S", b"server_version\x0016.0\0")
    + message(b"S", b"client_encoding\0UTF8\0")
    + message(b"K", bytes(8))
    + message(b"Z", b"I"),
    b"\x04\xd2\x16\x2e": b"",  # to stop a statement
}
"""What is said until the connection is open, and the answers."""


@contextmanager
def answering(answer: Answer, hello: Mapping[bytes, bytes] = REDIS_HELLO) -> Iterator[int]:
    """A server whose port this is. What holds a key of `hello` is answered with its value, all else so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                while data := connection.recv(65536):
                    greeting = next((said for asked, said in hello.items() if asked in data), None)
                    if greeting is None:
                        answer(connection)
                    else:
                        connection.sendall(greeting)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def cut_after(data: bytes) -> Answer:
    def cut(connection: socket.socket) -> None:
        connection.sendall(data)
        connection.shutdown(socket.SHUT_RDWR)

    return cut


def flood(begin: bytes, piece: bytes) -> Answer:
    def send(connection: socket.socket) -> None:
        connection.sendall(begin)
        for _ in range(_MOST_BYTES // len(piece)):
            connection.sendall(piece)

    return send


def say(data: bytes) -> Answer:
    return lambda connection: connection.sendall(data)


def drip(data: bytes) -> Answer:
    def send(connection: socket.socket) -> None:
        for byte in data:
            connection.sendall(bytes([byte]))

    return send


def asked(url: str, operation: str, *, waits: bool = False, requests: int = 3) -> Ended:
    """What became of a few requests: those that end in a timeout have 2 s, the others enough on any machine."""
    plan = plan_of(url, operation)
    return ask_one_by_one(replace(plan, target=replace(plan.target, timeout_s=2 if waits else 30)), requests)


def assert_ended(ended: Ended, classes: set[str], requests: int = 3) -> None:
    """Every request ended under one of these classes; as it should where there are none."""
    assert set(ended.classes) <= classes
    assert ended.classes.total() == (requests if classes else 0)
    assert ended.ok == (0 if classes else requests)


@pytest.mark.parametrize(
    ("answer", "classes"),
    [
        pytest.param(drip(b"$5\r\nhello\r\n"), set(), id="drip"),
        pytest.param(cut_after(b"$100\r\nhalf of"), {"closed", "reset"}, id="cut"),
        pytest.param(flood(b"$999999999\r\n", bytes(65536)), {"body_too_large"}, id="flood"),
        pytest.param(say(b"HTTP/1.1 200 OK\r\n\r\n"), {"protocol"}, id="HTTP"),
        pytest.param(say(b"*1000000000\r\n"), {"protocol"}, id="a billion members"),
        pytest.param(say(b"*1\r\n*1\r\n*2000000000\r\n"), {"protocol"}, id="a billion within"),
        pytest.param(say(b"*1\r\n" * 2000), {"protocol"}, id="nested without end"),
        pytest.param(say(b"$-5\r\n"), {"protocol"}, id="a length below zero"),
        pytest.param(say(b"-\x1b]52;c;bad\x07\r\n"), {"redis.other"}, id="an error that is none"),
        pytest.param(say(b"$1"), {"timeout"}, id="half a line"),
        pytest.param(lambda _: None, {"timeout"}, id="silence"),
    ],
)
def test_redis_that_answers_wrongly(answer: Answer, classes: set[str]) -> None:
    with answering(answer) as port:
        get = 'redis = ["GET", "a"]\nchecks = [{ not_nil = true }]'
        ended = asked(
            f"redis://127.0.0.1:{port}", get, waits="timeout" in classes, requests=1 if "timeout" in classes else 3
        )
    assert_ended(ended, classes, 1 if "timeout" in classes else 3)


def test_two_answers_to_one_request_are_no_answer_to_the_next() -> None:
    with answering(say(b"$3\r\none\r\n$3\r\ntwo\r\n")) as port:
        get = 'redis = ["GET", "a"]\nchecks = [{ equals = "one" }]'
        ended = asked(f"redis://127.0.0.1:{port}", get, requests=5)
    assert_ended(ended, set(), 5)


@pytest.mark.parametrize(
    "answer",
    [say(b"VALUE a 0 99999999999\r\n"), say(b"VALUE a 0 2\r\nlong\r\nEND\r\n"), say(b"what?\r\n"), say(b"x" * 5000)],
    ids=["an endless length", "longer than said", "another word", "a line without end"],
)
def test_memcached_that_answers_wrongly(answer: Answer) -> None:
    with answering(answer, {b"get hello": b"END\r\n"}) as port:
        ended = asked(f"memcached://127.0.0.1:{port}", 'memcached = ["get", "a"]')
    assert_ended(ended, {"protocol"})


COLUMN = message(b"T", b"\0\1a\0" + bytes(6) + b"\0\0\0\x19" + bytes(8))
DESCRIBED = message(b"1") + message(b"t", b"\0\0") + COLUMN
ROW = message(b"D", b"\0\1\0\0\0\3one")
BIG_ROW = message(b"D", b"\0\1" + pack("!i", 1 << 20) + bytes(1 << 20))
READY = message(b"Z", b"I")
SELECTED = DESCRIBED + message(b"2") + ROW + message(b"C", b"SELECT 1\0")


def error(severity: bytes, code: bytes) -> bytes:
    return message(b"E", b"S%b\0V%b\0C%b\0Mno\x1b[2J\0\0" % (severity, severity, code))


@pytest.mark.parametrize("looks", [True, False], ids=["looked into", "not looked into"])
@pytest.mark.parametrize(
    ("answer", "classes"),
    [
        pytest.param(drip(SELECTED + READY), set(), id="drip"),
        pytest.param(say(SELECTED + READY + READY), set(), id="twice"),
        pytest.param(say(message(b"N", b"") + SELECTED + READY), set(), id="a notice before"),
        pytest.param(cut_after(SELECTED), {"closed", "reset"}, id="cut"),
        pytest.param(cut_after(SELECTED[:-3]), {"closed", "reset"}, id="cut within"),
        pytest.param(flood(DESCRIBED + message(b"2"), BIG_ROW), {"body_too_large"}, id="flood"),
        pytest.param(say(DESCRIBED + b"D\x7f\xff\xff\xff"), {"protocol"}, id="an endless length"),
        pytest.param(say(DESCRIBED + b"D\xff\xff\xff\xff"), {"protocol"}, id="a length below zero"),
        pytest.param(say(DESCRIBED + b"D\0\0\0\3"), {"protocol"}, id="a length below its own"),
        pytest.param(say(b"HTTP/1.1 200 OK\r\n\r\n"), {"protocol"}, id="HTTP"),
        pytest.param(say(READY), {"protocol"}, id="ready without an answer"),
        pytest.param(say(SELECTED[:-14] + READY), {"protocol"}, id="ready without an end"),
        pytest.param(say(ROW + READY), {"protocol"}, id="a row of something else"),
        pytest.param(say(SELECTED + ROW + READY), {"protocol"}, id="a row after the end"),
        pytest.param(say(message(b"T", b"\xff\xffa\0") + READY), {"protocol"}, id="columns without end"),
        pytest.param(say(message(b"?", b"") + READY), {"protocol"}, id="a kind that is none"),
        pytest.param(say(error(b"ERROR", b"42601") + READY), {"sql.42601"}, id="an error"),
        pytest.param(say(error(b"ERROR", b"\x1b[2J") + READY), {"sql.other"}, id="an error that is none"),
        pytest.param(say(message(b"E", b"") + READY), {"sql.other"}, id="an error without words"),
        pytest.param(say(error(b"FATAL", b"57P01")), {"sql.57P01"}, id="the end"),
        pytest.param(say(SELECTED), {"timeout"}, id="never ready"),
        pytest.param(lambda _: None, {"timeout"}, id="silence"),
    ],
)
def test_postgresql_that_answers_wrongly(answer: Answer, classes: set[str], looks: bool) -> None:  # noqa: FBT001 - a table
    with answering(answer, POSTGRESQL_HELLO) as port:
        select = 'sql = "select a from b"' + "\nchecks = [{ rows = 1 }]" * looks
        ended = asked(
            f"postgresql://app@127.0.0.1:{port}/x",
            select,
            waits="timeout" in classes,
            requests=1 if "timeout" in classes else 3,
        )
    assert_ended(ended, classes, 1 if "timeout" in classes else 3)


def test_a_server_cannot_make_up_classes_without_end() -> None:
    numbers = count(10_000)

    def answer(connection: socket.socket) -> None:
        connection.sendall(error(b"ERROR", b"%d" % next(numbers)) + READY)

    with answering(answer, POSTGRESQL_HELLO) as port:
        ended = asked(f"postgresql://app@127.0.0.1:{port}/x", 'sql = "select 1"', requests=300)
    assert 80 <= len(ended.classes) <= 101  # other tests have seen some
    assert ended.classes.total() == 300


@pytest.mark.parametrize(
    ("scheme", "operation", "hello", "answer"),
    [
        ("redis", 'redis = ["GET", "a"]', REDIS_HELLO, flood(b"$999999999\r\n", bytes(65536))),
        ("postgresql", 'sql = "select a from b"', POSTGRESQL_HELLO, flood(DESCRIBED + message(b"2"), ROW * 5000)),
    ],
    ids=["redis", "postgresql"],
)
def test_a_flood_does_not_fill_the_memory(
    scheme: str, operation: str, hello: Mapping[bytes, bytes], answer: Answer
) -> None:
    with answering(answer, hello) as port:
        plan = plan_of(
            f"{scheme}://app@127.0.0.1:{port}/0",
            f"{operation}\nchecks = [{{ not_nil = true }}]",
            load="users = 1\nmax_requests = 3",
        )
        record = ran(replace(plan, target=replace(plan.target, timeout_s=30), load=replace(plan.load, drain_s=30)))
    assert record.summary.total.error_classes.keys() == {"body_too_large"}
    assert getrusage(RUSAGE_CHILDREN).ru_maxrss * 1024 < 2 * _MOST_BYTES  # of any process that tests have started
