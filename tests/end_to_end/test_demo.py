"""The demo service itself."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest

from perftui.demo.server import Demo, DemoError, start_demo
from support import databases
from support.waiting import free_port, wait_until


@pytest.fixture
def client(demo: Demo) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=demo.url, trust_env=False) as made:
        yield made


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "/", None, 200),
        ("GET", "/health", None, 200),
        ("HEAD", "/health", None, 200),
        ("GET", "/api/items", None, 200),
        ("GET", "/api/items?page=0", None, 400),
        ("GET", "/api/items?size=101", None, 400),
        ("GET", "/api/items?page=x", None, 400),
        ("GET", "/api/items/1", None, 200),
        ("GET", "/api/items/999999", None, 404),
        ("DELETE", "/api/items/999999", None, 404),
        ("PATCH", "/api/items/999999", {"price": 1}, 404),
        ("PATCH", "/api/items/1", {}, 400),
        ("POST", "/api/items", {"name": ""}, 400),
        ("POST", "/api/items", {"name": ["x"]}, 400),
        ("POST", "/api/items", {"name": "x", "price": -1}, 400),
        ("POST", "/api/items", {"name": "x", "price": True}, 400),
        ("POST", "/api/items", {"name": "x", "quantity": 1.5}, 400),
        ("POST", "/api/items", [1, 2], 400),
        ("GET", "/api/search", None, 400),
        ("GET", "/api/search?q=%25", None, 200),
        ("POST", "/auth/login", {"email": "nobody@example.com", "password": "x"}, 401),
        ("GET", "/auth/me", None, 401),
        ("DELETE", "/auth/me", None, 401),
        ("GET", "/slow?ms=-1", None, 400),
        ("GET", "/fail?rate=1&status=418", None, 418),
        ("GET", "/fail?rate=0", None, 200),
        ("GET", "/nothing/here", None, 404),
    ],
)
def test_answers_with_the_status_that_fits(
    client: httpx.Client, method: str, path: str, body: Any, status: int
) -> None:
    answer = client.request(method, path, json=body) if body is not None else client.request(method, path)

    assert answer.status_code == status


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"name": "\\ud800"}', b""])
def test_refuses_what_is_no_json_object(client: httpx.Client, body: bytes) -> None:
    assert client.post("/api/items", content=body).status_code == 400


def test_an_item_is_created_changed_found_and_deleted(client: httpx.Client) -> None:
    created = client.post("/api/items", json={"name": "crooked candle", "price": 3.5}).json()
    path = f"/api/items/{created['id']}"

    assert client.get(path).json() == created
    assert client.put(path, json={"name": "crooked candlestick", "quantity": 2}).json()["price"] == 0
    assert client.patch(path, json={"price": 4.25}).json()["quantity"] == 2
    assert [item["id"] for item in client.get("/api/search?q=crooked").json()["items"]] == [created["id"]]
    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404


def test_a_percent_sign_is_searched_for_as_such(client: httpx.Client) -> None:
    assert client.get("/api/search", params={"q": "%"}).json()["count"] == 0


def test_pages_hold_every_item_once(client: httpx.Client) -> None:
    total = client.get("/api/items").json()["total"]
    pages = -(-total // 100)

    seen = [
        item["id"]
        for page in range(1, pages + 1)
        for item in client.get("/api/items", params={"page": page, "size": 100}).json()["items"]
    ]

    assert len(seen) == len(set(seen)) == total
    assert client.get("/api/items", params={"page": pages + 1, "size": 100}).json()["items"] == []


def test_a_user_registers_logs_in_and_leaves(client: httpx.Client) -> None:
    person = {"email": "ada@example.com", "password": "difference engine", "name": "Ada"}

    assert client.post("/auth/register", json=person).status_code == 201
    assert client.post("/auth/register", json=person).status_code == 409
    assert client.post("/auth/login", json=person | {"password": "wrong"}).status_code == 401
    login = client.post("/auth/login", json=person)
    by_cookie = client.get("/auth/me")
    client.cookies.clear()
    token = {"Authorization": f"Bearer {login.json()['token']}"}
    by_token = client.get("/auth/me", headers=token)

    assert by_cookie.json() == by_token.json()
    assert by_token.json()["name"] == "Ada"
    assert client.delete("/auth/me", headers=token).status_code == 204
    assert client.delete("/auth/me", headers=token).status_code == 401
    assert client.post("/auth/login", json=person).status_code == 401


def test_slow_takes_its_time(client: httpx.Client) -> None:
    started_s = time.perf_counter()
    client.get("/slow?ms=80")

    assert time.perf_counter() - started_s >= 0.08


def test_requests_are_counted(client: httpx.Client) -> None:
    before = client.get("/api/stats").json()["requests"]
    client.get("/nothing/here")

    assert client.get("/api/stats").json()["requests"] == before + 2


def test_a_port_in_use_is_told_in_one_line(demo: Demo) -> None:
    port = int(demo.url.rpartition(":")[2])

    with pytest.raises(DemoError, match=rf"^port {port} on 127\.0\.0\.1 cannot be used: .*$"), start_demo(port):
        pass


def test_the_service_ends_with_whoever_started_it() -> None:
    program = """
import os
from perftui.demo.server import start_demo
with start_demo() as demo:
    print(demo.pid, flush=True)
    os._exit(9)
"""
    starter = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)

    pid = int(starter.stdout)

    wait_until(lambda: not psutil.pid_exists(pid), 5, "the end of the demo service")


@pytest.mark.slow
def test_items_are_in_postgresql_and_kept_in_redis_where_they_are_given() -> None:
    with databases.postgresql() as postgresql, databases.redis_server() as redis:
        with (
            start_demo(postgres=postgresql.url, redis=f"{redis.url}") as demo,
            httpx.Client(base_url=demo.url, trust_env=False) as client,
        ):
            item = client.get("/api/items/7").json()
            assert client.get("/postgres/items/7").json() == item
            assert client.get("/postgres/items/999999").status_code == 404
            found = [client.get("/cached/items/7") for _ in range(2)]
            assert [answer.headers["x-cache"] for answer in found] == ["miss", "hit"]
            assert [answer.json() for answer in found] == [item, item]
        assert postgresql.ask("select count(*) from items") == "1000"
        with start_demo(postgres=postgresql.url):  # what is there stays
            assert postgresql.ask("select count(*) from items") == "1000"


def test_a_store_that_is_not_there_is_said() -> None:
    port = free_port()
    with pytest.raises(DemoError, match="--redis: "), start_demo(redis=f"redis://127.0.0.1:{port}"):
        pass
    with pytest.raises(DemoError, match="--postgres: "), start_demo(postgres=f"postgresql://app@127.0.0.1:{port}/x"):
        pass


def test_without_a_store_its_paths_say_what_to_do(client: httpx.Client) -> None:
    for path in ("/postgres/items/1", "/cached/items/1"):
        answer = client.get(path)
        assert answer.status_code == 501
        assert "--" in answer.json()["error"]
