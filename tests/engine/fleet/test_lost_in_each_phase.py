"""A worker process, a machine, or the scheduler is killed at each moment of a run: it ends, adds up, and says why."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Literal

import anyio
import psutil
import pytest

from perftui.cli.outcome import decide, run_reasons
from perftui.engine.control.client import ControlClient
from perftui.engine.control.messages import CommandKind
from perftui.engine.fleet.cluster import Cluster
from perftui.engine.fleet.remote import RemoteNode
from perftui.engine.runner.run import RunRequest, Runs, run_plan
from perftui.model.errors import ExitCode, UnreachableError, UsageError
from perftui.model.interval import Event, Interval
from perftui.model.journal import End, JournalLine
from perftui.model.plan import Plan
from perftui.presets.loading import parse_preset
from perftui.store.library import RunFolder, RunLibrary
from support.cluster_runs import cluster_plan
from support.conservation import assert_conserved
from support.dask_processes import DaskProcesses, dask_processes
from support.fault_server import answering, fault_server
from support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("cluster-lost")

Victim = Literal["seat", "machine", "scheduler"]
MACHINES = 3
ANSWER_S = 1.8
MOMENTS_S = {"warm-up": 1.0, "ramp": 2.0, "measure": 3.0, "drain": 4.0}
"""Ends of the seconds after which something is killed: in the middle of each phase of this load."""
PRESET = """schema = 1
name = "lost"
[target]
url = "{url}"
[load]
arrivals = "uniform"
start = 20
warmup = "1.5s"
stages = [{{ duration = "1s", to = 60 }}, {{ duration = "1s", to = 60 }}]
workers = 3
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
    with dask_processes(MACHINES) as running:
        yield running


@pytest.fixture
def plan(machines: DaskProcesses, empty_home: Path) -> Iterator[Plan]:
    (empty_home / "people.csv").write_text("name\nann\n", encoding="utf-8")
    with fault_server(answering(delay_s=ANSWER_S)) as server:
        yield parse_preset(PRESET.format(url=server.url, cluster=machines.address), str(empty_home / "lost.toml"))


class Killer:
    """Kills once, and knows which worker processes there were."""

    def __init__(self, machines: DaskProcesses, *victims: Victim) -> None:
        machines.repair(MACHINES)
        self._machines = machines
        self._victims = victims
        self.seats: list[psutil.Process] = []
        self.killed_s = 0.0
        self.was_late = False
        """The process that was to be killed had done its part."""

    def __call__(self) -> None:
        if self.killed_s:
            return
        self.killed_s = time.monotonic()
        self.seats = [seat for machine in range(MACHINES) for seat in self._machines.seats(machine)]
        if "seat" in self._victims and self.seats:
            try:
                self.seats[-1].kill()
            except psutil.NoSuchProcess:
                self.was_late = True
        if "machine" in self._victims:
            self._machines.workers[0].kill()
        if "scheduler" in self._victims:
            self._machines.scheduler.kill()

    def assert_none_left(self) -> None:
        """Those whose way to the runner was cut have ended within 5 s, the others with the run."""
        within_s = self.killed_s + 5 - time.monotonic()
        wait_until(lambda: not any(seat.is_running() for seat in self.seats), within_s, "the end of the seats")


def kill_before(monkeypatch: pytest.MonkeyPatch, moment: str, kill: Callable[[], None]) -> None:
    """Just before the runner asks something of its machines."""
    kind, name = {"open": (Cluster, "_hire"), "clocks": (RemoteNode, "compare_clocks")}.get(
        moment, (RemoteNode, "call")
    )
    real = getattr(kind, name)

    async def wrapped(self: object, *arguments: object) -> object:
        if moment in {"open", "clocks", *map(str, arguments[:1])}:
            kill()
        return await real(self, *arguments)

    monkeypatch.setattr(kind, name, wrapped)


@pytest.mark.parametrize("victim", ["machine", "scheduler"])
@pytest.mark.parametrize("moment", ["open", "keep_files", "ask", "start", "clocks"])
def test_before_the_load_the_run_does_not_begin(
    machines: DaskProcesses, plan: Plan, monkeypatch: pytest.MonkeyPatch, moment: str, victim: Victim
) -> None:
    killer = Killer(machines, victim)
    kill_before(monkeypatch, moment, killer)

    with pytest.raises(UnreachableError) as told:
        run_plan(RunRequest(plan=plan))

    assert time.monotonic() - killer.killed_s < 8
    words = "the scheduler is gone" if victim == "scheduler" else "its Dask worker is gone"
    assert all(words in problem for problem in told.value.problems), told.value.problems
    assert victim == "scheduler" or len(told.value.problems) == 1
    killer.assert_none_left()
    assert not list(RunLibrary().root.glob("*"))


class HitRun:
    """A run that is hit in a phase."""

    def __init__(self, plan: Plan, phase: str, killer: Killer) -> None:
        self._phase = phase
        self._kill = killer
        self._steering = threading.Thread(target=self._pause_and_kill)
        self.lines: list[JournalLine] = []
        self.folders: list[RunFolder] = []
        self.record = run_plan(RunRequest(plan=plan), on_line=self._on_line, on_started=self.folders.append)
        if phase == "pause":
            self._steering.join(10)
        assert_conserved(self.record)

    def _on_line(self, line: JournalLine) -> None:
        self.lines.append(line)
        if isinstance(line, Interval):
            ended_s = line.at_s + line.duration_s
            if ended_s >= MOMENTS_S.get(self._phase, 99):
                self._kill()
            elif self._phase == "pause" and not self._steering.ident and ended_s >= MOMENTS_S["ramp"]:
                self._steering.start()
        elif isinstance(line, End) and self._phase == "end":
            self._kill()

    def _pause_and_kill(self) -> None:
        self._steer("pause")
        time.sleep(0.3)
        self._kill()
        time.sleep(0.5)
        with suppress(UsageError):  # without a scheduler it has ended by itself
            self._steer("stop")

    def _steer(self, kind: CommandKind) -> None:
        anyio.run(partial(ControlClient(self.folders[0].id).send, kind))

    def events(self, kind: str) -> list[Event]:
        return [line for line in self.lines if isinstance(line, Event) and line.kind == kind]


ALL = 130
"""What is due in the whole run."""
PHASES = ("warm-up", "ramp", "measure", "pause", "drain", "end")


@pytest.mark.parametrize("phase", PHASES)
def test_a_machine_and_a_worker_are_lost_and_the_others_go_on(machines: DaskProcesses, plan: Plan, phase: str) -> None:
    killer = Killer(machines, "seat", "machine")

    run = HitRun(plan, phase, killer)

    record = run.record
    lost = sorted(event.detail.partition(" was lost: ")[2].rpartition(": ")[2] for event in run.events("worker_lost"))
    assert record.status == ("stopped" if phase == "pause" else "finished")
    killer.assert_none_left()
    if phase == "end":
        assert record.whole_run.ok == record.whole_run.scheduled
        assert not lost
        return
    if killer.was_late:
        assert phase == "drain"
        return
    assert lost == ["its Dask worker is gone", "signal 9"]
    assert [machine.lost for machine in record.cluster].count(True) == 1
    # two thirds of what was still to come, and of what was sent but not told any more; nothing once all was sent
    due = {"warm-up": 73, "ramp": 57, "measure": 20}.get(phase, 0)
    if phase != "drain" and record.whole_run.started == ALL:
        return  # a busy machine was late to lose them: nothing is missing
    # and where it was late to pause, two thirds of what was still to come then
    assert due // 2 <= record.whole_run.dropped <= due + (87 if phase == "pause" else 50)
    assert phase != "drain" or not record.whole_run.dropped
    if phase in {"warm-up", "ramp", "measure"}:
        assert record.trust.verdict == "invalid"
        assert decide(run_reasons(record), warn_only=False).code == ExitCode.INVALID


@pytest.mark.slow
@pytest.mark.parametrize("phase", PHASES)
def test_without_a_scheduler_what_came_is_saved(machines: DaskProcesses, plan: Plan, phase: str) -> None:
    killer = Killer(machines, "scheduler")

    run = HitRun(plan, phase, killer)

    record, lost = run.record, [event.detail for event in run.events("worker_lost")]
    assert time.monotonic() - killer.killed_s < 8
    killer.assert_none_left()
    if phase == "end":
        assert record.status == "finished"
        assert record.whole_run.ok == record.whole_run.scheduled
        return
    assert record.status == "failed"
    assert len(lost) == MACHINES
    # a busy machine may hear of what the machines do without a scheduler first
    assert any("the scheduler is gone" in detail for detail in lost), lost
    assert record.whole_run.started > 0
    assert decide(run_reasons(record), warn_only=True).code == ExitCode.INTERNAL


@pytest.mark.slow
def test_what_is_gone_between_two_runs_is_known(machines: DaskProcesses, plan: Plan) -> None:
    machines.repair(MACHINES)
    short = cluster_plan(plan.target.url, machines.address, rate=30, workers=MACHINES)
    with Runs() as runs:
        counts = [runs.run(RunRequest(plan=short)).whole_run]
        machines.workers[0].kill()
        record = runs.run(RunRequest(plan=short))
        machines.scheduler.kill()
        with pytest.raises(UnreachableError, match="nothing answers; is a scheduler running there"):
            runs.run(RunRequest(plan=short))

    assert [count.ok for count in (*counts, record.whole_run)] == [30, 30]
    assert len(record.cluster) == MACHINES - 1
