"""URLs of databases that name one host to whoever guards, and another to the driver: nothing is sent by them."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from msgspec.structs import replace

from perftui.engine.clients.registry import host_of
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.sql.connecting import check_still_there
from perftui.engine.clients.sql.driver import DRIVER
from perftui.engine.clients.sql.statements import url_of
from perftui.engine.runner import guard
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.errors import GuardError, UsageError
from perftui.model.plan import Target
from perftui.presets.loading import parse_preset

PRESET = """schema = 1
name = "past"
[target]
url = "{url}"
[load]
rate = 2
duration = "1s"
[[operations]]
sql = "select 1"
"""


@pytest.fixture
def elsewhere() -> Iterator[socket.socket]:
    """Where nothing may come to."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0)
        yield listening


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://localhost:1/db?host=127.0.0.1&port={port}&ssl=prefer",
        "postgresql://localhost:1/db?host=127.0.0.1:{port}",
        "postgresql://localhost:1/db?dsn=postgresql://127.0.0.1:{port}/db",
        "postgresql://localhost:1/db?port={port}",
        "mysql://localhost:1/db?host=127.0.0.1&port={port}&ssl=1",
        "mysql://localhost:1/db?unix_socket=/run/mysqld/mysqld.sock",
        "mysql://localhost:1#@127.0.0.1:{port}/db",
        "postgresql://localhost:1#@127.0.0.1:{port}/db",
    ],
)
def test_nothing_is_sent_past_the_host_of_the_url(url: str, elsewhere: socket.socket) -> None:
    preset = PRESET.format(url=url.format(port=elsewhere.getsockname()[1]))

    said = r"leads to another place than the host|can be read in two ways|has an @ behind its host"
    with pytest.raises(UsageError, match=said):
        run_plan(RunRequest(plan=parse_preset(preset, "past.toml")))
    with pytest.raises(BlockingIOError):
        elsewhere.accept()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg2://127.0.0.1/db?hostaddr=192.0.2.1",
        "postgresql+psycopg2://127.0.0.1/db?HOST=192.0.2.1",
        "postgresql+psycopg2://127.0.0.1/db?service=other",
        "postgresql://127.0.0.1?@192.0.2.1/db",
        "sqlite+pysqlite://127.0.0.1#@192.0.2.1/db",
    ],
)
def test_drivers_that_go_their_own_way_are_not_led_elsewhere(url: str) -> None:
    with pytest.raises(UsageError, match=r"target\.url"):
        url_of(Target(url=url))


def test_names_that_drivers_look_up_again_stay_what_they_were(monkeypatch: pytest.MonkeyPatch) -> None:
    found = ["127.0.0.1", "10.0.0.7"]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **_named: [(0, 0, 0, "", (each, 0)) for each in found])
    before = (("127.0.0.1", 5432),)
    check_still_there("moves.test", before)
    for address in ("93.184.216.34", "169.254.169.254"):
        found.append(address)
        with pytest.raises(Fault, match=f"moves.test has come to mean {address}"):
            check_still_there("moves.test", before)
        found.remove(address)
    found.append("93.184.216.34")
    check_still_there("moves.test", (("93.184.216.35", 5432),))


@pytest.mark.parametrize(
    ("url", "operation"),
    [
        ("postgresql://93.184.216.34/db", 'sql = "select 1"'),
        ("mysql+pymysql://93.184.216.34/db", 'sql = "select 1"'),
        ("ws://93.184.216.34", 'ws = "x"'),
        ("http://93.184.216.34", 'browser = "/"'),
    ],
)
@pytest.mark.parametrize("way", ["unix_socket = '/nonexistent'", "proxy = 'http://127.0.0.1:1'"])
def test_a_way_that_a_driver_does_not_go_hides_no_host(url: str, operation: str, way: str) -> None:
    text = PRESET.format(url=url).replace('sql = "select 1"', operation).replace("[load]", f"{way}\n[load]")
    if operation.startswith("browser") and way.startswith("proxy"):
        assert parse_preset(text, "past.toml")
        return
    with pytest.raises(UsageError, match="do not go that way"):
        parse_preset(text, "past.toml")


@pytest.mark.parametrize(("url", "operation"), [("redis://127.0.0.1", 'redis = ["PING"]'), ("http://a", 'page = "/"')])
def test_a_unix_socket_is_for_those_that_dial_it(url: str, operation: str) -> None:
    text = PRESET.format(url=url).replace('sql = "select 1"', operation)
    assert parse_preset(text.replace("[load]", "unix_socket = '/nonexistent'\n[load]"), "past.toml")


def test_databases_whose_port_nobody_knows_are_guarded_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DRIVER.schemes, "_ports", {**DRIVER.schemes, "newdb": 0})
    plan = parse_preset(PRESET.format(url="newdb://db.example.com/x").replace("rate = 2", "rate = 200"), "past.toml")

    assert host_of(plan.target) == "db.example.com"
    with pytest.raises(GuardError, match=r"--confirm-host db[.]example[.]com"):
        guard.check(plan, {"": ()})
    with pytest.raises(GuardError, match="never loaded"):
        guard.check(replace(plan, target=replace(plan.target, url="newdb://169.254.169.254/x")), {"": ()})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://user:p%23%2F%3Fw@LOCALHOST:5432/db?ssl=prefer&application_name=x",
        "mysql://[::1]:3306/db?charset=utf8mb4",
        "sqlite:///relative.db",
    ],
)
def test_urls_that_mean_one_host_are_taken(url: str) -> None:
    assert url_of(Target(url=url)).drivername
