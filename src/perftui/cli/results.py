"""Which runs a command is about: references, baselines, runs of a trend."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from perftui.cli.failures import tell
from perftui.cli.wanted import Wanted
from perftui.model.errors import UsageError
from perftui.model.journal import JournalLine
from perftui.model.plan import Plan
from perftui.model.record import Record
from perftui.model.text import safe_text
from perftui.presets.one_request import identity_of
from perftui.presets.urls import full_url, is_url
from perftui.store.journal import JournalFollower
from perftui.store.library import RunLibrary
from perftui.store.liveness import is_live
from perftui.store.loading import LoadedRun, load_folder, load_run, loaded
from perftui.store.records import read_record

_HEAD_BYTES = 200
CHOSEN = "chosen"
"""As a reference: the baseline that `perftui baseline set` chose for the preset and target."""


def open_run(reference: str, *, in_full: bool = True) -> LoadedRun:
    """A saved or exported run. An unfinished one is completed; of a live one, what it has.

    Args:
        reference: the run.
        in_full: every second of it; else a long run comes in blocks of some minutes.

    Raises:
        UsageError: there is no such run or file, or it is damaged.
    """
    path = RunLibrary().find(reference)
    if path.is_dir():
        return _open_folder(path, in_full=in_full)
    try:
        return load_run(reference)
    except UsageError as error:
        if _is_export(path):
            raise
        problem = "not an exported run; results of other tools can be one side of `perftui compare`"
        raise UsageError(f"{safe_text(str(path))}: {problem}") from error


def open_side(reference: str) -> LoadedRun:
    """One side of a comparison: a run, or the result file of another tool.

    Such a result is no run: shown as one, what its tool does not tell would stand there as nought.

    Raises:
        UsageError: there is no such run or file, or it is damaged.
    """
    try:
        return open_run(reference)
    except UsageError:
        path = RunLibrary().find(reference)
        if path.is_dir() or _is_export(path):
            raise
        from perftui.store import foreign

        return foreign.read(path)


def _is_export(path: Path) -> bool:
    """Whether a file begins as our exports do, damaged or not; one that cannot be read might."""
    try:
        if not path.is_file():  # a pipe would hold us up
            return True
        with path.open("rb") as file:
            return b"schema" in file.read(_HEAD_BYTES).replace(b"\0", b"")  # also in UTF-16, which is told then
    except OSError:
        return True


def _open_folder(path: Path, *, in_full: bool) -> LoadedRun:
    from perftui.analysis.recovery import recover_if_unfinished

    if is_live(path):
        tell(f"{path.name} is still running: this is what it has so far")
        return _so_far(path, in_full=in_full)
    if recover_if_unfinished(path):
        tell(f"{path.name} was unfinished: completed from its journal")
    return load_folder(path, in_full=in_full)


def _so_far(path: Path, *, in_full: bool) -> LoadedRun:
    from perftui.analysis.record import complete_record
    from perftui.metrics.timeline import Timeline

    journal, timeline = JournalFollower(path), Timeline()
    lines: list[JournalLine] = []
    for line in journal.lines():
        timeline.add(line)
        if in_full:
            lines.append(line)
    if timeline.header is None:
        raise UsageError(f"{path.name}: has only just begun; try again in a second")
    record = replace(complete_record(timeline.header, timeline, None), status="running", status_detail="", ended_at="")
    return loaded(record, lines if in_full else timeline.decimated(), path, journal.problem)


def chosen_baseline(reference: str, plan: Plan) -> list[LoadedRun]:
    """The baseline of a run, its rounds included; empty when none was asked for.

    Raises:
        UsageError: it does not exist, or none was chosen.
    """
    if not reference:
        return []
    from perftui.analysis.saved_runs import with_rounds

    if reference == CHOSEN:
        from perftui.store.baselines import get_baseline

        found = get_baseline(plan)
        if found is None:
            raise UsageError(
                f"--baseline {CHOSEN}: no baseline is set for {plan.name} at {plan.where}; "
                "set one with `perftui baseline set RUN`"
            )
        reference = found
    return with_rounds(open_side(reference))


def baseline_of(wanted: Wanted) -> list[LoadedRun]:
    """The baseline that a run command was asked for. With --warn-only, one that is not there is said and done without.

    Raises:
        UsageError: as chosen_baseline.
    """
    try:
        return chosen_baseline(wanted.baseline, wanted.plan)
    except UsageError as error:
        if not wanted.warn_only:
            raise
        for problem in error.problems:
            tell(problem)
        tell(f"--warn-only: goes on without a comparison instead of exit {int(error.exit_code)}")
        return []


def trend_records(preset: str | None, url: str | None, newest: int) -> list[Record]:
    """The newest runs of a preset, newest first.

    Args:
        preset: its name; a URL means its own runs; None the preset and target of the newest run.
        url: only runs of this target.
        newest: so many at most.

    Raises:
        UsageError: there are none.
    """
    ended = [row for row in RunLibrary().list() if row.status != "running" and not row.problem]
    if preset is None:
        if not ended:
            raise UsageError("there are no saved runs yet; make one with `perftui run`")
        preset, url = ended[0].preset, ended[0].url
    elif is_url(preset):
        preset, url = identity_of(preset)
    target = None if url is None else full_url(url)
    rows = [row for row in ended if row.preset == preset and target in {None, row.url}][:newest]
    if not rows:
        raise UsageError(f"there are no saved runs of {safe_text(preset, 60)!r}; `perftui runs` lists what there is")
    return [read_record(row.path) for row in rows]
