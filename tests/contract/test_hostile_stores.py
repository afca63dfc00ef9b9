"""Stores that answer wrongly, endlessly, or not at all: every request ends, and its name says whose fault it was."""

from __future__ import annotations

import dataclasses
import socket
from itertools import count
from resource import RUSAGE_CHILDREN, getrusage

import pytest
from msgspec.structs import replace

from contract.wrong_answers import MEMCACHED, POSTGRESQL, READY, REDIS, TIMEOUT, Store, Wrong, error
from contract.wrong_mysql import MYSQL, OK, greeting, packet, switched
from support.lanes import Ended, ask_one_by_one
from support.short_runs import plan_of, ran
from support.wrong_server import MOST_BYTES, answering, flood, say

STORES = (REDIS, MEMCACHED, POSTGRESQL, MYSQL)
CASES = [
    pytest.param(store, wrong, looks, id=f"{store.name}, {wrong[0]}, {'' if looks else 'not '}looked into")
    for store in STORES
    for wrong in store.answers
    for looks in ((True, False) if store is POSTGRESQL else (True,))
]


def asked(store: Store, port: int, *, requests: int, waits: bool = False, looks: bool = True) -> Ended:
    """What became of a few requests: those that end in a timeout have 1 s, the others enough on any machine."""
    operation = store.operation + f"\nchecks = [{{ {store.check} }}]" * looks
    plan = plan_of(store.url.format(port=port), operation)
    return ask_one_by_one(replace(plan, target=replace(plan.target, timeout_s=1 if waits else 30)), requests)


@pytest.mark.parametrize(("store", "wrong", "looks"), CASES)
def test_a_wrong_answer_ends_and_says_what_it_was(store: Store, wrong: Wrong, looks: bool) -> None:  # noqa: FBT001 - a table
    _, answer, classes = wrong
    waits = bool(classes & TIMEOUT)
    requests = 1 if waits else 3
    with answering(answer, store.hello, store.greeting) as port:
        ended = asked(store, port, requests=requests, waits=waits, looks=looks)
    assert set(ended.classes) <= classes, ended.said
    assert ended.ok == (0 if classes else requests)
    assert ended.ok + ended.classes.total() == requests
    assert not any("\x1b" in said for said in ended.said)


@pytest.mark.parametrize("store", STORES, ids=lambda store: store.name)
def test_after_a_wrong_answer_comes_a_new_connection(store: Store) -> None:
    turns = count()

    def by_turns(connection: socket.socket) -> None:
        say(b"\0what is this?\r\n" if next(turns) == 0 else store.good)(connection)

    with answering(by_turns, store.hello, store.greeting) as port:
        ended = asked(store, port, requests=4, waits=True)
    assert ended.ok == 3
    assert ended.classes.total() == 1
    assert ended.opened == 2


@pytest.mark.parametrize("store", STORES, ids=lambda store: store.name)
def test_a_flood_does_not_fill_the_memory(store: Store) -> None:
    largest = getrusage(RUSAGE_CHILDREN).ru_maxrss  # of any process that tests have started: some are browsers
    with answering(flood(store.begin, store.piece), store.hello, store.greeting) as port:
        operation = f"{store.operation}\nchecks = [{{ not_nil = true }}]"
        plan = plan_of(store.url.format(port=port), operation, load="users = 1\nmax_requests = 3")
        record = ran(replace(plan, target=replace(plan.target, timeout_s=30), load=replace(plan.load, drain_s=30)))
    assert record.summary.total.error_classes.keys() == {"body_too_large"}
    assert getrusage(RUSAGE_CHILDREN).ru_maxrss <= max(largest, 2 * MOST_BYTES // 1024)


def test_a_server_cannot_make_up_classes_without_end() -> None:
    numbers = count(10_000)

    def answer(connection: socket.socket) -> None:
        connection.sendall(error(b"ERROR", b"%d" % next(numbers)) + READY)

    with answering(answer, POSTGRESQL.hello) as port:
        ended = asked(POSTGRESQL, port, requests=300)
    assert 80 <= len(ended.classes) <= 101  # other tests have seen some
    assert ended.classes.total() == 300


REFUSALS = {"sql.28000", "sql.1040", "sql.2059", "sql.HY000", "sql.08004", "sql.other"}
"""The last where this process has seen as many classes as it tells apart."""
KNOWN = dataclasses.replace(MYSQL, url=MYSQL.url.replace("app@", "app:secret-word@"))
GREETINGS = {
    "HTTP": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "too short": packet(0, b"\x0a8.0"),
    "empty": packet(0, b""),
    "of another version": packet(0, b"\x09old\0" + bytes(40)),
    "a refusal": packet(0, b"\xff\x10\x04Too many connections"),
    "way without a name": greeting(plugin=b"\xff\xfe\0"),
}
LOG_INS = {
    "in clear": switched(b"mysql_clear_password\0"),
    "by dialog": switched(b"dialog\0\4Password: "),
    "unknown": switched(b"none_such\0\1\2"),
    "nameless": switched(b""),
    "refused": {b"mysql_native_password\0": packet(2, b"\xff\x15\x04#28000no")},
    "cut": {b"mysql_native_password\0": packet(2, OK)[:5]},
}


@pytest.mark.parametrize(
    ("first", "hello"),
    [(said, MYSQL.hello) for said in GREETINGS.values()] + [(greeting(), said) for said in LOG_INS.values()],
    ids=[*GREETINGS, *(f"log-in {name}" for name in LOG_INS)],
)
def test_mysql_that_is_wrong_from_the_start(first: bytes, hello: dict[bytes, bytes]) -> None:
    with answering(say(b""), hello, first) as port:
        ended = asked(KNOWN, port, requests=2, waits=True)
    assert (ended.ok, ended.classes.total()) == (0, 2)
    assert set(ended.classes) <= {"protocol", "closed", "timeout", "connect.timeout", *REFUSALS}
    assert not any("secret-word" in said for said in ended.said)


@pytest.mark.parametrize("plugin", [b"mysql_clear_password\0", b"dialog\0\4Password: "])
def test_a_password_is_not_sent_as_it_is(plugin: bytes) -> None:
    heard: list[bytes] = []

    def listen(connection: socket.socket) -> None:
        heard.append(connection.recv(1000))

    with answering(listen, switched(plugin), greeting()) as port:
        ended = asked(KNOWN, port, requests=1, waits=True)
    assert ended.ok == 0
    assert "clear text" in ended.said[0]
    assert not any(b"secret-word" in said for said in heard)
