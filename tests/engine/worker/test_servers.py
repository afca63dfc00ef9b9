"""A worker against real servers: what it says it sent is what they received."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from perftui.demo.server import Demo
from perftui.model.plan import Operation, Target
from support.http_server import http_server
from support.load_worker import make_plan, run_load
from support.nginx import nginx

OPERATIONS = (
    Operation(name="root", weight=3),
    Operation(name="empty", weight=1, path="/empty"),
    Operation(name="head", weight=1, method="HEAD"),
    Operation(name="query", weight=1, path="/search", query={"q": "a b", "page": 2}),
)


@contextmanager
def refusing_port() -> Iterator[str]:
    """The URL of a port that is taken, but does not listen."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.parametrize(("rate", "users"), [(400, 0), (0, 8)], ids=["rate", "users"])
@pytest.mark.parametrize(
    "server",
    [{}, {"keepalive_requests": 10}, {"keepalive_timeout": "0"}],
    ids=["keep-alive", "ten requests per connection", "one request per connection"],
)
def test_nginx_counts_what_the_worker_counts(rate: float, users: float, server: dict[str, Any]) -> None:
    with nginx(**server) as target:
        measured = run_load(make_plan(target.url, duration_s=1, operations=OPERATIONS, rate=rate, users=users))
        assert target.requests() == measured.counts().started
    counts = measured.counts()
    assert counts.ok == counts.scheduled
    if rate:
        assert counts.scheduled == 400
    else:
        assert counts.scheduled > 100
    assert measured.operations == {"root", "empty", "head", "query"}


def test_connections_are_reused() -> None:
    with nginx() as target:
        measured = run_load(make_plan(target.url, users=4, duration_s=0.5))
    assert measured.opened == 4
    reused = sum(frame.connections.reused for frame in measured.frames)
    assert reused == measured.counts().started - 4


@pytest.mark.slow
def test_requests_cut_off_by_a_closing_server_are_sent_again() -> None:
    with nginx(keepalive_requests=10) as target:
        measured = run_load(make_plan(target.url, users=8, duration_s=1))
        counts = measured.counts()
        assert counts.ok == counts.scheduled == target.requests()
        opened = measured.opened
        assert opened >= counts.ok / 10


@pytest.mark.parametrize(("rate", "users"), [(100, 0), (0, 4)], ids=["rate", "users"])
def test_http_1_0_server(rate: float, users: float) -> None:
    with http_server() as target:
        measured = run_load(make_plan(target.url, duration_s=1, rate=rate, users=users))
    counts = measured.counts()
    assert counts.ok == counts.scheduled > 0
    assert measured.opened == counts.ok


def test_demo_service(demo: Demo) -> None:
    operations = (
        Operation(name="list", path="/api/items", query={"page": "${rand:1..20}"}),
        Operation(
            name="create", method="POST", path="/api/items", json={"name": "lamp ${seq}", "price": "${rand:1..9}"}
        ),
        Operation(name="missing", path="/api/items/999999999"),
        Operation(name="fails", path="/fail?rate=1&status=503"),
    )
    measured = run_load(make_plan(demo.url, rate=100, duration_s=1, operations=operations))
    for name in ("list", "create"):
        counts = measured.counts(name)
        assert counts.ok == counts.scheduled == pytest.approx(25, abs=2)
    assert measured.classes("missing") == {"http.404": measured.counts("missing").scheduled}
    assert measured.classes("fails") == {"http.503": measured.counts("fails").scheduled}


def test_unix_socket() -> None:
    with nginx() as target:
        plan = make_plan("", users=2, duration_s=0.3, target=Target(url="http://local", unix_socket=target.unix_socket))
        counts = run_load(plan).counts()
        assert counts.ok == counts.scheduled == target.requests()


def test_nobody_listens() -> None:
    with refusing_port() as url:
        measured = run_load(make_plan(url, rate=200, duration_s=0.5))
    assert measured.classes() == {"connect.refused": 100}
    assert measured.counts().errors == 100


def test_users_do_not_storm_a_dead_target() -> None:
    with refusing_port() as url:
        counts = run_load(make_plan(url, users=10, duration_s=1)).counts()
    assert 10 <= counts.errors == counts.scheduled < 150


def test_workers_share_the_load_exactly() -> None:
    with nginx() as target:
        measured = run_load(make_plan(target.url, rate=333, duration_s=1), workers=2)
        assert measured.counts().scheduled == measured.counts().ok == target.requests() == 333
        levels = {frame.worker: frame.level for frame in measured.frames if not frame.final}
    assert sum(levels.values()) == pytest.approx(333)


def test_phases_by_intended_time() -> None:
    with nginx() as target:
        measured = run_load(make_plan(target.url, rate=200, duration_s=0.5, warmup_s=0.5))
    assert measured.counts(phase="warmup").scheduled == 100
    assert measured.counts(phase="measure").scheduled == 100
