"""Answers known by their heads: nothing is taken for good that a parser and the checks would not take for good."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import pytest

from perftui.engine.clients.http.reader import head_with_length
from perftui.model.plan import Capture, Check, Journey, Load, Operation, Plan, Stage, Target
from support.fault_server import Connection, answering, fault_server
from support.load_worker import Measured, make_plan, one_by_one, run_load

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n"
GOOD = HEAD + b'{"id":123}'


def answers(responses: Sequence[bytes], *checks: Check) -> Measured:
    """One user gets these in turn, all on one connection unless one ends it."""
    left = iter(responses)

    def handle(connection: Connection) -> None:
        while connection.read_request():
            answer = next(left)
            connection.send(answer)
            if not answer.startswith(HEAD[:12]):
                return

    with fault_server(handle) as server:
        operation = Operation(name="get", checks=checks)
        return run_load(make_plan(server.url, load=one_by_one(len(responses)), operations=[operation]))


def varied(count: int) -> list[bytes]:
    return [HEAD + b'{"id":%03d}' % number for number in range(100, 100 + count)]


@pytest.mark.quick
@pytest.mark.parametrize(
    ("data", "is_known"),
    [
        (GOOD, True),
        (GOOD.replace(b"Content-Length", b"content-length"), True),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", True),
        (GOOD + b"x", False),
        (GOOD[:-1], False),
        (b"HTTP/1.1 204 No Content\r\n\r\n", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", False),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + GOOD, False),
        (b"HTTP/1.1 200 OK\nX: y\r\nContent-Length: 2\r\n\r\nok", False),
        (b"HTTP/1.1 200 OK\r\nX: Content-Length: 2\r\n\r\nok", False),
        (b"", False),
    ],
)
def test_which_heads_tell_the_length(data: bytes, *, is_known: bool) -> None:
    head = head_with_length(data)
    assert bool(head) is is_known
    assert data.startswith(head)


def test_bodies_alone_differ() -> None:
    measured = answers(varied(50))
    assert (measured.counts().ok, measured.opened) == (50, 1)
    assert sum(cell.received_bytes for cell in measured.cells()) == 50 * len(GOOD)


def test_an_answer_as_long_that_begins_otherwise_is_judged_anew() -> None:
    refused = GOOD.replace(b"200 OK", b"500 No")
    assert len(refused) == len(GOOD)
    measured = answers([*varied(5), refused, *varied(5), refused])
    assert (measured.counts().ok, measured.classes()) == (10, {"http.500": 2})


def test_more_than_the_answer_is_no_answer() -> None:
    measured = answers([*varied(5), GOOD + b"stray", GOOD])
    assert measured.counts().ok == 6
    assert measured.classes() == {"protocol": 1}


def test_checks_look_into_every_body() -> None:
    bodies = [b'{"id":%03d}', b'{"no":%03d}', b'{"id":%03d}', b"not json %d"]
    responses = [HEAD + (body % (100 + number))[:10].ljust(10) for number, body in enumerate(bodies * 10)]
    measured = answers(responses, Check(name="there", json="$.id"))
    assert (measured.counts().ok, measured.classes()) == (20, {"check:there": 20})
    (details,) = {tuple(sorted({sample.detail for sample in measured.samples}))}
    assert details == ("nothing at $.id", "the body is no JSON")


def test_samples_show_the_answer_that_failed() -> None:
    measured = answers([*varied(5), HEAD + b'{"no":987}'], Check(json="$.id"))
    (sample,) = measured.samples
    assert (sample.status, sample.body_start) == (200, '{"no":987}')
    assert sample.response_head.startswith("HTTP/1.1 200 OK Content-Type")


def test_captures_are_of_the_users_own_answer() -> None:
    """Users in turn on several connections: what each gets is what it sends back."""
    lock = threading.Lock()
    given = iter(range(100, 1_000_000))
    wrong: list[bytes] = []

    def handle(connection: Connection) -> None:
        mine = b""
        while request := connection.read_request():
            path = request.split(b" ", 2)[1]
            if path == b"/new":
                with lock:
                    mine = b"%06d" % next(given)
                connection.send(b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"id":"%b"}' % mine[:6])
            else:
                if path != b"/items/" + mine:
                    wrong.append(path)
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n" + mine)

    steps = (
        Operation(name="new", path="/new", captures=(Capture(name="id", json="$.id"),)),
        Operation(name="read", path="/items/${id}", checks=(Check(matches=r"^\d{6}$"),)),
    )
    with fault_server(handle) as server:
        load = Load(mode="users", stages=(Stage(duration_s=60, to=4),), start_level=4, max_requests=200)
        journeys = (Journey(name="journey", steps=steps),)
        plan = Plan(name="test", target=Target(url=server.url), load=load, journeys=journeys)
        measured = run_load(plan)
    assert (measured.counts().ok, wrong) == (200, [])


def test_numbers_made_for_any_user_are_unique_and_agree() -> None:
    seen: list[tuple[bytes, bytes]] = []
    lock = threading.Lock()

    def handle(connection: Connection) -> None:
        while request := connection.read_request():
            head, _, body = request.partition(b"\r\n\r\n")
            with lock:
                seen.append((head.split(b" ", 2)[1], body))
            connection.send(GOOD)

    operations = [Operation(name="make", method="POST", path="/items/${seq}", json={"number": "${seq}"})]
    with fault_server(handle) as server:
        measured = run_load(make_plan(server.url, users=4, duration_s=0.3, operations=operations), workers=2)
    assert measured.counts().ok == len(seen) == len(set(seen))
    assert all(body == b'{"number":%b}' % path.removeprefix(b"/items/") for path, body in seen)


def test_a_request_that_cannot_be_made_is_the_generators_fault() -> None:
    """Also in the middle of a mixed plan, on the lane of the answer before."""
    operations = [Operation(name="fine"), Operation(name="lacking", path="/${nowhere}")]
    with fault_server(answering(GOOD)) as server:
        measured = run_load(make_plan(server.url, users=2, duration_s=0.3, operations=operations))
    assert measured.counts("fine").ok > 0
    assert measured.counts("lacking").client_errors == measured.counts("lacking").scheduled > 0
    assert measured.classes("lacking").keys() == {"client.capture"}
