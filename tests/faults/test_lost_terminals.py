"""Terminals that go away, stop reading, or belong to a cut SSH connection: the viewer ends, the run does not notice."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Sequence

import psutil
import pytest

from perftui.demo.server import Demo
from perftui.model.interval import Interval
from perftui.model.record import Record
from perftui.store.journal import read_journal
from perftui.store.loading import load_run
from support.cli import PERFTUI, run_cli
from support.conservation import assert_conserved
from support.home import Home, command_of, processes_in
from support.pty import terminal
from support.ssh import ssh_server
from support.waiting import wait_until

RATE = 50
LATE_S = 1
"""A busy machine may send so much later than planned."""


def start_detached(home: Home, demo: Demo, seconds: int) -> str:
    options = ("--rate", str(RATE), "--duration", f"{seconds}s", "--warmup", "0s", "--detach")
    started = run_cli(home, "run", "health", demo.url, *options)
    assert started.code == 0, started.stderr
    return started.stdout.strip()


def record_at_end(home: Home) -> Record:
    """The record of the only run, once it has ended."""
    folder = str(home.run_folders()[0])
    wait_until(lambda: load_run(folder).record.status != "running", 60, "the end of the run")
    return load_run(folder).record


def viewers(home: Home) -> list[psutil.Process]:
    """Processes that are no runner and no worker."""
    commands = {process: " ".join(command_of(process)) for process in processes_in(home.path)}
    return [process for process, command in commands.items() if command and "perftui.engine" not in command]


def assert_goes_on(home: Home) -> None:
    """The run is as if nobody had ever watched it, until it is stopped."""
    seen = journal_seconds(home)
    wait_until(lambda: journal_seconds(home) > seen + 1, 30, "more of the run")
    stop(home, home.run_folders()[0].name)
    record = record_at_end(home)
    assert_conserved(record)
    assert record.status == "stopped"
    assert record.whole_run.ok > 0
    assert record.whole_run.errors == record.whole_run.timeouts == record.whole_run.client_errors == 0
    assert not record.steered


@pytest.mark.parametrize(
    "wrapping",
    [
        pytest.param("", id="hang-up"),
        pytest.param('trap "" HUP; exec "$@"', id="hang-up ignored"),
        pytest.param('trap "" HUP; exec setsid --wait "$@"', id="no hang-up"),
    ],
)
def test_a_closed_terminal_ends_the_viewer_and_not_the_run(home: Home, demo: Demo, wrapping: str) -> None:
    """The last viewer is in a session without a terminal of its own, which the kernel tells nothing."""
    command = [PERFTUI, "run", "health", demo.url, "--rate", str(RATE), "--duration", "90s", "--warmup", "0s"]
    if wrapping:
        command = ["sh", "-c", wrapping, "sh", *command]
    with terminal(command, home.environment) as screen:
        screen.wait_for("RUNNING")
        screen.hang_up()
        code = screen.process.wait(30)

    assert code == 129
    assert viewers(home) == []
    engine = processes_in(home.path)
    for process in engine:
        process.cpu_percent()
    time.sleep(1)
    busy = [process.cpu_percent() for process in engine if process.is_running()]
    assert busy
    assert max(busy) < 30
    assert_goes_on(home)


@pytest.mark.slow
def test_a_killed_viewer_changes_nothing(home: Home, demo: Demo) -> None:
    command = [PERFTUI, "run", "health", demo.url, "--rate", str(RATE), "--duration", "90s", "--warmup", "0s"]
    with terminal(command, home.environment) as screen:
        screen.wait_for("RUNNING")
        screen.process.kill()
        screen.process.wait()

    assert_goes_on(home)


def test_a_killed_viewer_ends_a_run_that_is_to_stop_without_it(home: Home, demo: Demo) -> None:
    options = ("--rate", str(RATE), "--duration", "90s", "--warmup", "0s", "--set", "load.on_disconnect=stop")
    with terminal([PERFTUI, "run", "health", demo.url, *options], home.environment) as screen:
        screen.wait_for("RUNNING")
        screen.process.kill()
        screen.process.wait()

    record = record_at_end(home)
    assert (record.status, record.status_detail) == ("stopped", "stopped: the viewer was lost")
    assert_conserved(record)
    assert record.whole_run.ok == record.whole_run.scheduled > 0


@pytest.mark.slow
def test_a_killed_engine_is_told_and_its_run_completed(home: Home, demo: Demo) -> None:
    command = [PERFTUI, "run", "health", demo.url, "--rate", str(RATE), "--duration", "60s", "--warmup", "0s"]
    with terminal(command, home.environment) as screen:
        screen.wait_for("RUNNING")
        [runner] = [process for process in processes_in(home.path) if "perftui.engine" in command_of(process)]
        workers = runner.children()
        assert workers
        runner.kill()
        screen.wait_for("ENGINE LOST")
        screen.wait_for("q saves the run")
        _, alive = psutil.wait_procs(workers, 3)
        screen.send("q")

        assert screen.wait() == 1
        assert alive == []
        assert screen.modes_restored
    folder = home.run_folders()[0]
    record = load_run(str(folder)).record
    assert f"Saved: {folder}" in screen.text.rpartition("?1049")[2]
    assert record.status == "interrupted"
    assert_conserved(record)


@pytest.mark.alone
def test_a_terminal_that_is_not_read_slows_nothing(home: Home, demo: Demo) -> None:
    """The screen stands still while its terminal does; what is recorded does not."""
    command = [PERFTUI, "run", "read", demo.url, "--rate", str(RATE), "--duration", "90s", "--warmup", "0s"]
    with terminal(command, home.environment) as screen:
        screen.wait_for("RUNNING")
        for _ in range(35):
            # far more than the kernel keeps for a terminal: the program is stuck in a write now
            screen.resize(200, 60)
            screen.resize(199, 59)
            time.sleep(0.1)
        stop(home, home.run_folders()[0].name)
        record_at_end(home)
        screen.resize(120, 36)
        screen.wait_for("STOPPED")
        screen.send("q")
        screen.wait()

    assert_steady(home)


@pytest.mark.slow
def test_progress_that_nobody_reads_stops_nothing(home: Home, demo: Demo) -> None:
    """Standard error is a pipe that is full from the start."""
    seconds = 2
    command = [PERFTUI, "run", "health", demo.url, "--rate", str(RATE), "--duration", f"{seconds}s", "--warmup", "0s"]
    with full_pipe() as pipe, running([*command, "--headless"], home, stderr=pipe):
        wait_until(lambda: any((folder / "run.toml").exists() for folder in home.run_folders()), 60, "the start")
        record = record_at_end(home)

    assert_conserved(record)
    assert record.status == "finished"
    assert record.whole_run.ok == record.whole_run.scheduled == RATE * seconds


@pytest.mark.slow
@pytest.mark.alone
def test_a_cut_ssh_connection_is_watched_again(home: Home, demo: Demo) -> None:
    run_id = start_detached(home, demo, 60)
    watch = [PERFTUI, "watch", run_id]
    needed = {name: home.environment[name] for name in home.environment if name.startswith("PERFTUI_")}
    with ssh_server() as ssh:
        with terminal(ssh.command(watch, needed), dict(os.environ)) as screen:
            screen.wait_for("RUNNING")
            wait_until(lambda: bool(viewers(home)), 30, "a viewer")
            screen.process.kill()
            wait_until(lambda: not viewers(home), 30, "the end of the viewer")
        with terminal(ssh.command(watch, needed), dict(os.environ), columns=80, rows=24) as screen:
            screen.wait_for("RUNNING")
            wait_until(lambda: journal_seconds(home) >= 4, 60, "four seconds of the run")
            stop(home, run_id)
            screen.wait_for("STOPPED")
            screen.send("q")
            screen.wait()

    assert_steady(home)


@pytest.mark.slow
@pytest.mark.alone
def test_viewers_come_and_go_and_one_does_not_read(home: Home, demo: Demo) -> None:
    """Two on terminals, one of which is not read, and one in a pipe that is full."""
    run_id = start_detached(home, demo, 60)
    watch = [PERFTUI, "watch", run_id]
    [runner] = [process for process in processes_in(home.path) if command_of(process)[-1] == "perftui.engine"]
    with (
        full_pipe() as pipe,
        running(watch, home, stdout=pipe) as stuck,
        terminal(watch, home.environment, columns=80, rows=24) as reading,
        terminal(watch, home.environment) as silent,
    ):
        reading.wait_for("RUNNING")
        before = runner.memory_info().rss
        assert run_cli(home, "ctl", run_id, "nonsense").code == 2
        wait_until(lambda: bool(reading.read(0.2)) and journal_seconds(home) >= 6, 30, "six seconds of the run")
        assert runner.memory_info().rss < before + 3_000_000
        assert stuck.poll() is None
        stop(home, run_id)
        reading.wait_for("STOPPED")
        reading.send("q")
        assert reading.wait() == 0
        silent.wait_for("STOPPED")
        silent.send("q")
        silent.wait()

    assert_steady(home)


@contextlib.contextmanager
def full_pipe() -> Iterator[int]:
    """The end of a pipe that takes not one byte more; nobody reads it."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(writing, b"x"):
            pass
    os.set_blocking(writing, True)
    try:
        yield writing
    finally:
        os.close(writing)
        os.close(reading)


@contextlib.contextmanager
def running(
    command: Sequence[str], home: Home, *, stdout: int = subprocess.DEVNULL, stderr: int | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A command without a terminal, while the block lasts."""
    with subprocess.Popen(
        command, env=home.environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=stderr
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def journal_seconds(home: Home) -> int:
    """Intervals of the only run so far."""
    lines, _ = read_journal(home.run_folders()[0])
    return sum(isinstance(line, Interval) for line in lines)


def stop(home: Home, run_id: str) -> None:
    result = run_cli(home, "ctl", run_id, "stop")
    assert result.code == 0, result.stderr


def assert_steady(home: Home) -> None:
    """All the time the only run was where it should have been, and every request was answered."""
    record_at_end(home)
    run = load_run(str(home.run_folders()[0]))
    assert_conserved(run.record)
    assert run.record.status == "stopped"
    assert run.record.whole_run.ok == run.record.whole_run.started > 0
    measured = [interval for interval in run.intervals if interval.phase == "measure"][:-1]
    assert measured
    started = 0
    for interval in measured:
        started += sum(cell.counts.started for cells in interval.cells.values() for cell in cells.values())
        planned = RATE * (interval.at_s + interval.duration_s)
        assert planned - RATE * LATE_S <= started <= planned + 1, interval.at_s
