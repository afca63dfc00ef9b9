"""Runs in detached runners: the real processes, their journal, and what a test does to them."""

from __future__ import annotations

import contextlib
import os
import signal
from dataclasses import dataclass
from pathlib import Path

import anyio
import psutil

from perftui.engine.runner.launch import RunHandle, start_runner
from perftui.engine.runner.request import RunRequest
from perftui.model.interval import Event, Interval
from perftui.model.journal import JournalLine
from perftui.model.plan import Plan
from perftui.model.record import Record
from perftui.store.journal import read_journal
from perftui.store.liveness import is_live
from perftui.store.records import read_record
from support.conservation import assert_conserved
from support.waiting import wait_until


@dataclass(frozen=True)
class Started:
    """A run in a detached runner, as a test sees it."""

    handle: RunHandle

    @property
    def path(self) -> Path:
        return self.handle.path

    @property
    def runner(self) -> psutil.Process:
        return psutil.Process(self.handle.pid)

    def workers(self) -> list[psutil.Process]:
        return sorted(self.runner.children(), key=lambda process: process.pid)

    def signal(self, number: signal.Signals) -> None:
        os.kill(self.handle.pid, number)

    def lines(self) -> list[JournalLine]:
        return read_journal(self.path)[0]

    def intervals(self) -> list[Interval]:
        return [line for line in self.lines() if isinstance(line, Interval)]

    def events(self, kind: str = "") -> list[Event]:
        return [line for line in self.lines() if isinstance(line, Event) and kind in {"", line.kind}]

    def wait_for_intervals(self, count: int) -> None:
        wait_until(lambda: len(self.intervals()) >= count, count + 40, f"{count} intervals")

    def wait_for_event(self, kind: str, timeout_s: float = 15) -> Event:
        wait_until(lambda: bool(self.events(kind)), timeout_s, f"the event {kind}")
        return self.events(kind)[0]

    def finish(self, timeout_s: float = 30) -> Record:
        """Wait for the end; the record, conserved."""
        wait_until(lambda: not is_live(self.path) and not psutil.pid_exists(self.handle.pid), timeout_s, "the end")
        record = read_record(self.path)
        assert_conserved(record)
        return record


class Starter:
    """Starts runs, and ends those that a test leaves behind."""

    def __init__(self) -> None:
        self.started: list[Started] = []

    def __call__(self, plan: Plan) -> Started:
        run = Started(anyio.run(start_runner, RunRequest(plan=plan)))
        self.started.append(run)
        return run

    def end_all(self) -> None:
        """Kill what is still running."""
        for run in self.started:
            with contextlib.suppress(psutil.NoSuchProcess):
                if is_live(run.path):
                    for process in [*run.runner.children(), run.runner]:
                        process.kill()
