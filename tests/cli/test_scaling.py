"""`perftui scaling` against services that scale by a known law."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest

from perftui.store.records import read_record
from support import capacity_server as capacity_module
from support.capacity_server import capacity_server
from support.cli import PERFTUI, Result, run_cli
from support.home import Home
from support.judged import expected
from support.pty import terminal
from support.waiting import free_port

Call = Callable[..., Result]


@pytest.mark.slow
@pytest.mark.alone
def test_users_of_a_service_with_four_places(home: Home) -> None:
    with capacity_server(4, 0.05) as server:
        result = run_cli(
            home, "scaling", f"{server.url}/item", "--levels", "1,2,4,16", "-d", "3s", "--format", "json"
        )  # fmt: skip
    levels = result.json["levels"]
    assert [level["level"] for level in levels] == [1, 2, 4, 16]
    assert levels[2]["efficiency"] > 0.8, levels
    assert levels[3]["efficiency"] == pytest.approx(0.25, abs=0.05), levels
    assert result.json["contention"]["value"] + result.json["coherency"]["value"] > 0.001
    assert result.code == 13, result.stderr
    assert "efficiency at 16 users is 2" in result.stderr
    assert len(home.run_folders()) == 1


@pytest.mark.slow
@pytest.mark.alone
def test_the_law_of_a_service_is_found(home: Home) -> None:
    contention, coherency = 0.3, 0.02
    with capacity_server(100, 0.06, law=(contention, coherency)) as server:
        result = run_cli(
            home, "scaling", f"{server.url}/item", "--levels", "1,2,4,8,16", "-d", "4s", "--format", "json"
        )  # fmt: skip
    found = result.json
    assert found["contention"]["value"] == pytest.approx(contention, rel=0.1), found
    assert found["coherency"]["value"] == pytest.approx(coherency, rel=0.1), found
    peak = ((1 - contention) / coherency) ** 0.5
    assert found["peak"]["value"] == pytest.approx(peak, rel=0.1), found
    for name in ("contention", "coherency", "peak"):
        assert found[name]["low"] <= found[name]["value"] <= found[name]["high"]


@pytest.mark.slow
def test_on_a_terminal_the_curve_is_seen_as_it_goes_and_what_came_of_it_is_kept(home: Home, call: Call) -> None:
    with capacity_server(2, 0.02) as server:
        command = [PERFTUI, "scaling", f"{server.url}/item", "--levels", "1,2,8", "-d", "3s"]
        with terminal(command, home.environment) as screen:
            screen.wait_for("asking the target")
            screen.wait_for("2 users for 3 s")
            screen.wait_for("70 % wanted")
            screen.wait_for("saved in ")
            screen.send("q")
            assert screen.wait() == expected(home, 13)
            assert screen.modes_restored
    left = screen.text.rpartition("?1049")[2]
    assert "efficiency  by the law" in left
    assert "efficiency at 8 users is " in left
    (folder,) = home.run_folders()
    scaling = read_record(folder).scaled
    assert scaling is not None
    assert [level.level for level in scaling.levels] == [1, 2, 8]
    assert (scaling.verdict, read_record(folder).verdict) == ("fail", "fail"), "one verdict, wherever it is read"
    for style, told in (
        ("text", "contention "),
        ("md", "- contention "),
        ("html", "<h2>Scaling</h2>"),
        ("json", '"scaling"'),
    ):
        assert told in call("export", "latest", "--format", style).stdout


@pytest.mark.slow
def test_a_scaling_test_that_is_stopped_on_its_screen_ends_like_a_run(home: Home, demo_url: str) -> None:
    command = [PERFTUI, "scaling", f"{demo_url}/health", "--levels", "1,2", "-d", "30s"]
    with terminal(command, home.environment) as screen:
        screen.wait_for("1 user for 30 s · 1 s")
        screen.send("s")
        assert screen.wait() == 130
        assert screen.modes_restored
    assert len(home.run_folders()) == 1


@pytest.mark.slow
def test_workers_are_restarted_for_each_level(home: Home) -> None:
    port = free_port()
    command = f"{sys.executable} {capacity_module.__file__} {{n}} 0.05 {port}"
    result = run_cli(
        home, "scaling", f"http://127.0.0.1:{port}/", "--of", "workers", "--levels", "1,2,4", "-d", "3s",
        "--command", command, "--users", "12",
    )  # fmt: skip
    assert result.code in {0, 12}, result.stderr
    assert result.stdout.startswith("     workers  ok/s  efficiency  by the law"), result.stdout
    assert "contention" in result.stdout
    assert len(home.run_folders()) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--levels", "1,x"), "is no list of levels; write 1,2,4,8"),
        (("--levels", "4,2"), "from the lowest on"),
        (("-d", "2900ms"), "--duration: 2.9 s of each level are too few to measure; name 3s or more"),
        (("--of", "workers"), "says {n} where their number goes"),
        (("--of", "workers", "--command", "serve {n}", "--set", "load.rate=5"), "name --users"),
        (("--of", "workers", "--command", "no-such-program-x {n}", "--users", "2"), "--command: "),
        (("--of", "workers", "--command", "false {n}", "--users", "2"), "ended with exit code 1"),
    ],
)
def test_mistakes_are_said(home: Home, call: Call, arguments: tuple[str, ...], message: str) -> None:
    result = call("scaling", f"http://127.0.0.1:{free_port()}/", *arguments)
    assert result.code == 2
    assert message in result.stderr
