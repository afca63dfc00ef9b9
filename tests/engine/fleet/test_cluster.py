"""Runs over several machines: Dask workers of this one, each as good as a machine. Their target counts itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path

import anyio
import msgspec
import psutil
import pytest

from perftui.cli.cluster_facts import cluster_facts
from perftui.engine.control.client import ControlClient
from perftui.engine.control.messages import CommandKind
from perftui.engine.fleet import dask_settings
from perftui.engine.runner.run import RunRequest, Runs, run_plan
from perftui.model.errors import GuardError, UnreachableError, UsageError
from perftui.model.plan import Auth
from perftui.presets.loading import parse_preset
from support.certificates import Authority
from support.cluster_runs import WatchedRun, cluster_plan
from support.dask_processes import certificates, dask_processes
from support.detached_run import Starter
from support.nginx import Nginx, nginx

pytestmark = pytest.mark.xdist_group("cluster")


@pytest.fixture(scope="module")
def server() -> Iterator[Nginx]:
    with nginx() as running:
        yield running


def gone(processes: list[psutil.Process]) -> bool:
    return not any(one.is_running() and one.status() != psutil.STATUS_ZOMBIE for one in processes)


def gone_within(processes: list[psutil.Process], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not gone(processes) and time.monotonic() < deadline:
        time.sleep(0.05)
    return gone(processes)


def test_every_request_is_counted_once_over_all_seats(server: Nginx, empty_home: Path) -> None:
    before = server.requests()

    run = WatchedRun(cluster_plan(server.url, "local:2", rate=400, workers=4))

    assert run.record.whole_run.scheduled == run.record.whole_run.ok == 400
    assert server.requests() - before == 400
    seats = {health.worker: health.machine for health in run.intervals[-1].workers}
    assert sorted(seats) == [0, 1, 2, 3]
    assert len(set(seats.values())) == 2
    assert run.record.environment.workers == 4
    assert run.record.plan.load.cluster == "local:2"
    assert not [process for process in psutil.process_iter(["cmdline"]) if _is_ours(process)]


def _is_ours(process: psutil.Process) -> bool:
    return "perftui.engine.fleet.node_process" in (process.info["cmdline"] or ()) and process.ppid() == os.getpid()


@pytest.mark.slow
def test_runs_of_a_series_keep_their_machines_and_replace_one_that_is_gone(server: Nginx, empty_home: Path) -> None:
    def machines() -> list[psutil.Process]:
        return [process for process in psutil.process_iter(["cmdline"]) if _is_ours(process)]

    request = RunRequest(plan=cluster_plan(server.url, "local:2", workers=2))
    before = server.requests()
    with Runs() as runs:
        records = [runs.run(request)]
        first = machines()
        runs.rest(1)
        records.append(runs.run(request))
        assert machines() == first
        first[0].kill()
        records.append(runs.run(request))
        assert len(machines()) == 2
        assert not set(machines()) & set(first)

    assert [record.whole_run.ok for record in records] == [200, 200, 200]
    assert server.requests() - before == 600
    assert not machines()


@pytest.mark.slow
def test_what_is_lost_is_said_and_the_others_go_on(server: Nginx, empty_home: Path) -> None:
    """A worker process is killed, a machine's Dask worker is, and a machine falls silent; the fourth keeps sending."""
    with dask_processes(4) as machines:
        silenced: list[psutil.Process] = []

        def hit() -> None:
            machines.seats(0)[0].kill()
            machines.workers[1].kill()
            silenced.extend(machines.seats(2))
            machines.workers[2].send_signal(signal.SIGSTOP)

        run = WatchedRun(cluster_plan(server.url, machines.address, rate=400, duration_s=5.5), hit)

        machines.workers[2].kill()
        assert len(silenced) == 1
        assert gone_within(silenced, 5)
    assert run.record.status == "finished"
    assert run.record.whole_run.scheduled == 2200
    lost = [event.detail for event in run.events("worker_lost")]
    assert len(lost) == 3
    for words in ("signal 9", "machine", "not heard for 3 s"):
        assert any(words in detail for detail in lost), lost
    last = run.intervals[-1]
    assert sorted(worker.state for worker in last.workers) == ["lost", "lost", "lost", "ok"]
    assert sorted(machine.lost for machine in last.machines) == [False, False, True, True]
    assert run.record.summary.total.error_classes["dropped.worker_lost"] == run.record.whole_run.dropped > 800


@pytest.mark.slow
def test_without_a_scheduler_seats_stop_and_what_came_is_saved(server: Nginx, empty_home: Path) -> None:
    seats: list[psutil.Process] = []
    killed: list[float] = []
    with dask_processes(2) as machines:

        def kill() -> None:
            seats.extend((*machines.seats(0), *machines.seats(1)))
            machines.scheduler.kill()
            killed.append(time.monotonic())

        run = WatchedRun(cluster_plan(server.url, machines.address, duration_s=30), kill)

        assert len(seats) == 2
        assert gone_within(seats, killed[0] + 5 - time.monotonic())
    assert run.record.status == "failed"
    assert run.record.whole_run.ok > 100
    assert all("the scheduler is gone" in lost.detail for lost in run.events("worker_lost"))
    assert len(run.events("worker_lost")) == 2


def test_the_way_there_is_private(server: Nginx, empty_home: Path, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with dask_processes(1, certificate=authority.issue("all"), authority=authority.certificate) as running:
        request = RunRequest(plan=cluster_plan(server.url, running.address))

        with certificates(None), pytest.raises(UsageError, match="DASK_DISTRIBUTED__COMM__TLS__CA_FILE"):
            run_plan(request)
        with (
            certificates(Authority(tmp_path / "strangers")),
            pytest.raises(UnreachableError, match="certificates of the same authority"),
        ):
            run_plan(request)
        with certificates(authority):
            record = run_plan(request)

    assert record.whole_run.ok == 200


@pytest.mark.parametrize(
    ("cluster", "kind", "words"),
    [
        ("tcp://192.0.2.7:8786", GuardError, "--insecure-cluster"),
        ("tcp://127.0.0.1:9", UnreachableError, "is a scheduler running there?"),
        ("ssh:nowhere.txt", UsageError, "no such file"),
    ],
)
def test_what_cannot_be_used_is_said(
    server: Nginx, empty_home: Path, cluster: str, kind: type[Exception], words: str
) -> None:
    with pytest.raises(kind, match=words):
        run_plan(RunRequest(plan=cluster_plan(server.url, cluster)))


def test_secrets_travel_privately_only(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTER_TOKEN", "open sesame")
    plan = cluster_plan("http://127.0.0.1:9", "tcp://192.0.2.7:8786")
    target = msgspec.structs.replace(plan.target, auth=Auth(bearer="${env:CLUSTER_TOKEN}"))
    load = msgspec.structs.replace(plan.load, insecure_cluster=True)

    with pytest.raises(GuardError, match="the plan has secrets"):
        run_plan(RunRequest(plan=msgspec.structs.replace(plan, target=target, load=load)))


def test_packages_that_are_missing_are_one_line(empty_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dask_settings, "find_spec", lambda name: None if name == "distributed" else name)

    with pytest.raises(UsageError, match=r"^--cluster needs distributed: pip install 'perftui\[cluster\]'$"):
        run_plan(RunRequest(plan=cluster_plan("http://127.0.0.1:9", "local:2")))


def test_dask_is_loaded_only_where_there_is_a_cluster() -> None:
    """It takes most of a second, which nobody else shall wait for."""
    modules = "perftui.engine.fleet.cluster, perftui.engine.runner.machines, perftui.engine.runner.run"
    code = f"import {modules}, sys; print([name for name in ('dask', 'distributed') if name in sys.modules])"

    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


@pytest.mark.slow
def test_steering_reaches_every_seat_and_a_killed_runner_leaves_none(
    server: Nginx, empty_home: Path, start: Starter
) -> None:
    before = server.requests()
    with dask_processes(2) as machines:
        run = start(cluster_plan(server.url, machines.address, duration_s=30))
        run.wait_for_intervals(1)
        commands: tuple[tuple[CommandKind, float | None], ...] = (
            ("pause", None), ("resume", None), ("level", 50.0), ("stop", None)
        )  # fmt: skip
        for kind, level in commands:
            anyio.run(partial(ControlClient(run.handle.run_id).send, kind, level=level))
            time.sleep(0.5)
        record = run.finish()
        assert server.requests() - before == record.whole_run.scheduled == record.whole_run.ok
        assert [event.kind for event in run.events() if event.origin == "ctl"] == ["pause", "resume", "level", "stop"]
        reached = [note.detail for note in run.events("note") if "machines applied it at its moment" in note.detail]
        assert [note.partition(":")[0] for note in reached] == ["pause", "resume", "hold", "stop"]
        asked = sum(interval.asked for interval in run.intervals())
        assert abs(asked - record.whole_run.scheduled) <= 2

        killed = start(cluster_plan(server.url, machines.address, duration_s=30))
        killed.wait_for_intervals(1)
        seats = [*machines.seats(0), *machines.seats(1)]
        killed.runner.kill()
        assert len(seats) == 2
        assert gone_within(seats, 5)


@pytest.mark.slow
def test_each_machine_is_asked_whether_it_reaches_the_target(empty_home: Path) -> None:
    with pytest.raises(UnreachableError, match=r"^all 2 machines: .*refuses connections"):
        run_plan(RunRequest(plan=cluster_plan("http://127.0.0.1:9", "local:2")))


@pytest.mark.slow
def test_a_machine_with_another_perftui_or_none_is_told_and_keeps_its_dask_worker(empty_home: Path) -> None:
    with dask_processes(1) as machines:
        machines.add_strangers("0.0.9", "")
        with pytest.raises(UsageError) as told:
            run_plan(RunRequest(plan=cluster_plan("http://127.0.0.1:9", machines.address)))
        facts = cluster_facts(machines.address, insecure=False)
        assert all(process.is_running() for process in machines.workers)

    words = sorted(problem.partition(": ")[2] for problem in told.value.problems)
    assert words == [
        f"perftui 0.0.9 is installed there, {version('perftui')} here; install the same",
        "perftui is not installed there; pip install 'perftui[cluster]'",
    ]
    assert [fact[2] for fact in facts] == ["ok", "ok", "warn", "warn"]
    assert sorted(fact[3] for fact in facts[2:]) == words


FUNCTIONS = """
from helper import greeted


def greet(ctx):
    if __file__.startswith(ctx.values["home"]):
        raise ctx.fail("this is the runner's own file")
    if greeted(ctx.values["name"]) != "hello ann":
        raise ctx.fail("not ann")
"""


@pytest.mark.slow
def test_files_and_functions_travel_by_content(empty_home: Path) -> None:
    """A module, the one it imports, and a file of values: none of them is read where the runner has it."""
    (empty_home / "greetings.py").write_text(FUNCTIONS, encoding="utf-8")
    (empty_home / "helper.py").write_text("def greeted(name):\n    return f'hello {name}'\n", encoding="utf-8")
    (empty_home / "people.csv").write_text("name\nann\n", encoding="utf-8")
    text = 'schema = 1\nname = "travels"\n[load]\nrate = 20\nduration = "1s"\ncluster = "local:1"\n'
    text += '[[data]]\nname = "people"\nfile = "people.csv"\n[[operations]]\nname = "greet"\n'
    text += f'call = "greetings:greet"\nparams = {{ name = "${{data:people.name}}", home = "{empty_home}" }}\n'

    run = WatchedRun(parse_preset(text, str(empty_home / "travels.toml")))

    assert run.record.whole_run.ok == 20, run.record.summary.total.error_classes
    assert run.record.plan.data[0].file == str(empty_home / "people.csv")
