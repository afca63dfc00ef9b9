"""Caches and databases that answer wrongly, endlessly, or not at all: every request ends, under its own name."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from perftui.model.errors import UnreachableError
from support.short_runs import plan_of, ran

Answer = Callable[[socket.socket], None]
_MOST_BYTES = 200 * 1024 * 1024


@contextmanager
def answering(answer: Answer, hello: tuple[bytes, bytes] = (b"PING", b"+PONG\r\n")) -> Iterator[int]:
    """A server whose port this is. What holds the first part of `hello` is answered with the second, all else so."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                while data := connection.recv(65536):
                    if hello[0] in data:
                        connection.sendall(hello[1])
                    else:
                        answer(connection)

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def cut(connection: socket.socket) -> None:
    connection.sendall(b"$100\r\nhalf of")
    connection.shutdown(socket.SHUT_RDWR)


def flood(connection: socket.socket) -> None:
    connection.sendall(b"$999999999\r\n")
    for _ in range(_MOST_BYTES // 65536):
        connection.sendall(bytes(65536))


def say(data: bytes) -> Answer:
    return lambda connection: connection.sendall(data)


def drip(connection: socket.socket) -> None:
    for byte in b"$5\r\nhello\r\n":
        connection.sendall(bytes([byte]))


@pytest.mark.parametrize(
    ("answer", "classes"),
    [
        pytest.param(drip, set(), id="drip"),
        pytest.param(cut, {"closed", "reset"}, id="cut"),
        pytest.param(flood, {"body_too_large"}, id="flood"),
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
        plan = plan_of(
            f"redis://127.0.0.1:{port}",
            'redis = ["GET", "a"]\nchecks = [{ not_nil = true }]',
            load="users = 1\nmax_requests = 3",
        )
        record = ran(plan)
    found = set(record.summary.total.error_classes) | set(record.phases["measure"].error_classes)
    assert found <= classes
    assert bool(found) == bool(classes)
    assert record.whole_run.ok == (0 if classes else 3)
    assert record.host["worker_memory_bytes"].max < 2 * _MOST_BYTES


def test_two_answers_to_one_request_are_no_answer_to_the_next() -> None:
    with answering(say(b"$3\r\none\r\n$3\r\ntwo\r\n")) as port:
        plan = plan_of(
            f"redis://127.0.0.1:{port}",
            'redis = ["GET", "a"]\nchecks = [{ equals = "one" }]',
            load="users = 1\nmax_requests = 5",
        )
        record = ran(plan)
    assert record.whole_run.ok == 5


@pytest.mark.parametrize(
    "answer",
    [say(b"VALUE a 0 99999999999\r\n"), say(b"VALUE a 0 2\r\nlong\r\nEND\r\n"), say(b"what?\r\n"), say(b"x" * 5000)],
    ids=["an endless length", "longer than said", "another word", "a line without end"],
)
def test_memcached_that_answers_wrongly(answer: Answer) -> None:
    with answering(answer, (b"get hello", b"END\r\n")) as port:
        plan = plan_of(f"memcached://127.0.0.1:{port}", 'memcached = ["get", "a"]', load="users = 1\nmax_requests = 3")
        record = ran(plan)
    assert set(record.summary.total.error_classes) == {"protocol"}


@pytest.mark.parametrize("scheme", ["postgresql", "mysql"])
@pytest.mark.parametrize(
    "answer",
    [
        say(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        say(b"R\x7f\xff\xff\xff" + bytes(100)),
        lambda connection: connection.shutdown(socket.SHUT_RDWR),
        lambda _: None,
    ],
    ids=["HTTP", "an endless length", "cut", "silence"],
)
def test_a_database_that_is_none_is_said_before_the_start(scheme: str, answer: Answer) -> None:
    with answering(answer, (b"no such hello", b"")) as port, pytest.raises(UnreachableError) as raised:
        ran(plan_of(f"{scheme}://app@127.0.0.1:{port}/x", 'sql = "select 1"'))
    assert f"127.0.0.1:{port}" in str(raised.value)
