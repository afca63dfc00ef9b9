"""One run of a series: made, read back, and left or removed."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from perftui.engine.runner.request import RunRequest
from perftui.engine.runner.run import Runs
from perftui.model.errors import PerftuiError
from perftui.model.journal import JournalLine
from perftui.model.plan import Objective, Plan, Stage
from perftui.model.record import Record
from perftui.store.library import RunFolder, RunLibrary
from perftui.store.loading import LoadedRun, load_made

FEWEST_S = 0.5
"""A stretch that is shorter than that says nothing about a second."""

OnLine = Callable[[JournalLine], None]


class SeriesEndedError(PerftuiError):
    """A run of the series was ended by somebody: so is the series."""

    def __init__(self, record: Record) -> None:
        super().__init__(f"ended at {record.id}: {record.status_detail or record.status}")
        self.record = record


class Made(Struct, frozen=True):
    """A run that has ended, and where it is kept."""

    record: Record
    run: LoadedRun

    def remove(self) -> None:
        """Delete it: only what it said is kept."""
        library = RunLibrary()
        library.delete(library.root / self.record.id)


def make(runs: Runs, request: RunRequest, on_line: OnLine | None = None) -> Made:
    """Execute one run of a series.

    Args:
        runs: of the series.
        request: what this one does.
        on_line: called with every journal line as it is written.

    Raises:
        PerftuiError: it could not start.
        SeriesEndedError: somebody ended it.
    """
    folders: list[RunFolder] = []
    record = runs.run(request, on_line=on_line, on_started=folders.append)
    ended_by_itself = record.status == "finished" or record.ended_by_objective or record.stopped_by_guard
    if not ended_by_itself:
        raise SeriesEndedError(record)
    return Made(record, load_made(record, folders[0].path))


def at_level(plan: Plan, level: float, seconds: float, objectives: tuple[Objective, ...]) -> Plan:
    """The plan, held at one level."""
    load = replace(plan.load, start_level=level, stages=(Stage(duration_s=seconds, to=level),), max_requests=0)
    return replace(plan, load=load, objectives=objectives)
