"""A disk that fills up under a real runner, and viewers that crowd around it."""

from __future__ import annotations

import resource
import signal
import sys
import threading
import time

import psutil
import pytest

from perftui.analysis.recovery import recover
from perftui.demo.server import Demo
from perftui.model.interval import Interval
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.store.index import UNFINISHED
from perftui.store.journal import JournalFollower, read_journal
from perftui.store.library import RunLibrary
from perftui.store.liveness import is_live
from support.conservation import assert_conserved
from support.detached_run import Started, Starter
from support.waiting import wait_until

linux = pytest.mark.skipif(sys.platform != "linux", reason="the limit of another process is set with prlimit")

LESS_THAN_ANY_FILE = 512


def plan_for(url: str, duration_s: float, rate: float = 50) -> Plan:
    load = Load(stages=(Stage(duration_s=duration_s, to=rate),), start_level=rate)
    return Plan(name="test", target=Target(url=url), load=load, operations=(Operation(name="read", path="/health"),))


def fill_disk(run: Started) -> None:
    """No file of the runner may grow any more: every write fails as on a full disk."""
    psutil.Process(run.handle.pid).rlimit(psutil.RLIMIT_FSIZE, (LESS_THAN_ANY_FILE, resource.RLIM_INFINITY))


def free_disk(run: Started) -> None:
    psutil.Process(run.handle.pid).rlimit(psutil.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@linux
def test_a_disk_that_is_full_for_a_while_loses_nothing(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, 8))
    run.wait_for_intervals(2)
    fill_disk(run)
    time.sleep(2.5)
    during, problem = read_journal(run.path)
    assert problem is None
    free_disk(run)
    record = run.finish()
    assert record.status == "finished"
    assert record.whole_run.ok == record.whole_run.scheduled == 400
    lines, problem = read_journal(run.path)
    assert problem is None
    assert lines[: len(during)] == during
    assert [line.at_s for line in lines if isinstance(line, Interval)][:8] == [float(second) for second in range(8)]
    assert "refuses the journal" in run.events("disk")[0].detail


@linux
def test_a_disk_that_stays_full_leaves_the_seconds_before(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, 60))
    run.wait_for_intervals(2)
    fill_disk(run)
    run.signal(signal.SIGTERM)
    wait_until(lambda: not psutil.pid_exists(run.handle.pid), 15, "the end of the runner")
    assert not is_live(run.path)
    lines, problem = read_journal(run.path)
    assert problem is None
    assert sum(isinstance(line, Interval) for line in lines) >= 2
    [row] = [row for row in RunLibrary().list() if row.id == run.handle.run_id]
    assert row.problem == UNFINISHED
    record = recover(run.path)
    assert record.status == "interrupted"
    assert record.summary.total.counts.ok >= 100
    assert_conserved(record)


def test_twenty_viewers_and_one_that_does_not_read_change_no_number(demo: Demo, start: Starter) -> None:
    run = start(plan_for(demo.url, 3, 200))
    stop = threading.Event()
    seen: list[int] = []

    def follow() -> None:
        follower = JournalFollower(run.path)
        count = 0
        while not stop.wait(0.1):
            count += sum(isinstance(line, Interval) for line in follower.lines())
        seen.append(count + sum(isinstance(line, Interval) for line in follower.lines()))

    viewers = [threading.Thread(target=follow) for _ in range(20)]
    for viewer in viewers:
        viewer.start()
    idle = JournalFollower(run.path)
    record = run.finish()
    stop.set()
    for viewer in viewers:
        viewer.join()
    assert record.whole_run.scheduled == record.whole_run.ok == 600
    assert seen == [len(run.intervals())] * 20
    assert sum(isinstance(line, Interval) for line in idle.poll()) == seen[0]
