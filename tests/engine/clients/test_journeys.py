"""Journeys: values from one response in the next request, cookies of one user, and what ends them."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from perftui.demo.server import Demo
from perftui.model.plan import Capture, Check, DataSource, Headers, Journey, Load, Operation, Plan, Stage, Target
from perftui.presets.loading import parse_preset
from support.fault_server import OK, Connection, answering, fault_server
from support.load_worker import LoadWorkers, make_plan, one_by_one, run_load
from support.short_runs import ran

STEPS = (
    Operation(
        name="create",
        method="POST",
        path="/api/items",
        json={"name": "lamp ${seq}", "price": 3},
        checks=(Check(status=(201,)),),
        captures=(Capture(name="id", json="$.id"),),
    ),
    Operation(
        name="read",
        path="/api/items/${id}",
        checks=(Check(name="same name", json="$.name", matches="^lamp \\d+$"), Check(json="$.price", equals=3)),
    ),
    Operation(name="delete", method="DELETE", path="/api/items/${id}", checks=(Check(status=(204,)),)),
    Operation(name="gone", path="/api/items/${id}", checks=(Check(status=(404,)),)),
)


def plan_of(url: str, *steps: Operation, load: Load, operations: tuple[Operation, ...] = (), **more: object) -> Plan:
    return msgspec.structs.replace(
        make_plan(url, load=load, operations=operations), journeys=(Journey(name="life", steps=steps),), **more
    )


def rate(level: float, **more: object) -> Load:
    return Load(mode="rate", stages=(Stage(duration_s=1, to=level),), start_level=level, **more)  # type: ignore[arg-type]  # as the test says


def users(level: float, **more: object) -> Load:
    return Load(mode="users", stages=(Stage(duration_s=0.5, to=level),), start_level=level, **more)  # type: ignore[arg-type]  # as the test says


@pytest.mark.parametrize(
    "load", [rate(20, rate_of="journeys"), rate(80), users(4)], ids=["journeys", "requests", "users"]
)
def test_a_life_of_an_item(demo: Demo, load: Load) -> None:
    measured = run_load(plan_of(demo.url, *STEPS, load=load))
    counts = {name: measured.counts(name) for name in ("create", "read", "delete", "gone")}
    assert all(count.ok == count.scheduled for count in counts.values()), measured.classes()
    if load.mode == "rate":
        assert counts["create"].ok == 20
        assert counts["gone"].ok >= 10  # those that are on the way at the end are cut
        assert measured.histogram("response_time", "read").total == counts["read"].ok
    else:
        assert counts["create"].ok >= 4
        assert 0 <= counts["create"].ok - counts["gone"].ok <= 4


def test_a_failed_step_ends_the_journey(demo: Demo) -> None:
    wrong = msgspec.structs.replace(STEPS[1], checks=(Check(name="dear", json="$.price", equals=4),))
    measured = run_load(plan_of(demo.url, STEPS[0], wrong, *STEPS[2:], load=rate(20, rate_of="journeys")))
    assert measured.classes() == {"check:dear": measured.counts("read").scheduled}
    assert measured.operations == {"create", "read"}
    assert "3.0 at $.price, wanted 4" in measured.samples[0].detail


def test_a_missing_value_is_a_failed_check(demo: Demo) -> None:
    first = msgspec.structs.replace(STEPS[0], captures=(Capture(name="id", json="$.nothing"),))
    measured = run_load(plan_of(demo.url, first, STEPS[1], load=rate(20, rate_of="journeys")))
    assert measured.classes() == {"check:capture": 20}
    assert measured.operations == {"create"}


def test_every_source_of_values() -> None:
    body = b'{"a":{"b":[1,2]},"c":"d"}'
    response = b"HTTP/1.1 200 OK\r\nX-Token: t 1\r\nSet-Cookie: sid=abc; Path=/\r\nContent-Length: 25\r\n\r\n" + body
    captures = (
        Capture(name="header", header="X-Token"),
        Capture(name="cookie", cookie="sid"),
        Capture(name="regex", regex='"c":"(.)"'),
        Capture(name="json", json="$.a.b"),
    )
    steps = (
        Operation(name="first", captures=captures),
        Operation(name="second", path="/${header}/${cookie}/${regex}", headers={"X-Json": "${json}"}),
    )
    with fault_server(answering(response)) as server:
        measured = run_load(plan_of(server.url, *steps, load=rate(5, rate_of="journeys")))
        head = server.last_head
    assert measured.counts().ok == measured.counts().scheduled >= 9
    assert head.startswith(b"GET /t%201/abc/d HTTP/1.1\r\n")
    assert b"\r\nX-Json: [1,2]\r\n" in head
    assert b"\r\nCookie: sid=abc" in head


def test_cookies_belong_to_one_user() -> None:
    lock, numbers = threading.Lock(), iter(range(1_000_000))
    seen: Counter[str] = Counter()

    def handle(connection: Connection) -> None:
        while request := connection.read_request():
            head = request.decode()
            if head.startswith("GET /in"):
                with lock:
                    number = next(numbers)
                assert "Cookie:" not in head
                cookies = f"Set-Cookie: user=u{number}; HttpOnly\r\nSet-Cookie: old=x; Max-Age=0\r\n"
                connection.send(f"HTTP/1.1 200 OK\r\n{cookies}Content-Length: 0\r\n\r\n".encode())
            else:
                with lock:
                    seen[head.partition("Cookie: ")[2].partition("\r\n")[0]] += 1
                connection.send(OK)

    steps = (Operation(name="in", path="/in"), Operation(name="one", path="/1"), Operation(name="two", path="/2"))
    with fault_server(handle) as server:
        measured = run_load(plan_of(server.url, *steps, load=users(6)))
    assert measured.counts().ok == measured.counts().scheduled > 50
    assert all(cookie.startswith("user=u") and ";" not in cookie for cookie in seen)
    assert set(seen.values()) <= {1, 2}
    assert list(seen.values()).count(2) >= len(seen) - 6


def test_cookies_of_a_journey_over_two_services_go_to_the_host_that_set_them() -> None:
    heads: dict[str, list[str]] = {"one": [], "two": []}

    def serving(name: str) -> Callable[[Connection], None]:
        def handle(connection: Connection) -> None:
            while request := connection.read_request():
                heads[name].append(request.decode())
                connection.send(f"HTTP/1.1 200 OK\r\nSet-Cookie: id={name}\r\nContent-Length: 0\r\n\r\n".encode())

        return handle

    steps = "".join(
        f'[[journeys.steps]]\nname = "{number}"\npath = "/{number}"\n{target}\n'
        for number, target in enumerate(("", 'target = "two"') * 2)
    )
    with fault_server(serving("one")) as one, fault_server(serving("two"), host="127.0.0.2") as two:
        text = f'schema = 1\nname = "two"\n[target]\nurl = "{one.url}"\n[targets.two]\nurl = "{two.url}"\n'
        text += f'[load]\nusers = 1\nduration = "10s"\nmax_requests = 8\n[[journeys]]\nname = "j"\n{steps}'
        record = ran(parse_preset(text, "two.toml"))
    assert record.whole_run.ok == 8
    for name, (first, later) in {"one": ("/0", "/2"), "two": ("/1", "/3")}.items():
        assert [head.split(" ")[1] for head in heads[name]] == [first, later] * 2
        assert ["Cookie: " in head for head in heads[name]] == [False, True] * 2
        assert all(f"Cookie: id={name}\r\n" in head for head in heads[name][1::2])


@pytest.mark.parametrize("think_s", [0.0, 0.01])
@pytest.mark.parametrize("path", ["/", "/${seq}"])
def test_plain_operations_carry_no_cookies(path: str, think_s: float) -> None:
    """Neither their own nor those of a journey before them, however their requests are made."""
    heads: list[bytes] = []

    def handle(connection: Connection) -> None:
        while request := connection.read_request():
            heads.append(request)
            connection.send(b"HTTP/1.1 200 OK\r\nSet-Cookie: id=1\r\nContent-Length: 0\r\n\r\n")

    steps = (Operation(name="one", path="/journey"), Operation(name="two", path="/journey"))
    load = one_by_one(30, think_s=think_s)
    with fault_server(handle) as server:
        plan = plan_of(server.url, *steps, load=load, operations=(Operation(name="plain", path=path),))
        for journeys in (plan.journeys, ()):
            run_load(msgspec.structs.replace(plan, journeys=journeys))
    plain = [head for head in heads if not head.startswith(b"GET /journey")]
    assert len(plain) > 30
    assert not [head for head in plain if b"Cookie" in head]
    assert [head for head in heads if b"Cookie: id=1" in head]


def test_waits_between_steps() -> None:
    steps = (Operation(name="one"), Operation(name="two", think_s=(0.23, 0.23)))
    with fault_server(answering()) as server:
        measured = run_load(plan_of(server.url, *steps, load=rate(20, rate_of="journeys")))
    assert measured.counts("one").ok == 20
    assert 10 <= measured.counts("two").ok <= 16  # those due before the end
    assert measured.quantile_us("response_time", 0.5, "two") < 100_000


def test_every_journey_is_another_users(tmp_path: Path) -> None:
    """Over all workers: each row of a file in the order of the users is taken once."""
    (tmp_path / "users.csv").write_text("id\n" + "\n".join(map(str, range(20))) + "\n")
    seen: list[bytes] = []

    def handle(connection: Connection) -> None:
        while request := connection.read_request():
            seen.append(request.split(b" ", 2)[1])
            connection.send(OK)

    source = DataSource(name="users", file=str(tmp_path / "users.csv"), order="per_user")
    with fault_server(handle) as server:
        step = Operation(name="one", path="/${data:users.id}")
        run_load(plan_of(server.url, step, load=rate(20, rate_of="journeys"), data=(source,)), workers=2)
    assert sorted(seen) == sorted(b"/%d" % number for number in range(20))


def test_journeys_beside_operations() -> None:
    with fault_server(answering()) as server:
        plan = plan_of(
            server.url,
            Operation(name="one"),
            Operation(name="two"),
            load=rate(100, rate_of="requests"),
            operations=(Operation(name="plain", weight=3),),
        )
        measured = run_load(plan)
    # arrivals: 3 of 4 are plain, 1 of 4 is a journey of two requests; together 100 requests
    assert measured.counts().ok == pytest.approx(100, abs=4)
    assert measured.counts("plain").ok == pytest.approx(60, abs=3)


def test_requests_are_limited_over_journeys() -> None:
    with fault_server(answering()) as server:
        load = users(3, max_requests=11)
        measured = run_load(plan_of(server.url, Operation(name="one"), Operation(name="two"), load=load))
    assert measured.counts().ok == measured.counts().scheduled == 11


def test_values_for_the_clean_up(demo: Demo) -> None:
    plan = plan_of(
        demo.url, *STEPS[:2], load=rate(20, rate_of="journeys"),
        after=(Operation(name="remove", method="DELETE", path="/api/items/${id}"),),
    )  # fmt: skip
    measured = run_load(plan)
    captured = [values for frame in measured.frames for values in frame.captured]
    assert len({values["id"] for values in captured}) == measured.counts("create").ok == 20


def test_values_given_before_the_start() -> None:
    with fault_server(answering()) as server:
        operations = [Operation(name="get", path="/${tenant}", headers={"Authorization": "Bearer ${token}"})]
        plan = make_plan(server.url, rate=20, duration_s=0.2, operations=operations)
        with LoadWorkers(plan, variables={"tenant": "a b", "token": "secret"}) as running:
            running.begin()
            assert running.collect().counts().ok == 4
        assert server.last_head.startswith(b"GET /a%20b HTTP/1.1\r\n")
        assert b"Authorization: Bearer secret" in server.last_head


def test_values_that_nobody_captures() -> None:
    with fault_server(answering()) as server:
        measured = run_load(
            make_plan(server.url, rate=20, duration_s=0.2, operations=[Operation(name="get", path="/${id}")])
        )
        assert server.requests == 0
    assert measured.classes() == {"client.capture": 4}
    assert measured.counts().client_errors == 4
    assert measured.samples[0].detail == "no value for ${id}"


def test_failures_are_shown_without_secrets() -> None:
    secret = "sk-1234567890"
    body = json.dumps({"error": f"bad key {secret}"}).encode()
    response = b"HTTP/1.1 401 No\r\nSet-Cookie: a=b\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    target_headers: Headers = {"X-Api-Key": secret}
    with fault_server(answering(response)) as server:
        plan = make_plan(
            "", rate=20, duration_s=0.2, target=Target(url=server.url, headers=target_headers),
            operations=[Operation(name="get", path=f"/?key={secret}", checks=(Check(json="$.ok"),))],
        )  # fmt: skip
        measured = run_load(plan, secrets=(secret,))
    sample = measured.samples[0]
    assert sample.status == 401
    assert secret not in repr(measured.frames)
    assert ("X-Api-Key", "REDACTED") in sample.request_headers
