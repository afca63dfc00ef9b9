"""Which runs a command is about: references, rounds, baselines, earlier runs of the same kind."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from perftui.cli.failures import tell
from perftui.model.comparison import Comparison
from perftui.model.errors import UsageError
from perftui.model.journal import Header
from perftui.model.plan import Plan
from perftui.model.record import Record
from perftui.model.text import safe_text
from perftui.store.index import RunRow
from perftui.store.journal import read_journal
from perftui.store.library import RunLibrary
from perftui.store.liveness import is_live
from perftui.store.loading import LoadedRun, load_folder, load_run, loaded
from perftui.store.records import read_record

CHOSEN = "chosen"
"""As a reference: the baseline that `perftui baseline set` chose for the preset and target."""
_MOST_HISTORY = 20


def open_run(reference: str) -> LoadedRun:
    """A saved run, or the result file of another tool. An unfinished run is completed; of a live one, what it has.

    Raises:
        UsageError: there is no such run or file, or it is damaged.
    """
    path = RunLibrary().find(reference)
    if path.is_dir():
        return _open_folder(path)
    try:
        return load_run(reference)
    except UsageError:
        from perftui.store import foreign

        return foreign.read(path)


def _open_folder(path: Path) -> LoadedRun:
    from perftui.analysis.recovery import recover_if_unfinished

    if is_live(path):
        tell(f"{path.name} is still running: this is what it has so far")
        return _so_far(path)
    if recover_if_unfinished(path):
        tell(f"{path.name} was unfinished: completed from its journal")
    return load_folder(path)


def _so_far(path: Path) -> LoadedRun:
    from perftui.analysis.record import complete_record
    from perftui.metrics.timeline import Timeline

    lines, problem = read_journal(path)
    header = next((line for line in lines if isinstance(line, Header)), None)
    if header is None:
        raise UsageError(f"{path.name}: has only just begun; try again in a second")
    timeline = Timeline(header.plan)
    for line in lines:
        timeline.add(line)
    record = replace(complete_record(header, timeline, None), status="running", status_detail="", ended_at="")
    return loaded(record, lines, path, problem)


def load_rounds(reference: str) -> list[LoadedRun]:
    """The run behind a reference, with the other rounds of the same command.

    Raises:
        UsageError: there is no such run, or one of its rounds is damaged.
    """
    first = open_run(reference)
    group = first.record.rounds_of
    if not group or not first.path.is_dir():
        return [first]
    rows = [row for row in RunLibrary(first.path.absolute().parent).list() if row.rounds_of == group]
    runs = [first if row.id == first.record.id else load_run(str(row.path)) for row in rows]
    return sorted(runs, key=lambda run: run.record.round)


def chosen_baseline(reference: str, plan: Plan) -> list[LoadedRun]:
    """The baseline of a run, its rounds included; empty when none was asked for.

    Raises:
        UsageError: it does not exist, or none was chosen.
    """
    if not reference:
        return []
    if reference == CHOSEN:
        from perftui.store.baselines import get_baseline

        found = get_baseline(plan)
        if found is None:
            raise UsageError(
                f"--baseline {CHOSEN}: no baseline is set for {plan.name} at {plan.target.url}; "
                "set one with `perftui baseline set RUN`"
            )
        reference = found
    return load_rounds(reference)


def compare_runs(
    baseline: Sequence[LoadedRun], runs: Sequence[LoadedRun], threshold: float, *, force: bool = False
) -> Comparison:
    """The comparison of two sets of rounds; earlier runs of the same kind say how much such runs vary."""
    from perftui.analysis.comparison import compare

    compared = {run.record.id for run in (*baseline, *runs)}
    history = [record for record in _alike(runs[0].record) if record.id not in compared]
    found = compare(baseline, runs, threshold=threshold, force=force, history=history)
    if found.verdict != "not_comparable" or found.metrics:
        return found
    # the numbers side by side are still worth a look; verdicts on them are not
    forced = compare(baseline, runs, threshold=threshold, force=True, history=history)
    metrics = [replace(change, verdict="not_comparable", gated=False, reason="") for change in forced.metrics]
    return replace(found, metrics=tuple(metrics))


def _alike(record: Record) -> list[Record]:
    """The newest saved runs that can be compared with this one."""
    from perftui.analysis.comparability import key_hash

    key = key_hash(record)
    rows = [row for row in RunLibrary().list() if _has_ended_well(row) and row.preset == record.plan.name]
    records = [read_record(row.path) for row in rows[:_MOST_HISTORY]]
    return [other for other in records if key_hash(other) == key]


def _has_ended_well(row: RunRow) -> bool:
    return row.status == "finished" and row.trust != "invalid" and not row.steered


def trend_records(preset: str, url: str | None, newest: int) -> list[Record]:
    """The newest runs of a preset, newest first.

    Raises:
        UsageError: there are none.
    """
    rows = [row for row in RunLibrary().list() if row.preset == preset and url in {None, row.url} and not row.problem]
    rows = [row for row in rows if row.status != "running"][:newest]
    if not rows:
        raise UsageError(f"there are no saved runs of {safe_text(preset, 60)!r}; `perftui runs` lists what there is")
    return [read_record(row.path) for row in rows]
