"""Servers that break the protocol or break off: each way has its class, is counted once, and slows nothing down."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from perftui.model.record import Record
from support.bombs import gzip_bomb
from support.cli import Result, run_cli, write_preset
from support.conservation import assert_conserved
from support.fault_server import Connection, FaultServer, fault_server
from support.home import Home, new_home
from support.presets import preset_text

pytestmark = [pytest.mark.alone, pytest.mark.xdist_group("one run with every fault")]

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
TIMEOUT_S = 1.5
"""Where others use the cores, a server takes its time even for what it does at once."""
RATE = 70
DURATION_S = 3
MEBIBYTE = b"x" * 1024 * 1024


def close_without_answer(_: Connection) -> None:
    """The server goes away after the request."""


def reset_before_head(connection: Connection) -> None:
    connection.reset()


def reset_in_head(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-")
    connection.sleep(0.02)
    connection.reset()


def reset_in_body(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc")
    connection.sleep(0.3)  # a reset overtakes what the client has not read yet
    connection.reset()


def sending(data: bytes) -> Callable[[Connection], None]:
    return lambda connection: connection.send(data)


def dripping(head: bytes) -> Callable[[Connection], None]:
    def drip(connection: Connection) -> None:
        connection.send(head)
        while True:
            connection.send(b"a")
            connection.sleep(0.1)

    return drip


def endless_body(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.send(b"100000\r\n" + MEBIBYTE + b"\r\n")


def endless_head(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nX-Long: ")
    for _ in range(100):
        connection.send(MEBIBYTE)


def many_headers(connection: Connection) -> None:
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n")
    connection.send(b"".join(b"X-%d: y\r\n" % number for number in range(10_000)) + b"\r\n")


def endless_continue(connection: Connection) -> None:
    while True:
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n" * 100)


def compressed_bomb(connection: Connection) -> None:
    packed = gzip_bomb(50_000_000)
    connection.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed)


def one_byte_packets(connection: Connection) -> None:
    connection.send_in_pieces(OK)


@dataclass(frozen=True)
class Fault:
    """What a path does, and how it has to be booked."""

    act: Callable[[Connection], None]
    booked: frozenset[str]
    """Classes that are right; none: the answer is fine."""
    stays: bool = False
    """The connection is left to the next request."""


def fault(act: Callable[[Connection], None], *booked: str) -> Fault:
    return Fault(act, frozenset(booked))


def answer(head: bytes, *booked: str) -> Fault:
    """A whole answer without a body, on a connection that stays."""
    return Fault(sending(b"HTTP/1.1 " + head + b"\r\nContent-Length: 0\r\n\r\n"), frozenset(booked), stays=True)


FAULTS = {
    "closes without an answer": fault(close_without_answer, "closed"),
    "reset before the head": fault(reset_before_head, "reset"),
    "reset in the head": fault(reset_in_head, "reset"),
    "reset in the body": fault(reset_in_body, "body_short"),
    "ssh banner": fault(sending(b"SSH-2.0-OpenSSH_9.2\r\n"), "protocol"),
    "no head": fault(sending(b"<html>hello</html>"), "protocol"),
    "slow head": fault(dripping(b"HTTP/1.1 200 OK\r\nX-Slow: "), "timeout"),
    "slow body": fault(dripping(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"), "timeout"),
    # what is endless reaches the deadline before the cap where the machine is slow
    "endless body": fault(endless_body, "body_too_large", "timeout"),
    "ten terabytes": fault(
        sending(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000000\r\n\r\nx"), "body_too_large", "protocol"
    ),
    "negative length": fault(sending(b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello"), "protocol"),
    "two lengths": fault(
        sending(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"), "protocol"
    ),
    "length and chunked": fault(
        sending(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), "protocol"
    ),
    "bad chunk size": fault(sending(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "protocol"),
    "endless head": fault(endless_head, "head_too_large", "timeout"),
    "ten thousand headers": fault(many_headers, "head_too_large"),
    "endless 100 Continue": fault(endless_continue, "head_too_large", "protocol", "timeout"),
    "short body": fault(sending(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"), "body_short"),
    "chunks that end early": fault(
        sending(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"), "body_short"
    ),
    "500": answer(b"500 Broken", "http.500"),
    "429": answer(b"429 Too Many\r\nRetry-After: 60", "http.429"),
    "redirect to itself": answer(b"302 Found\r\nLocation: /redirect-to-itself"),
    "redirect to a file": answer(b"302 Found\r\nLocation: file:///etc/passwd"),
    "redirect to the metadata service": answer(b"302 Found\r\nLocation: http://169.254.169.254/"),
    "compressed bomb": fault(compressed_bomb),
    "packets of one byte": fault(one_byte_packets),
    "HTTP/1.0 without a length": fault(sending(b"HTTP/1.0 200 OK\r\n\r\nuntil the end")),
    "fine": Fault(sending(OK), frozenset(), stays=True),
}  # fmt: skip


def path_of(name: str) -> str:
    return "/" + name.replace(" ", "-").replace("/", "-")


@dataclass(frozen=True)
class Outcome:
    """What the run said and what the server saw."""

    result: Result
    record: Record
    seen: Counter[str]
    server: FaultServer


@pytest.fixture(scope="module")
def outcome() -> Iterator[Outcome]:
    """One run with every fault as an operation."""
    by_path = {path_of(name): each for name, each in FAULTS.items()}
    seen: Counter[str] = Counter()
    lock = threading.Lock()

    def handle(connection: Connection) -> None:
        while request := connection.read_request():
            path = request.split(b" ", 2)[1].decode()
            with lock:
                seen[path] += 1
            by_path[path].act(connection)
            if not by_path[path].stays:
                return

    gzip_bomb(50_000_000)  # before anybody waits for it
    with new_home() as home, fault_server(handle) as server:
        preset = preset_text(
            server.url,
            {name: path_of(name) for name in FAULTS},
            target={"timeout": f"{TIMEOUT_S}s"},
            rate=RATE,
            duration=f"{DURATION_S}s",
            auto_stop=False,
        )
        result = run_cli(home, "run", write_preset(home, preset), "--headless", "--format", "json")
        yield Outcome(result, result.record, seen, server)


@pytest.mark.machine  # it makes the run
def test_the_run_completes_and_counts_everything_once(outcome: Outcome) -> None:
    assert_conserved(outcome.record)
    assert outcome.record.status == "finished"
    assert outcome.record.whole_run.client_errors == 0


def test_the_rate_is_kept(outcome: Outcome) -> None:
    counts = outcome.record.whole_run

    assert counts.scheduled == counts.started == RATE * DURATION_S


@pytest.mark.parametrize("name", FAULTS)
def test_each_fault_has_its_class(outcome: Outcome, name: str) -> None:
    stats = outcome.record.summary.operations[name]
    booked = FAULTS[name].booked

    assert stats.counts.scheduled > 0
    assert set(stats.error_classes) <= booked, stats.error_classes
    assert sum(stats.error_classes.values()) == (stats.counts.scheduled if booked else 0)


@pytest.mark.parametrize("name", ["slow head", "slow body"])
def test_dripping_is_cut_at_the_deadline(outcome: Outcome, name: str) -> None:
    times = outcome.record.summary.operations[name].service_time_ms

    assert times.min >= TIMEOUT_S * 1000
    assert times.p50 <= TIMEOUT_S * 1000 + 100


@pytest.mark.parametrize("name", [name for name in FAULTS if name.startswith("redirect")])
def test_redirects_are_not_followed(outcome: Outcome, name: str) -> None:
    assert outcome.seen[path_of(name)] == outcome.record.summary.operations[name].counts.started


def test_every_request_arrived_where_it_was_meant_to(outcome: Outcome) -> None:
    """Requests sent again on a fresh connection aside, the server saw what the run says it sent."""
    started = outcome.record.whole_run.started

    assert started <= sum(outcome.seen.values()) <= 2 * started
    assert set(outcome.seen) == {path_of(name) for name in FAULTS}


def test_junk_behind_an_answer_is_never_the_next_answer(home: Home) -> None:
    """More bytes than announced: the connection is dropped, and no request gets the junk as its answer."""
    junk = b"HTTP/1.1 503 Injected\r\nContent-Length: 0\r\n\r\n"

    def handle(connection: Connection) -> None:
        while connection.read_request():
            connection.send(OK + junk)

    with fault_server(handle) as server:
        preset = write_preset(home, preset_text(server.url, {"read": "/"}, rate=50, duration="1s"))
        record = run_cli(home, "run", preset, "--headless", "--format", "json").record

    assert_conserved(record)
    counts = record.whole_run
    assert counts.ok + counts.errors == counts.scheduled == 50
    # what comes together with an answer spoils it; what comes a little later finds nobody
    assert record.summary.total.error_classes == ({"protocol": counts.errors} if counts.errors else {})
    assert server.connections >= 50


def test_answers_to_head_204_and_304_have_no_body(home: Home) -> None:
    def handle(connection: Connection) -> None:
        while request := connection.read_request():
            if request.startswith(b"HEAD"):
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
            elif b"/none" in request:
                connection.send(b"HTTP/1.1 204 No Content\r\n\r\n")
            elif b"/same" in request:
                connection.send(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 1000\r\n\r\n")
            else:
                connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK)

    operations = [
        {"name": "head", "method": "HEAD", "path": "/"},
        {"name": "204", "path": "/none"},
        {"name": "304", "path": "/same"},
        {"name": "hints", "path": "/hints"},
    ]
    with fault_server(handle) as server:
        preset = write_preset(home, preset_text(server.url, operations, rate=80, duration="1s"))
        record = run_cli(home, "run", preset, "--headless", "--format", "json").record

    assert_conserved(record)
    assert record.summary.total.error_classes == {}
    assert record.whole_run.ok == 80
