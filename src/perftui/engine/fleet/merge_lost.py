"""What a lost worker leaves behind: requests in flight, and its share of the schedule, which nobody sends."""

from __future__ import annotations

from itertools import pairwise

from perftui.engine.fleet.messages import Frame
from perftui.engine.load.mix import Split
from perftui.engine.load.schedule import Schedule
from perftui.model.interval import Cell, Counts
from perftui.model.plan import Phase, Plan

Cells = dict[Phase, dict[str, Cell]]
LOST_CLASS = "dropped.worker_lost"


class Ledger:
    """What one worker has reported so far: how many requests were due, and how many of them have an outcome."""

    def __init__(self) -> None:
        self._outstanding: dict[tuple[Phase, str], int] = {}
        self.scheduled = 0
        """Requests that were due."""
        self.until_s = 0.0
        """Seconds since the origin up to which it has reported."""

    def add(self, frame: Frame, origin_ns: int) -> None:
        """Count a frame."""
        self.until_s = max(0.0, (frame.end_ns - origin_ns) / 1e9)
        for phase, operations in frame.cells.items():
            for operation, cell in operations.items():
                key = (phase, operation)
                change = cell.counts.scheduled - cell.counts.finished
                self._outstanding[key] = self._outstanding.get(key, 0) + change
                self.scheduled += cell.counts.scheduled

    @property
    def cancelled(self) -> Cells:
        """Cells that give every request without an outcome one: cancelled."""
        cells: Cells = {}
        for (phase, operation), count in self._outstanding.items():
            if count:
                cells.setdefault(phase, {})[operation] = Cell(counts=Counts(cancelled=count))
        return cells


class LostShare:
    """The arrivals that a lost worker would have had, as dropped requests of the operations by their weights."""

    def __init__(self, plan: Plan, schedule: Schedule, worker: int, workers: int, ledger: Ledger) -> None:
        """Start where the worker was last heard.

        Args:
            plan: what is executed.
            schedule: of the whole run, with all commands so far.
            worker: its number.
            workers: how many there were.
            ledger: what it reported itself.
        """
        self._schedule = schedule
        self._worker = worker
        self._workers = workers
        self._at_s = ledger.until_s
        # every arrival is one request, and the schedule says which are whose: exact, also for a frame cut in a second
        self._is_exact = schedule.load.arrivals == "uniform" and not plan.journeys
        self._counted = ledger.scheduled
        self._due = 0.0
        weights = [(operation.name, operation.weight) for operation in plan.operations]
        weights += [(journey.steps[0].name, journey.weight) for journey in plan.journeys]
        self._names = [name for name, _ in weights]
        self._split = Split([weight for _, weight in weights])

    def until(self, at_s: float) -> Cells:
        """The cells of what was due since the last call. In users mode nothing was due: fewer users are left."""
        if self._schedule.load.mode == "users" or at_s <= self._at_s:
            return {}
        cells: Cells = {}
        start_s, self._at_s = self._at_s, at_s
        for phase, begin_s, end_s in self._spans(start_s, at_s):
            count = self._count(begin_s, end_s)
            parts: dict[str, int] = {}
            for name, part in zip(self._names, self._split.of(count), strict=True):
                parts[name] = parts.get(name, 0) + part
            operations = {name: _dropped(part) for name, part in parts.items() if part}
            if operations:
                cells.setdefault(phase, {}).update(operations)
        return cells

    def _spans(self, start_s: float, end_s: float) -> list[tuple[Phase, float, float]]:
        cuts = [at_ns / 1e9 for at_ns, _ in self._schedule.phase_changes_ns() if start_s < at_ns / 1e9 < end_s]
        edges = [start_s, *cuts, end_s]
        return [(self._schedule.phase_at(a), a, b) for a, b in pairwise(edges)]

    def _count(self, start_s: float, end_s: float) -> int:
        if self._is_exact:
            count = max(0, self._own(self._schedule.count_until(end_s)) - self._counted)
            self._counted += count
            return count
        due = self._schedule.arrivals_until(end_s) - self._schedule.arrivals_until(start_s)
        self._due += due / self._workers
        count = int(self._due)
        self._due -= count
        return count

    def _own(self, arrivals: int) -> int:
        """How many of the first `arrivals` indices belong to the worker (worker, worker + workers, ...)."""
        return max(0, -(-(arrivals - self._worker) // self._workers))


def _dropped(count: int) -> Cell:
    return Cell(counts=Counts(scheduled=count, dropped=count), error_classes={LOST_CLASS: count})
