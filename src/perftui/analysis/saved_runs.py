"""Saved runs compared: each with the other rounds of its command; earlier runs of its kind say how much such runs vary.

The command and the app both compare through here, so that they come to the same verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from msgspec.structs import replace

from perftui.analysis.comparability import key_hash
from perftui.analysis.comparison import compare
from perftui.model.comparison import Comparison
from perftui.model.errors import UsageError
from perftui.model.record import Record
from perftui.store.baselines import get_baseline
from perftui.store.index import RunRow
from perftui.store.library import RunLibrary
from perftui.store.loading import LoadedRun, load_run
from perftui.store.records import read_record

_MOST_HISTORY = 20


def sides(baseline: LoadedRun, run: LoadedRun) -> tuple[list[LoadedRun], list[LoadedRun]]:
    """Both runs with the other rounds of their commands; two rounds of one command stand for themselves.

    Raises:
        UsageError: one of the other rounds is damaged.
    """
    group = baseline.record.rounds_of
    if group and group == run.record.rounds_of:
        return [baseline], [run]
    return with_rounds(baseline), with_rounds(run)


def counterpart(path: Path) -> Path:
    """What a run is compared with: its baseline, else the run of the same preset and target before it.

    A preset that is new, such as one that was made from a run, is compared with a run of the same requests.

    Raises:
        UsageError: there is neither.
    """
    library = RunLibrary()
    record = read_record(path)
    plan = record.plan
    baseline = get_baseline(plan)
    if baseline is not None and baseline != path.name:
        return library.find(baseline)
    rows = library.list()
    own = next((position for position, row in enumerate(rows) if row.id == path.name), len(rows))
    earlier = [
        row
        for row in rows[own + 1 :]
        if row.url == plan.where
        and row.status in {"finished", "stopped"}
        # another round of the same command is none
        and not (record.rounds_of and row.rounds_of == record.rounds_of)
    ]
    for row in earlier:
        if row.preset == plan.name:
            return row.path
    for row in earlier[:_MOST_HISTORY]:
        if read_record(row.path).plan.counted_operations == plan.counted_operations:
            return row.path
    raise UsageError(
        f"nothing to compare {path.name} with: no baseline is set, "
        f"and no earlier run of {plan.name} on {plan.where} is saved"
    )


def with_rounds(run: LoadedRun) -> list[LoadedRun]:
    """The run with the other rounds of the same command, in their order.

    Raises:
        UsageError: one of them is damaged.
    """
    group = run.record.rounds_of
    if not group or not run.path.is_dir():
        return [run]
    rows = [row for row in RunLibrary(run.path.absolute().parent).list() if row.rounds_of == group]
    runs = [run if row.id == run.record.id else load_run(str(row.path)) for row in rows]
    return sorted(runs, key=lambda run: run.record.round)


def compare_saved(
    baseline: Sequence[LoadedRun], runs: Sequence[LoadedRun], *, threshold: float = 0.2, force: bool = False
) -> Comparison:
    """The comparison of two sets of rounds; earlier runs of the same kind say how much such runs vary.

    What is not comparable is shown side by side all the same, with verdicts only when `force` asks for them.
    """
    compared = {run.record.id for run in (*baseline, *runs)}
    history = [record for record in alike(runs[0].record) if record.id not in compared]
    found = compare(baseline, runs, threshold=threshold, force=True, history=history)
    if found.verdict != "not_comparable" or force:
        return found
    metrics = [replace(change, verdict="not_comparable", gated=False, reason="") for change in found.metrics]
    return replace(found, metrics=tuple(metrics))


def alike(record: Record) -> list[Record]:
    """The newest saved runs that can be compared with this one."""
    key = key_hash(record)
    rows = [row for row in RunLibrary().list() if _has_ended_well(row) and row.preset == record.plan.name]
    records = [read_record(row.path) for row in rows[:_MOST_HISTORY]]
    return [other for other in records if key_hash(other) == key]


def _has_ended_well(row: RunRow) -> bool:
    return row.status == "finished" and row.trust != "invalid" and not row.steered
