"""A run that is going on against its baseline, both as far as the run is.

One looks again whenever the run has grown by half. The chance to find a difference between equal runs is shared out
over all looks, so that it is what it is for finished runs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from msgspec import Struct

from perftui.analysis.changes import ALPHA
from perftui.analysis.comparison import compare
from perftui.analysis.saved_runs import alike
from perftui.metrics.timeline import KEEP, Timeline
from perftui.model.comparison import Comparison
from perftui.model.interval import Event, Interval
from perftui.model.journal import Header, JournalLine
from perftui.model.plan import Load
from perftui.model.record import Record
from perftui.store.journal import JournalFollower

FIRST_S = 10.0
"""After the warm-up, at the first look."""
GROWTH = 1.5
"""How much longer the run is at the next one."""
MOST_S = float(KEEP)
"""As far as runs are compared while they go on: seconds are kept one by one so long."""


class RunSoFar(Struct, frozen=True, kw_only=True):
    """What is known of a run at a moment."""

    header: Header
    intervals: Sequence[Interval]
    events: Sequence[Event] = ()

    def until(self, at_s: float) -> RunSoFar:
        """The same, as it was at an earlier moment."""
        return RunSoFar(
            header=self.header,
            intervals=[one for one in self.intervals if one.at_s + one.duration_s <= at_s + 1e-6],
            events=[event for event in self.events if event.at_s <= at_s],
        )


class SideSoFar(Struct, frozen=True, kw_only=True):
    """A run so far with its record, as comparisons want it."""

    record: Record
    intervals: Sequence[Interval]
    foreign_lacks: Sequence[str] = ()


class LiveComparison:
    """Compares a run with its baseline while it goes on. `look` takes a while: not on the loop that answers keys."""

    def __init__(self, baseline: RunSoFar, header: Header) -> None:
        self._baseline = baseline
        self._history = [
            record
            for record in alike(_side(RunSoFar(header=header, intervals=())).record)
            if record.id not in {baseline.header.id, header.id}
        ]
        self._alpha = ALPHA / len(looks(header.plan.load))

    def look(self, run: RunSoFar) -> Comparison:
        """Both sides up to the last second of the run.

        Raises:
            PerftuiError: they cannot be compared at all.
        """
        last = run.intervals[-1]
        at_s = last.at_s + last.duration_s
        sides = _side(self._baseline.until(at_s)), _side(run)
        return compare(sides[:1], sides[1:], history=self._history, alpha=self._alpha)


def looks(load: Load) -> list[float]:
    """Moments at which a run of this load is compared, in seconds of it."""
    most_s = max(1.0, min(load.duration_s, MOST_S - load.warmup_s))
    number = max(1, 1 + math.floor(math.log(most_s / FIRST_S, GROWTH))) if most_s >= FIRST_S else 1
    return [load.warmup_s + min(most_s, FIRST_S * GROWTH**place) for place in range(number)]


def read_start(path: Path) -> RunSoFar | None:
    """The start of a run as far as others are compared with it; None when it has none.

    Raises:
        UsageError: its journal cannot be read.
    """
    header: Header | None = None
    intervals: list[Interval] = []
    events: list[Event] = []
    with closing(JournalFollower(path).lines()) as lines:
        for line in lines:
            match line:
                case Header():
                    header = line
                case Event():
                    events.append(line)
                case Interval() if line.at_s >= MOST_S:
                    break
                case Interval():
                    intervals.append(line)
                case _:
                    pass
    return RunSoFar(header=header, intervals=intervals, events=events) if header and intervals else None


def _side(run: RunSoFar) -> SideSoFar:
    header = run.header
    timeline = Timeline(header.plan)
    lines: list[JournalLine] = [*run.intervals, *run.events]
    for line in lines:
        timeline.add(line)
    record = Record(
        id=header.id,
        label=header.label,
        status="running",
        started_at=header.started_at,
        steered=any(event.kind in {"level", "pause"} for event in run.events),
        plan=header.plan,
        environment=header.environment,
        trust=timeline.trust(),
        whole_run=timeline.whole_run(),
        summary=timeline.run(),
    )
    return SideSoFar(record=record, intervals=run.intervals)
