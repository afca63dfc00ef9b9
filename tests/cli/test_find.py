"""`perftui find` against a service whose capacity is known."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from perftui.demo.server import Demo
from support.capacity_server import capacity_server
from support.cli import PERFTUI, Result, run_cli
from support.home import Home
from support.judged import expected
from support.pty import terminal

Call = Callable[..., Result]


@pytest.mark.slow
@pytest.mark.alone
def test_the_capacity_of_a_service_is_found_and_saved_as_one_run(home: Home, call: Call) -> None:
    with capacity_server(4, 0.08) as server:
        result = run_cli(
            home, "find", f"{server.url}/item", "--objective", "response_time.p95 < 400ms", "--rate", "32",
            "--step", "2s", "--confirm", "3s", "--precision", "6%", "--beyond", "--format", "json", timeout_s=110,
        )  # fmt: skip
        truth = server.capacity_per_s()
    search = result.record.search
    assert search is not None, result.stderr
    assert search.answer == pytest.approx(truth, rel=0.1), search
    confirmation = search.steps[-1]
    assert (confirmation.kind, confirmation.level, confirmation.holds) == ("confirm", search.answer, True)
    assert confirmation.requests == result.record.summary.total.counts.scheduled
    assert search.above is None or search.answer < search.above
    assert (search.mode, search.limited_by) == ("rate", "target")
    beyond = [step for step in search.steps if step.kind == "beyond"]
    assert [step.holds for step in beyond] == [False]
    assert result.record.plan.load.start_level == search.answer
    assert len(home.run_folders()) == 1
    assert "/s: does not hold: " in result.stderr
    text = call("export", "latest", "--format", "text").stdout
    assert f"the objectives hold up to {search.answer:.3g}/s" in " ".join(text.split())


@pytest.mark.slow
def test_no_level_that_holds_is_said_with_exit_code_13(home: Home, demo: Demo) -> None:
    result = run_cli(
        home, "find", f"{demo.url}/slow?ms=30", "--users", "1", "--objective", "response_time.p50 < 10ms",
        "--step", "1s", "--confirm", "1s",
    )  # fmt: skip
    assert result.code == 13
    assert "no level was found at which the objectives hold" in result.stdout


@pytest.mark.slow
def test_on_a_terminal_the_curve_is_seen_as_it_goes_and_the_summary_stays(home: Home, demo: Demo) -> None:
    command = [
        PERFTUI, "find", f"{demo.url}/health", "--rate", "20", "--most", "80", "--step", "1s", "--confirm", "1s",
        "--objective", "response_time.p95 < 5s",
    ]  # fmt: skip
    with terminal(command, home.environment) as screen:
        screen.wait_for("asking the target")
        screen.wait_for("p95, ms")
        screen.wait_for("saved in ")
        screen.send("q")
        assert screen.wait() == expected(home, 0)
        assert screen.modes_restored
    left = " ".join(screen.text.rpartition("?1049")[2].split())
    assert "the objectives hold up to 80/s at least: nothing above 80 was tried" in left
    assert len(home.run_folders()) == 1


def test_a_search_that_is_stopped_on_its_screen_ends_like_a_run(home: Home, demo: Demo) -> None:
    command = [PERFTUI, "find", f"{demo.url}/health", "--rate", "20", "--step", "20s", "--confirm", "1s"]
    with terminal(command, home.environment) as screen:
        screen.wait_for("for up to 20 s · 1 s")
        screen.send("s")
        assert screen.wait() == 130
        assert screen.modes_restored
    assert "ended at " in screen.text.rpartition("?1049")[2]
    assert len(home.run_folders()) == 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--users", "2"), "name an --objective to hold"),
        (("--objective", "response_time.p95"), "write METRIC, < or >, and a limit"),
        (("--objective", "response_time.p96 < 1s"), "is not a metric; did you mean "),
        (("--objective", "nobody: error_rate < 1%"), "'nobody' is no operation"),
        (("--rate", "2", "--users", "2"), "exclude each other"),
    ],
)
def test_mistakes_are_said_before_anything_is_sent(
    home: Home, call: Call, demo: Demo, arguments: tuple[str, ...], message: str
) -> None:
    result = call("find", f"{demo.url}/health", *arguments)
    assert result.code == 2
    assert message in result.stderr
    assert home.run_folders() == []
