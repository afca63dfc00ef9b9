"""Steering a run from another process, and losing the viewer."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path

import anyio
import psutil
import pytest

from perftui.demo.server import Demo
from perftui.engine.control.client import ControlClient
from perftui.model.errors import UsageError
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.store.baselines import set_baseline
from perftui.store.journal import JOURNAL_NAME
from perftui.store.paths import socket_path
from support.detached_run import Started, Starter
from support.waiting import wait_until


def plan_for(url: str, rate: float = 100, duration_s: float = 5, *, on_disconnect: str = "finish") -> Plan:
    load = Load(stages=(Stage(duration_s=duration_s, to=rate),), start_level=rate, on_disconnect=on_disconnect)  # type: ignore[arg-type]  # as the test says
    return Plan(name="test", target=Target(url=url), load=load, operations=(Operation(name="read", path="/health"),))


def send(run: Started, kind: str, **more: object) -> None:
    anyio.run(lambda: ControlClient(run.handle.run_id).send(kind, **more))  # type: ignore[arg-type]  # as the test says


def test_pause_level_mark_and_their_traces(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url))
    run.wait_for_intervals(1)
    send(run, "pause")
    time.sleep(1.1)
    with pytest.raises(UsageError, match="paused already"):
        send(run, "pause")
    send(run, "resume", origin="tui")
    send(run, "level", level=300.0)
    send(run, "mark", text="deployed \x1b]0;x\x07")
    record = run.finish()
    pause, resume, level, mark = [event for event in run.events() if event.kind in {"pause", "resume", "level", "mark"}]
    assert (pause.kind, pause.origin) == ("pause", "ctl")
    assert (resume.kind, resume.origin) == ("resume", "tui")
    assert (level.level, level.origin) == (300.0, "ctl")
    assert "\x1b" not in mark.detail
    assert mark.detail.startswith("deployed ")
    assert record.steered
    assert resume.at_s - pause.at_s > 1
    expected = 100 * (pause.at_s + level.at_s - resume.at_s) + 300 * (5 - level.at_s)
    assert record.whole_run.scheduled == pytest.approx(expected, rel=0.03)
    asked = sum(interval.asked for interval in run.intervals())
    assert record.whole_run.scheduled == pytest.approx(asked, abs=2)
    assert any(interval.paused for interval in run.intervals())
    with pytest.raises(UsageError, match="steered"):
        set_baseline(run.handle.run_id)
    assert set_baseline(run.handle.run_id, force=True).run_id == run.handle.run_id


@pytest.mark.parametrize(("kind", "status"), [("stop", "stopped"), ("abort", "aborted")])
def test_stop_and_abort_are_saved(demo: Demo, start: Starter, kind: str, status: str) -> None:
    run = start(plan_for(demo.url, duration_s=60))
    run.wait_for_intervals(1)
    send(run, kind)
    record = run.finish(5)
    assert record.status == status
    assert record.status_detail == f"{status} by ctl"
    with pytest.raises(UsageError, match="is not running"):
        send(run, "stop")


@pytest.mark.parametrize("level", [-1.0, float("nan"), float("inf"), None])
def test_a_level_that_is_none_is_not_sent(level: float | None) -> None:
    with pytest.raises(UsageError, match="give a number"):
        anyio.run(lambda: ControlClient("20261120-204501-read-7f3a").send("level", level=level))


def test_a_runner_takes_no_levels_and_commands_that_make_no_sense(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, duration_s=60))
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(socket_path(run.handle.run_id)))
        answers = client.makefile("rb")
        for line, word in (
            (b'{"kind":"level","level":-1}', b"give a number"),
            (b'{"kind":"level","level":1e8}', b"give a number"),
            (b'{"kind":"level"}', b"give a number"),
            (b'{"kind":"resume"}', b"is not paused"),
            (b'{"kind":"explode"}', b"not a command"),
            (b"\xff{", b"not a command"),
        ):
            client.sendall(line + b"\n")
            answer = answers.readline()
            assert b'"ok":false' in answer, answer
            assert word in answer
        client.sendall(b'{"kind":"mark","text":"x \\u001b[2J \\u009b \xe2\x80\xae"}\n')
        assert answers.readline() == b"{}\n"
    send(run, "abort")
    record = run.finish()
    assert not record.steered
    mark, abort = [event for event in run.events() if event.kind != "phase"]
    assert mark.detail == "x \\x1b[2J \\x9b \ufffd"
    assert abort.kind == "abort"
    assert b"\\u001b" not in (run.handle.path / JOURNAL_NAME).read_bytes()


VIEWER = """
import anyio, sys
from perftui.engine.control.client import ControlClient

async def main():
    async with anyio.create_task_group() as tasks:
        await tasks.start(ControlClient(sys.argv[1]).hold)
        print("held", flush=True)

anyio.run(main)
"""


@pytest.mark.parametrize(
    ("on_disconnect", "released", "status"),
    [("stop", False, "stopped"), ("stop", True, "finished"), ("finish", False, "finished")],
)
def test_a_lost_viewer_follows_the_plan(
    demo: Demo, start: Starter, on_disconnect: str, *, released: bool, status: str
) -> None:
    run = start(plan_for(demo.url, duration_s=60 if status == "stopped" else 4, on_disconnect=on_disconnect))
    with subprocess.Popen([sys.executable, "-c", VIEWER, run.handle.run_id], stdout=subprocess.PIPE) as viewer:
        assert viewer.stdout is not None
        assert viewer.stdout.readline() == b"held\n"
        if released:
            anyio.run(ControlClient(run.handle.run_id).release)
        viewer.kill()
    record = run.finish()
    assert record.status == status
    assert ("the viewer was lost" in record.status_detail) == (status == "stopped")
    told = [event.detail for event in run.events("note") if "the viewer was lost" in event.detail]
    assert len(told) == (on_disconnect == "finish")


@pytest.mark.slow
def test_a_viewer_that_stays_ends_with_the_run(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, duration_s=1, on_disconnect="stop"))
    anyio.run(ControlClient(run.handle.run_id).hold)
    assert run.finish().status == "finished"


@pytest.mark.slow
def test_rude_clients_do_not_hold_the_runner_up(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, duration_s=3))
    path = socket_path(run.handle.run_id)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    rude = [socket.socket(socket.AF_UNIX) for _ in range(70)]
    for number, client in enumerate(rude):
        client.connect(str(path))
        if number % 3 == 0:
            client.sendall(b"[" * 3000 + b"\n")
        elif number % 3 == 1:
            client.sendall(b"x" * 10_000)
    # one too many is hung up on, and so is who says more than a line may be: then all of them were heard
    wait_until(lambda: all(is_hung_up(client) for client in rude[1::3]), 10, "the end of those who say too much")
    for client in rude:
        client.close()
    wait_until(lambda: has_marked(run), 10, "a place for a polite client")
    record = run.finish()
    assert record.whole_run.scheduled == record.whole_run.ok == 300
    assert [event.detail for event in run.events("mark")] == ["still here"]
    assert not path.exists()


@pytest.mark.slow
def test_a_thousand_idle_clients_leave_room_for_a_command(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, duration_s=30))
    run.wait_for_intervals(1)
    idle = [socket.socket(socket.AF_UNIX) for _ in range(1000)]
    for client in idle:
        client.connect(str(socket_path(run.handle.run_id)))
    send(run, "mark", text="still here")
    assert [event.detail for event in run.events("mark")] == ["still here"]
    assert psutil.Process(run.handle.pid).num_fds() < 150
    send(run, "abort")
    run.finish()
    for client in idle:
        client.close()


def is_hung_up(client: socket.socket) -> bool:
    client.settimeout(0)
    try:
        return client.recv(1) == b""
    except ConnectionResetError:
        return True
    except BlockingIOError:
        return False


def has_marked(run: Started) -> bool:
    try:
        send(run, "mark", text="still here")
    except UsageError:
        return False
    return True


def test_the_socket_is_gone_with_its_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PERFTUI_RUNTIME_DIR", str(tmp_path / ("long" * 40)))
    assert len(str(socket_path("20261120-204501-read-7f3a"))) < 104
    with pytest.raises(UsageError, match="is not running"):
        anyio.run(ControlClient("20261120-204501-read-7f3a").send, "stop")
