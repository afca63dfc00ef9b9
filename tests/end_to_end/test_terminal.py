"""The installed program on a real terminal: opened, used by keys, left."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from perftui.demo.server import Demo
from perftui.store.loading import load_run
from support.cli import PERFTUI, Result, run_cli
from support.conservation import assert_conserved
from support.home import Home
from support.judged import deserved, newest, told
from support.pty import terminal
from support.waiting import wait_until

Call = Callable[..., Result]

SIZES = [(80, 24), (120, 36)]


@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_the_app_opens_and_is_left_as_it_was_found(home: Home, columns: int, rows: int) -> None:
    with terminal([PERFTUI], home.environment, columns=columns, rows=rows) as screen:
        screen.wait_for("health")
        screen.wait_for("write")
        screen.send("q")

        assert screen.wait() == 0
        assert screen.modes_restored
    assert home.run_folders() == []


@pytest.mark.slow
def test_bytes_that_are_no_text_end_nothing(home: Home) -> None:
    with terminal([PERFTUI], home.environment) as screen:
        screen.wait_for("write")
        screen.send(bytes(range(0x80, 0x100)) + b"\x1b[999999999;999999999R\x1b[?2026;99999999999999999999$y\xff")
        screen.read(0.5)
        screen.send("q")

        assert screen.wait() == 0
        assert screen.modes_restored
        assert b"Traceback" not in screen.captured


def test_opening_the_app_sends_nothing(home: Home, demo: Demo) -> None:
    import httpx

    def requests() -> int:
        return int(httpx.get(f"{demo.url}/api/stats", trust_env=False).json()["requests"])

    before = requests()
    with terminal([PERFTUI], home.environment) as screen:
        screen.wait_for("health")
        screen.send("q")
        screen.wait()

    assert requests() == before + 1


@pytest.mark.slow
def test_a_run_is_watched_to_its_end_and_stays_in_the_scrollback(home: Home, demo: Demo) -> None:
    command = [PERFTUI, "run", "health", demo.url, "--rate", "50", "--duration", "2s", "--warmup", "0s"]
    with terminal(command, home.environment) as screen:
        screen.wait_for("FINISHED")
        screen.send("q")

        code = screen.wait()
        assert screen.modes_restored
    assert code == deserved(newest(home))
    folder = home.run_folders()[0]
    # behind the alternate screen: the summary and where the run is
    assert folder.name in screen.text.rpartition("?1049")[2] or str(folder) in screen.text
    assert_conserved(load_run(str(folder)).record)


def test_a_run_is_left_running_and_joined_again(home: Home, call: Call, demo: Demo) -> None:
    command = [PERFTUI, "run", "health", demo.url, "--rate", "50", "--duration", "60s", "--warmup", "0s"]
    with terminal(command, home.environment) as screen:
        screen.wait_for("RUNNING")
        screen.send("q")
        screen.wait_for("keep running")
        screen.send("k")

        assert screen.wait() == 0
        assert screen.modes_restored
    with terminal([PERFTUI, "watch"], home.environment, columns=80, rows=24) as screen:
        screen.wait_for("RUNNING")
        assert call("ctl", home.run_folders()[0].name, "stop").code == 0
        screen.wait_for("STOPPED")
        screen.send("q")
        screen.wait()
    assert f"Saved: {home.run_folders()[0]}" in screen.text.rpartition("?1049")[2]
    record = load_run(str(home.run_folders()[0])).record

    assert record.status == "stopped"
    assert record.whole_run.ok == record.whole_run.scheduled > 50
    assert_conserved(record)


def test_a_detached_run_prints_its_id_and_is_steered_from_outside(home: Home, call: Call, demo: Demo) -> None:
    options = ("--rate", "50", "--duration", "60s", "--warmup", "0s", "--detach")
    started = run_cli(home, "run", "health", demo.url, *options)
    run_id = started.stdout.strip()

    assert started.code == 0, started.stderr
    assert run_id == home.run_folders()[0].name
    for command in (("mark", "half"), ("level", "100"), ("pause",), ("resume",), ("stop",)):
        result = call("ctl", run_id, *command)
        assert result.code == 0, (command, result.stderr)
    wait_until(lambda: load_run(str(home.run_folders()[0])).record.status != "running", what="the end of the run")
    run = load_run(str(home.run_folders()[0]))

    assert run.record.status == "stopped"
    assert run.record.steered
    assert [event.kind for event in run.events if event.origin == "ctl"] == ["mark", "level", "pause", "resume", "stop"]
    assert_conserved(run.record)


@pytest.mark.parametrize(
    "extra",
    [
        {"TERM": "dumb"},
        {"NO_COLOR": "1"},
        {"TERM": "xterm"},
        {"LANG": "C", "LC_ALL": "C"},
        {"PYTHONIOENCODING": "ascii"},
    ],
)
def test_poor_terminals_get_the_app_or_a_clear_line(home: Home, extra: dict[str, str]) -> None:
    with terminal([PERFTUI], home.environment | extra, columns=80, rows=24) as screen:
        wait_until(lambda: (bool(screen.read(0.2)) and "health" in screen.text) or screen.process.poll() is not None)
        if screen.process.poll() is None:
            screen.send("q")
        code = screen.wait()

    assert code == (2 if extra.get("TERM") == "dumb" else 0)
    assert "Traceback" not in screen.text
    assert "\\u2500" not in screen.text  # a line is one character wide, whatever it is drawn with
    assert "health" in screen.text if code == 0 else "TERM is 'dumb'" in screen.text


def test_without_a_terminal_the_app_says_so(home: Home) -> None:
    result = run_cli(home)

    assert result.code == 2
    assert "terminal" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_without_a_terminal_the_demo_runs_headless(home: Home) -> None:
    result = run_cli(home, "demo", "--duration", "1s")

    assert result.code == deserved(newest(home)) == told(result.stderr), result.stderr
    assert len(home.run_folders()) == 1
    assert home.run_folders()[0].name in result.stdout + result.stderr


@pytest.mark.slow
def test_sizes_change_all_the_time(home: Home, demo: Demo) -> None:
    command = [PERFTUI, "run", "read", demo.url, "--rate", "20", "--duration", "8s", "--warmup", "0s"]
    with terminal(command, home.environment) as screen:
        screen.wait_for("RUNNING")
        for step in range(200):
            screen.resize(20 + step % 180, 5 + step % 55)
            screen.read(0.005)
        for columns, rows in ((1, 1), (500, 200), (60, 16), (120, 36)):
            screen.resize(columns, rows)
            screen.read(0.2)
        screen.wait_for("FINISHED")
        screen.send("q")

        code = screen.wait()
    assert code == deserved(newest(home))
    assert "Traceback" not in screen.text
