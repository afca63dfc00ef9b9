"""A worker process, a machine, or the scheduler is killed at each moment of a run: it ends, adds up, and says why."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any, Literal

import anyio
import psutil
import pytest

from perftui.cli.outcome import decide, run_reasons
from perftui.engine.control.client import ControlClient
from perftui.engine.control.messages import CommandKind
from perftui.engine.fleet.cluster import Cluster
from perftui.engine.fleet.remote import RemoteNode
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.errors import ExitCode, PerftuiError
from perftui.model.interval import Event, Interval
from perftui.model.journal import End, JournalLine
from perftui.presets.loading import parse_preset
from perftui.store.library import RunLibrary
from support.conservation import assert_conserved
from support.dask_processes import DaskProcesses, dask_processes
from support.fault_server import answering, fault_server
from support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("cluster-lost")

Victim = Literal["seat", "machine", "scheduler"]
VICTIMS: tuple[Victim, ...] = ("seat", "machine", "scheduler")
ANSWER_S = 0.4
PRESET = """schema = 1
name = "lost"
[target]
url = "{url}"
[load]
arrivals = "uniform"
start = 20
warmup = "1.2s"
stages = [{{ duration = "1s", to = 60 }}, {{ duration = "1s", to = 60 }}]
workers = 2
cluster = "{cluster}"
[[data]]
name = "people"
file = "people.csv"
[[operations]]
name = "get"
path = "/${{data:people.name}}"
"""


@pytest.fixture(scope="module")
def machines() -> Iterator[DaskProcesses]:
    with dask_processes(2) as running:
        yield running


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with fault_server(answering(delay_s=ANSWER_S)) as server:
        yield server.url


class Killer:
    """Kills once, and knows which worker processes there were."""

    def __init__(self, machines: DaskProcesses, victim: Victim) -> None:
        machines.repair(2)
        self._machines = machines
        self._victim = victim
        self.seats: list[psutil.Process] = []
        self.killed_s = 0.0

    def __call__(self) -> None:
        if self.killed_s:
            return
        self.killed_s = time.monotonic()
        self.seats = [*self._machines.seats(0), *self._machines.seats(1)]
        if self._victim == "seat":
            self._machines.seats(0)[0].kill()
        elif self._victim == "machine":
            self._machines.workers[0].kill()
        else:
            self._machines.scheduler.kill()

    def assert_none_left(self, seats: list[psutil.Process]) -> None:
        """Those whose way to the runner was cut have ended within 5 s; the others with the run."""
        wait_until(lambda: not any(map(psutil.Process.is_running, seats)), self.killed_s + 5 - time.monotonic(), "end")


def plan_of(url: str, machines: DaskProcesses, folder: Path) -> Any:
    (folder / "people.csv").write_text("name\nann\n", encoding="utf-8")
    return parse_preset(PRESET.format(url=url, cluster=machines.address), str(folder / "lost.toml"))


def kill_before(monkeypatch: pytest.MonkeyPatch, moment: str, kill: Callable[[], None]) -> None:
    """Just before the runner asks something of its machines."""
    kind, name = {"open": (Cluster, "_hire"), "clocks": (RemoteNode, "compare_clocks")}.get(moment, (RemoteNode, "call"))
    real = getattr(kind, name)

    async def wrapped(self: object, *arguments: object) -> object:
        if moment in {"open", "clocks", arguments[0]}:
            kill()
        return await real(self, *arguments)

    monkeypatch.setattr(kind, name, wrapped)


@pytest.mark.parametrize("victim", VICTIMS[1:])
@pytest.mark.parametrize("moment", ["open", "keep_files", "ask", "start", "clocks"])
def test_before_the_load_the_run_does_not_begin(
    machines: DaskProcesses, url: str, empty_home: Path, monkeypatch: pytest.MonkeyPatch, moment: str, victim: Victim
) -> None:
    killer = Killer(machines, victim)
    kill_before(monkeypatch, moment, killer)

    with pytest.raises(PerftuiError) as told:
        run_plan(RunRequest(plan=plan_of(url, machines, empty_home)))

    took_s = time.monotonic() - killer.killed_s
    print(moment, victim, f"{took_s:.1f} s", told.value.exit_code, told.value.problems)
    assert took_s < 5
    killer.assert_none_left(killer.seats)
    assert told.value.exit_code == ExitCode.UNREACHABLE
    assert not list(RunLibrary().root.glob("*"))


class Watched:
    """A run that is hit at a moment."""

    def __init__(self, plan: Any, phase: str, killer: Killer) -> None:
        self._phase = phase
        self._kill = killer
        self.lines: list[JournalLine] = []
        self.id = ""
        self.record = run_plan(
            RunRequest(plan=plan), on_line=self._on_line, on_started=lambda folder: setattr(self, "id", folder.id)
        )

    def _on_line(self, line: JournalLine) -> None:
        self.lines.append(line)
        seconds = sum(isinstance(one, Interval) for one in self.lines)
        if isinstance(line, Interval) and seconds == {"warm-up": 1, "ramp": 2, "measure": 3}.get(self._phase):
            self._kill()
        elif isinstance(line, Interval) and seconds == 3 and self._phase == "drain":
            threading.Timer(0.2 + ANSWER_S / 3, self._kill).start()
        elif isinstance(line, Interval) and seconds == 2 and self._phase == "pause":
            threading.Thread(target=self._pause_and_kill).start()
        elif isinstance(line, End) and self._phase == "end":
            self._kill()

    def _pause_and_kill(self) -> None:
        self._steer("pause")
        time.sleep(0.5)
        self._kill()
        time.sleep(0.5)
        if not any(isinstance(line, End) for line in self.lines):
            self._steer("stop")

    def _steer(self, kind: CommandKind) -> None:
        anyio.run(partial(ControlClient(self.id).send, kind))

    def events(self, kind: str) -> list[Event]:
        return [line for line in self.lines if isinstance(line, Event) and line.kind == kind]


@pytest.mark.parametrize("victim", VICTIMS)
@pytest.mark.parametrize("phase", ["warm-up", "ramp", "measure", "pause", "drain", "end"])
def test_a_run_that_has_begun_is_saved(
    machines: DaskProcesses, url: str, empty_home: Path, phase: str, victim: Victim
) -> None:
    killer = Killer(machines, victim)

    run = Watched(plan_of(url, machines, empty_home), phase, killer)
    ended_s = time.monotonic()

    record = run.record
    assert_conserved(record)
    lost = [event.detail for event in run.events("worker_lost")]
    classes = record.whole_run_classes if hasattr(record, "whole_run_classes") else {}
    print(phase, victim, f"{ended_s - killer.killed_s:.1f} s", record.status, lost, classes, record.whole_run, run_reasons(record))
    assert killer.seats or phase == "end"
