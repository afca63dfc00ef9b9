"""Each cause provoked on a real server: found, with its seconds and its cost; and nothing is found on a healthy run."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from support.capacity_server import capacity_server
from support.cli import run_cli, write_preset
from support.course_server import course_server
from support.home import Home, new_home
from support.presets import preset_text

pytestmark = [pytest.mark.alone, pytest.mark.xdist_group("causes that take their time beside each other")]

OF_THIS_MACHINE = {"generator", "host_cpu", "host_memory", "target_cpu"}
"""May be said of any run on a machine that does other things as well."""
OF_NEIGHBOURS = {"stall", "p95_growth"}
"""So may these, rarely: other tests on the same cores slow the server down for a while."""


def _found(home: Home, text: str) -> dict[str, str]:
    result = run_cli(home, "run", write_preset(home, text), "--headless", "--format", "json", timeout_s=90)
    assert result.stdout, result.stderr
    findings = {finding.code: finding.detail for finding in result.record.findings}
    return {code: detail for code, detail in findings.items() if code not in OF_THIS_MACHINE}


CAUSES = {
    "bimodal": ("/bimodal", 5, r"two kinds of answers: [67]\d.* % around .*, [23]\d.* % around (8|9|1\d\d)"),
    "periodic_stalls": ("/stall", 11, r"00:0\d.* and every 3 s from then on answers took up to [34]\d\d ms"),
    "outage": (
        "/outage",
        7,
        r"00:0[23]–00:0[45] the target was down: \d+ requests lost \(http.503 \d+\); normal again",
    ),
    "target_memory": (
        "/leak",
        12,
        r"memory of the target's process grew by [3-9]\d\.\d MB to .*, 1\d.\d GB per hour",
    ),
    "p95_growth": ("/drift", 13, r"p95 grew \d+ % over the run"),
    "reconnects": ("/close", 5, r"\d+ connections were made for \d+ requests though they may be kept"),
}
"""By what is found: the path, the seconds that it takes, and the words."""
AT_ONCE = 3


@pytest.fixture(scope="module")
def causes() -> Iterator[dict[str, Future[dict[str, str]]]]:
    """What is found in a run of each cause, each with a server of its own. They mostly wait, so some wait together."""

    def run(path: str, seconds: int) -> dict[str, str]:
        with new_home() as home, course_server() as url:
            return _found(home, preset_text(url, {"one": path}, rate=60, duration=f"{seconds}s"))

    longest_first = sorted(CAUSES.items(), key=lambda cause: -cause[1][1])
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield {code: pool.submit(run, path, seconds) for code, (path, seconds, _) in longest_first}


@pytest.mark.slow
@pytest.mark.parametrize("code", CAUSES)
def test_a_cause_is_found_once(causes: dict[str, Future[dict[str, str]]], code: str) -> None:
    found = causes[code].result()
    assert re.search(CAUSES[code][2], found.get(code, "")), found
    assert set(found) <= {code, *OF_NEIGHBOURS}, found


@pytest.mark.slow
def test_a_pool_of_four_is_said_to_be_four(home: Home) -> None:
    with capacity_server(4, 0.1) as server:
        found = _found(home, preset_text(server.url, {"one": "/"}, levels=[1, 4, 16], duration="3s"))
    said = re.search(r"00:06 saturated: the target does about (\d\.?\d?) at once", found.get("saturation", ""))
    assert said, found
    assert 3.6 <= float(said[1]) <= 4.4


def test_the_slow_operation_is_named(home: Home) -> None:
    operations: list[dict[str, Any]] = [
        {"name": "quick", "path": "/quick", "weight": 9}, {"name": "slow", "path": "/bimodal"},
    ]  # fmt: skip
    with course_server() as url:
        found = _found(home, preset_text(url, operations, rate=60, duration="4s"))
    assert re.match(
        r"slow takes \d\d.* % of all time with 10.0 % of the requests: p95 ", found.get("slow_operation", "")
    )


@pytest.mark.slow
@pytest.mark.machine
def test_nothing_is_found_on_a_healthy_run(home: Home) -> None:
    with course_server() as url:
        assert _found(home, preset_text(url, {"one": "/quick"}, rate=60, duration="8s")) == {}
