"""Runs over a cluster in this process, with their lines, and something that happens after their first second."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from perftui.engine.runner.run import RunRequest, run_plan
from perftui.model.interval import Event, Interval
from perftui.model.journal import JournalLine
from perftui.model.plan import Plan
from perftui.model.record import Record
from support.conservation import assert_conserved
from support.load_worker import make_plan


def cluster_plan(url: str, cluster: str, *, rate: float = 200, duration_s: float = 1.0, workers: int = 1) -> Plan:
    """GETs of a URL at a rate, from there."""
    plan = make_plan(url, rate=rate, duration_s=duration_s)
    return msgspec.structs.replace(plan, load=msgspec.structs.replace(plan.load, cluster=cluster, workers=workers))


class WatchedRun:
    """A run, its lines, and what is done when its first second is in."""

    def __init__(self, plan: Plan, then: Callable[[], object] = lambda: None) -> None:
        self.lines: list[JournalLine] = []
        self._then = then
        self.record: Record = run_plan(RunRequest(plan=plan), on_line=self._on_line)
        assert_conserved(self.record)

    def _on_line(self, line: JournalLine) -> None:
        self.lines.append(line)
        if isinstance(line, Interval) and len(self.intervals) == 1:
            self._then()

    @property
    def intervals(self) -> list[Interval]:
        """Its seconds."""
        return [line for line in self.lines if isinstance(line, Interval)]

    def events(self, kind: str) -> list[Event]:
        """What happened of that kind."""
        return [line for line in self.lines if isinstance(line, Event) and line.kind == kind]
