"""What happens when a process of a run is killed, stopped, or told to end."""

from __future__ import annotations

import hashlib
import signal
import time
from collections.abc import Iterator

import psutil
import pytest

from perftui.analysis.recovery import recover
from perftui.demo.server import Demo
from perftui.model.errors import UsageError
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.store.index import UNFINISHED
from perftui.store.library import RunLibrary
from perftui.store.liveness import is_live
from perftui.store.paths import socket_path
from support.detached_run import Started, Starter
from support.waiting import wait_until

pytestmark = pytest.mark.xdist_group("runs that go on beside other tests")

OPERATIONS = (Operation(name="read", path="/health", weight=3), Operation(name="list", path="/api/items"))


def plan_for(
    url: str, rate: float, duration_s: float, *, workers: int = 1, operations: tuple[Operation, ...] = OPERATIONS
) -> Plan:
    load = Load(stages=(Stage(duration_s=duration_s, to=rate),), start_level=rate, workers=workers)
    return Plan(name="test", target=Target(url=url), load=load, operations=operations)


@pytest.fixture(scope="module", autouse=True)
def long_runs(demo: Demo) -> Iterator[dict[str, Started]]:
    """Runs that take more than ten seconds go on while the other tests of the module work."""
    starter = Starter()
    failing = starter(plan_for(demo.url, 50, 60, operations=(Operation(name="fail", path="/fail?rate=1&status=503"),)))
    stopped = starter(plan_for(demo.url, 50, 14, workers=2))
    stopped.wait_for_intervals(1)
    stopped.workers()[0].suspend()
    yield {"failing target": failing, "stopped worker": stopped}
    starter.end_all()


def gone(processes: list[psutil.Process]) -> bool:
    return all(not p.is_running() or p.status() == psutil.STATUS_ZOMBIE for p in processes)


@pytest.mark.slow
def test_one_of_four_workers_is_killed(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, 200, 4, workers=4))
    run.wait_for_intervals(1)
    run.workers()[1].kill()
    record = run.finish()
    [lost] = run.events("worker_lost")
    assert "signal 9" in lost.detail
    assert record.status == "finished"
    assert record.trust.verdict != "valid"
    counts = record.whole_run
    assert counts.scheduled == 800
    # its share is lost from its last report on, which was up to a second before it was missed
    without = [interval for interval in run.intervals() if "lost" in [worker.state for worker in interval.workers]]
    assert 50 * (4 - lost.at_s) - 1 <= counts.dropped <= 50 * (4 - without[0].at_s + 1) + 1
    assert record.summary.total.error_classes["dropped.worker_lost"] == counts.dropped
    assert counts.ok >= 800 - counts.dropped - 10
    assert [worker.state for worker in without[-1].workers].count("lost") == 1


def test_all_workers_are_killed(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, 100, 30, workers=2))
    run.wait_for_intervals(2)
    for worker in run.workers():
        worker.kill()
    record = run.finish(10)
    assert record.status == "failed"
    assert "all workers were lost" in record.status_detail
    assert record.trust.verdict in {"invalid", "degraded"}


@pytest.mark.slow
def test_a_worker_that_is_stopped_for_a_while_is_noticed_and_heals(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, 100, 5))  # late for more than half of it
    run.wait_for_intervals(1)
    [worker] = run.workers()
    held_s = -time.monotonic()
    worker.suspend()
    run.wait_for_event("worker_slow")
    time.sleep(0.3)
    held_s += time.monotonic()
    worker.resume()
    record = run.finish()
    assert run.events("worker_back")
    assert record.status == "finished"
    assert record.trust.verdict == "invalid", record.trust.reasons
    assert record.whole_run.scheduled == 500
    assert held_s > 1  # it was heard for the last time some time before
    assert record.summary.total.start_delay_ms.max > 1000 * held_s - 200
    intervals = run.intervals()
    ends = [interval.at_s + interval.duration_s for interval in intervals]
    starts = [interval.at_s for interval in intervals[1:]]
    assert starts == pytest.approx(ends[:-1])
    for interval in intervals:
        sent = sum(c.counts.started for cells in interval.cells.values() for c in cells.values())
        assert 0 <= sent <= 101 * max(1.0, interval.duration_s) + 5  # a second begins and ends a moment late


@pytest.mark.slow
def test_a_worker_that_stays_stopped_is_given_up(long_runs: dict[str, Started]) -> None:
    run = long_runs["stopped worker"]
    lost = run.wait_for_event("worker_lost", 20)
    assert "not heard for" in lost.detail
    record = run.finish()
    assert record.whole_run.scheduled == 700
    assert record.whole_run.dropped >= 250
    assert record.trust.verdict != "valid"


def test_the_runner_is_killed(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, 100, 30, workers=2))
    run.wait_for_intervals(2)
    workers = run.workers()
    with pytest.raises(UsageError, match="still running"):
        recover(run.path)
    run.signal(signal.SIGKILL)
    wait_until(lambda: gone(workers), 3, "the end of the workers")
    wait_until(lambda: not is_live(run.path), 3, "the end of the runner's lock")
    [row] = [row for row in RunLibrary().list() if row.id == run.handle.run_id]
    assert row.status == "interrupted"
    assert row.problem == UNFINISHED
    journal = (run.path / "journal.jsonl").read_bytes()
    assert socket_path(run.handle.run_id).exists()
    record = recover(run.path)
    assert not socket_path(run.handle.run_id).exists()
    assert record.status == "interrupted"
    assert record.summary.total.counts.ok >= 150
    assert recover(run.path) == record
    assert hashlib.sha256((run.path / "journal.jsonl").read_bytes()).digest() == hashlib.sha256(journal).digest()
    [row] = [row for row in RunLibrary().list() if row.id == run.handle.run_id]
    assert row.status == "interrupted"
    assert row.problem == ""


SLOW = (Operation(name="slow", path="/slow?ms=1500"),)


@pytest.mark.parametrize(("number", "name"), [(signal.SIGINT, "INT"), (signal.SIGTERM, "TERM")])
def test_the_first_signal_waits_for_answers(demo: Demo, start: Starter, number: signal.Signals, name: str) -> None:
    run = start(plan_for(demo.url, 20, 30, operations=SLOW))
    run.wait_for_intervals(1)
    run.signal(number)
    record = run.finish(8)
    assert (record.status, record.status_detail) == ("stopped", f"signal {name}")
    assert record.whole_run.cancelled == 0
    assert record.whole_run.ok == record.whole_run.scheduled >= 20


def test_the_second_signal_cancels_and_saves(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, 20, 30, operations=(Operation(name="slow", path="/slow?ms=4000"),)))
    run.wait_for_intervals(1)
    run.signal(signal.SIGINT)
    run.wait_for_event("stop")
    run.signal(signal.SIGINT)
    record = run.finish()
    assert (record.status, record.status_detail) == ("aborted", "signal INT")
    assert record.whole_run.cancelled > 15
    assert [event.kind for event in run.events() if event.origin == "signal"] == ["stop", "abort"]


def test_the_third_signal_ends_at_once_and_the_run_can_be_recovered(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, 20, 30, operations=(Operation(name="slow", path="/slow?ms=4000"),)))
    run.wait_for_intervals(2)
    workers, runner = run.workers(), run.runner
    for worker in workers:
        worker.suspend()  # so that stop and abort cannot end it before the third
    for event in ("stop", "abort"):
        run.signal(signal.SIGINT)
        run.wait_for_event(event)
    run.signal(signal.SIGINT)
    # a process that is a zombie may still have a thread that holds its files
    wait_until(lambda: gone([runner, *workers]) and not is_live(run.path), 3, "the end of every process")
    record = recover(run.path)
    assert record.status == "interrupted"
    assert record.whole_run.scheduled >= 20


def test_a_signal_during_the_warm_up(demo: Demo, start: Starter) -> None:
    load = Load(stages=(Stage(duration_s=10, to=50),), start_level=50, warmup_s=10)
    run = start(Plan(name="test", target=Target(url=demo.url), load=load, operations=OPERATIONS))
    run.wait_for_intervals(1)
    run.signal(signal.SIGTERM)
    record = run.finish(5)
    assert record.status == "stopped"
    assert record.summary.total.counts.scheduled == 0
    assert record.phases["warmup"].counts.ok == record.whole_run.scheduled > 0


@pytest.mark.slow
@pytest.mark.parametrize(("on_disconnect", "status"), [("finish", "finished"), ("stop", "stopped")])
def test_a_hang_up_follows_the_plan(demo: Demo, start: Starter, on_disconnect: str, status: str) -> None:
    seconds = 3 if on_disconnect == "finish" else 60
    load = Load(stages=(Stage(duration_s=seconds, to=50),), start_level=50, on_disconnect=on_disconnect)  # type: ignore[arg-type]  # as the test says
    run = start(Plan(name="test", target=Target(url=demo.url), load=load, operations=OPERATIONS))
    run.wait_for_intervals(1)
    run.signal(signal.SIGHUP)
    record = run.finish()
    assert record.status == status
    assert (record.status_detail == "signal HUP") == (status == "stopped")
    told = [event.detail for event in run.events("note") if "the terminal hung up" in event.detail]
    assert len(told) == (on_disconnect == "finish")


def test_a_target_that_fails_stops_the_run(long_runs: dict[str, Started]) -> None:
    record = long_runs["failing target"].finish(20)
    assert record.status == "stopped"
    assert record.status_detail.startswith("auto-stop: 100 % of the requests failed for 10 s")


@pytest.mark.slow
def test_a_runner_that_is_held_up_blames_no_worker_and_loses_nothing(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, 200, 4, workers=2))
    run.wait_for_intervals(1)
    run.signal(signal.SIGSTOP)
    time.sleep(2.2)
    run.signal(signal.SIGCONT)
    record = run.finish()
    assert record.status == "finished"
    assert record.whole_run.scheduled == record.whole_run.ok == 800
    assert run.events("worker_slow") == run.events("worker_lost") == []
    intervals = run.intervals()
    assert [interval.at_s for interval in intervals[1:]] == pytest.approx(
        [interval.at_s + interval.duration_s for interval in intervals[:-1]]
    )
    assert sum(interval.asked for interval in intervals) == pytest.approx(800, abs=0.01)
