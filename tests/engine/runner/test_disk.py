"""A disk that fills up under a real runner, and viewers that crowd around it."""

from __future__ import annotations

import resource
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from perftui.analysis.recovery import recover
from perftui.demo.server import Demo
from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.interval import Event, Interval
from perftui.model.journal import End, Header, JournalLine
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.model.record import Record
from perftui.store.index import UNFINISHED
from perftui.store.journal import JOURNAL_NAME, JournalFollower, read_journal
from perftui.store.library import RunFolder, RunLibrary
from perftui.store.liveness import is_live
from perftui.store.records import read_record
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


@pytest.mark.slow
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


@pytest.mark.slow
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


def run_disturbed(
    url: str, disturb: Callable[[Path], None], *, at_end: bool = False
) -> tuple[Record, RunFolder, list[str]]:
    """A run of three seconds whose folder somebody meddles with after the first, or while its record is made."""
    folders: list[RunFolder] = []
    said: list[str] = []
    seconds = 0

    def on_line(line: JournalLine) -> None:
        nonlocal seconds
        if isinstance(line, Interval):
            seconds += 1
            if seconds == 1 and not at_end:
                disturb(folders[0].path)
        elif isinstance(line, End) and at_end:
            disturb(folders[0].path)
        elif isinstance(line, Event) and line.kind == "disk":
            said.append(line.detail)

    record = run_plan(RunRequest(plan=plan_for(url, 3)), on_line=on_line, on_started=folders.append)
    return record, folders[0], said


def assert_whole(record: Record) -> None:
    """The run is in the library, with every second, and nothing is missing in its record."""
    path = RunLibrary().find(record.id)
    lines, problem = read_journal(path)
    assert problem is None
    assert isinstance(lines[0], Header)
    assert (
        sum(cells["read"].counts.ok for line in lines if isinstance(line, Interval) for cells in line.cells.values())
        == 150
    )
    assert isinstance(lines[-1], End)
    assert read_record(path) == record
    assert record.whole_run.ok == record.whole_run.scheduled == 150


def test_a_run_whose_folder_is_removed_is_saved_whole(demo: Demo, empty_home: Path) -> None:
    record, folder, _ = run_disturbed(demo.url, shutil.rmtree)
    assert record.id == folder.id
    assert_whole(record)


def test_a_run_whose_folders_are_all_removed_is_saved_whole(demo: Demo, empty_home: Path) -> None:
    record, _, _ = run_disturbed(demo.url, lambda path: shutil.rmtree(path.parent.parent))
    assert_whole(record)


def test_a_run_whose_journal_is_removed_is_saved_whole(demo: Demo, empty_home: Path) -> None:
    record, folder, _ = run_disturbed(demo.url, lambda path: (path / JOURNAL_NAME).unlink())
    assert record.id == folder.id
    assert_whole(record)


def test_a_run_whose_folder_becomes_a_link_goes_on_in_a_new_one(demo: Demo, empty_home: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def disturb(path: Path) -> None:
        path.rename(tmp_path / "taken")
        path.symlink_to(elsewhere)

    record, folder, said = run_disturbed(demo.url, disturb)
    assert record.id != folder.id
    assert list(elsewhere.iterdir()) == []
    assert said == [f"the run's folder was removed or replaced; it goes on in {RunLibrary().find(record.id)}"]
    assert_whole(record)


def test_a_run_whose_folder_is_removed_at_the_last_moment_is_saved_whole(demo: Demo, empty_home: Path) -> None:
    record, folder, _ = run_disturbed(demo.url, shutil.rmtree, at_end=True)
    assert record.id == folder.id
    assert_whole(record)


def test_a_run_whose_folder_becomes_a_link_at_the_last_moment_is_saved_beside_it(
    demo: Demo, empty_home: Path, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def disturb(path: Path) -> None:
        path.rename(tmp_path / "taken")
        path.symlink_to(elsewhere)

    record, folder, said = run_disturbed(demo.url, disturb, at_end=True)
    assert record.id != folder.id
    assert list(elsewhere.iterdir()) == []
    assert said == [f"the run's folder was removed or replaced; it is in {RunLibrary().find(record.id)}"]
    assert_whole(record)


def test_a_run_that_has_no_place_left_says_so(demo: Demo, empty_home: Path) -> None:
    def disturb(path: Path) -> None:
        shutil.rmtree(path)
        path.parent.rmdir()
        path.parent.write_text("in the way", encoding="utf-8")

    record, _, said = run_disturbed(demo.url, disturb)
    assert record.whole_run.ok == record.whole_run.scheduled == 150
    assert "no other could be made" in said[0]
    assert any("the record was not saved" in line for line in said)
