"""Every built-in preset, run as a user runs it: on the demo service, and on somebody else's server."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable

import pytest

from perftui.demo.server import Demo
from perftui.model.record import Record
from support.cli import Result, run_cli, write_preset
from support.conservation import assert_conserved
from support.home import Home
from support.judged import deserved
from support.nginx import nginx

Call = Callable[..., Result]

SHORT = ("--headless", "--format", "json", "--duration", "1s", "--warmup", "0s")


def holdings(demo: Demo) -> tuple[int, int]:
    """Items and users of the demo service."""
    with urllib.request.urlopen(f"{demo.url}/api/stats") as response:
        stats = json.load(response)
    return stats["items"], stats["users"]


def run(home: Home, *arguments: str) -> Record:
    """A short run that ends well."""
    result = run_cli(home, "run", *arguments, *SHORT)
    record = result.record
    assert result.code == deserved(record), result.stderr
    assert record.status == "finished"
    assert_conserved(record)
    return record


@pytest.mark.parametrize(
    "name",
    ["health", "read", "write", "complex", "stress", "auth", "mixed", "journey", "soak", "spike", "page", "chat"],
)
def test_built_in_preset_on_the_demo_service(home: Home, demo: Demo, name: str) -> None:
    slow = name in {"journey", "page"}
    level = ("--users", "5") if name in {"stress", "mixed", "chat"} else ("--rate", "4" if slow else "40")
    before = holdings(demo)
    record = run(home, name, demo.url, *level)
    counts = record.whole_run
    assert counts.ok > 0
    assert counts.errors == counts.timeouts == counts.client_errors == 0, record.summary.total.error_classes
    assert len(record.objectives) == len(record.plan.objectives)
    assert holdings(demo) == before, "the clean-up leaves the service as it was"


@pytest.mark.parametrize(
    ("name", "path"), [("health", ""), ("read", ""), ("write", "/things"), ("stress", "/"), ("mixed", "/x")]
)
def test_built_in_preset_on_another_server(home: Home, name: str, path: str) -> None:
    with nginx() as server:
        record = run(home, name, server.url + path, "--users" if name in {"stress", "mixed"} else "--rate", "20")
        assert record.whole_run.ok == record.whole_run.scheduled > 0, record.summary.total.error_classes
        assert record.whole_run.started == server.requests()
    if path:
        assert len(record.plan.operations) == 1
        assert record.plan.operations[0].path == path
        assert record.plan.operations[0].method == ("POST" if name == "write" else "GET")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (("duration = ", "durration = "), "did you mean 'duration'?"),
        (("rate = 20", "rate = nan"), "load.rate: nan is not a finite number"),
        (('"${env:CANARY}" }\nheaders', '"${env:NOT_THERE}" }\nheaders'), "NOT_THERE is not set"),
        (("/api/search", "/${__import__('os')}"), "is no placeholder"),
        (("schema = 1", "a = " + "[" * 5000 + "]" * 5000), "nested too deep"),
    ],
)
def test_a_preset_with_mistakes_ends_with_2_and_sends_nothing(
    home: Home, call: Call, change: tuple[str, str], expected: str
) -> None:
    home.extra["CANARY"] = SECRET
    assert change[0] in SECRETS
    preset = write_preset(home, SECRETS.replace(*change, 1))
    with nginx() as server:
        result = call("run", preset, server.url, *SHORT)
        assert server.status().connections == 0
    assert (result.code, result.stdout) == (2, "")
    assert expected in result.stderr
    assert "Traceback" not in result.stderr
    assert home.run_folders() == []


def test_a_line_end_in_a_secret_ends_with_2_and_sends_nothing(home: Home, call: Call) -> None:
    home.extra["CANARY"] = "abcdefgh\r\nX-Evil: 1"
    with nginx() as server:
        result = call("run", write_preset(home, SECRETS), server.url, *SHORT)
        assert server.status().connections == 0
    assert result.code == 2
    assert "holds a line end or NUL" in result.stderr
    assert "Evil" not in result.stderr


SECRET = "canary-91c4-d07e"
SECRETS = """schema = 1
name = "secrets"
[target]
auth = { bearer = "${env:CANARY}" }
headers = { X-Trace = "${env:CANARY}" }
[load]
rate = 20
duration = "1s"
[[before]]
name = "set-up"
method = "POST"
path = "/api/items"
json = { name = "${env:CANARY}" }
captures = [{ name = "id", json = "$.id" }]
[[operations]]
name = "good"
path = "/api/search"
query = { q = "${env:CANARY}" }
checks = [{ json = "$.count", equals = 1 }]
[[operations]]
name = "bad"
method = "POST"
path = "/auth/login?token=${env:CANARY}"
json = { email = "${env:CANARY}", password = "${env:CANARY}" }
checks = [{ contains = "${env:CANARY}" }]
[[after]]
name = "clean-up"
method = "DELETE"
path = "/api/items/${id}"
"""


@pytest.mark.slow
def test_secrets_are_in_no_file_and_no_output(home: Home, call: Call, demo: Demo) -> None:
    home.extra["CANARY"] = SECRET
    preset = write_preset(home, SECRETS)
    outputs = []
    for command in (["run", preset, demo.url, *SHORT], ["probe", preset, demo.url], ["runs", "show", "latest"]):
        result = run_cli(home, *command)
        outputs += [result.stdout, result.stderr]
    exported = call("export", "latest", "--format", "html")
    outputs.append(exported.stdout)
    assert "check" in outputs[0], "the failing operation left samples"
    found = [path for path in home.path.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert found == []
    assert all(SECRET not in output for output in outputs)
    assert any(b"${env:CANARY}" in path.read_bytes() for path in home.path.rglob("run.toml"))


def test_a_failed_set_up_tells_no_secret(home: Home, call: Call, demo: Demo) -> None:
    home.extra["CANARY"] = SECRET
    text = SECRETS.replace(
        'captures = [{ name = "id", json = "$.id" }]', 'checks = [{ json = "$.name", equals = "x" }]'
    )
    preset = write_preset(home, text.replace("/api/items/${id}", "/api/items/1001"))
    result = call("run", preset, demo.url, *SHORT)
    assert result.code == 14
    assert "before: set-up: check json $.name = x" in result.stderr
    assert SECRET not in result.stderr
    assert home.run_folders() == []
