"""Processes that are started before the command line is read: the one that is needed, and none that stays."""

from __future__ import annotations

import pytest

from perftui.cli import ahead
from perftui.cli.ahead import started_ahead
from support.cli import finish, run_cli, start_cli
from support.home import Home, command_of, processes_in
from support.waiting import wait_until

WORKER, RUNNER = "perftui.engine.worker", "perftui.engine"


def running(home: Home) -> list[str]:
    return sorted(command_of(each)[-1] for each in processes_in(home.path) if "-m" in command_of(each))


def test_the_worker_that_was_started_ahead_does_the_work(home: Home, demo_url: str) -> None:
    with start_cli(home, "run", "health", demo_url, "--rate", "20", "-d", "1s", "--warmup", "0s") as process:
        wait_until(lambda: home.run_folders() != [], 20, "the begin of the run")
        during = running(home)
        result = finish(process)
    assert during == [WORKER]
    assert result.code in {0, 13}, result.stderr
    assert running(home) == []


@pytest.mark.parametrize(
    ("arguments", "terminal", "started"),
    [
        (["run", "read"], True, [RUNNER, WORKER]),
        (["http://127.0.0.1:9/x", "-c", "3"], True, [RUNNER, WORKER]),
        (["run", "read", "--headless"], True, [WORKER]),
        (["run", "read", "--rounds=3"], True, [WORKER]),
        (["run", "read"], False, [WORKER]),
        (["run", "read", "--detach"], False, [RUNNER, WORKER]),
        (["run", "--help"], True, []),
        (["run", "read", "--cluster=ssh://somewhere"], False, []),
        (["runs"], True, []),
        ([], True, []),
    ],
)
def test_what_a_command_line_starts_ends_when_nobody_takes_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, arguments: list[str], started: list[str], *, terminal: bool
) -> None:
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(ahead, "has_terminal", lambda: terminal)
    with started_ahead(arguments):
        wait_until(lambda: running(home) == started, 20, "what is started")
    wait_until(lambda: running(home) == [], 20, "the end of all of it")


def test_a_command_line_that_is_wrong_leaves_no_process(home: Home) -> None:
    result = run_cli(home, "run", "read", "--rate", "x")
    assert result.code == 2
    assert running(home) == []
