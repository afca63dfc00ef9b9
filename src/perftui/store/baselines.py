"""Which run others are compared with: chosen explicitly, one per preset and target."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.model.record import Record
from perftui.store.files import make_private_directory, read_limited, write_atomic
from perftui.store.index import run_names
from perftui.store.library import RunLibrary
from perftui.store.records import read_record
from perftui.store.safe_reading import safe_json

BASELINES_NAME = "baselines.json"
_MOST_BYTES = 16 * 1024 * 1024


class Baseline(Struct, frozen=True, kw_only=True):
    """A chosen run and what it is the baseline of."""

    preset: str
    url: str
    run_id: str


class _Chosen(Struct, frozen=True, kw_only=True):
    schema: int = 1
    baselines: tuple[Baseline, ...] = ()


def set_baseline(reference: str, *, force: bool = False, library: RunLibrary | None = None) -> Baseline:
    """Choose a run as the baseline of its preset and target.

    Args:
        reference: the run.
        force: take it although it was steered by hand or stopped early.
        library: the runs; None: the user's own.

    Raises:
        UsageError: there is no such run, or it must not be a baseline.
    """
    runs = library or RunLibrary()
    path = runs.find_own(reference)
    record = read_record(path)
    problems = _unfit(record)
    if record.status == "running":
        raise UsageError(f"{path.name}: is still running")
    if problems and not force:
        raise UsageError(
            *(f"{path.name}: {problem}; --force takes it as a baseline all the same" for problem in problems)
        )
    # the folder's name: a copy of a run says the id of the original in its record
    chosen = Baseline(preset=record.plan.name, url=record.plan.where, run_id=path.name)
    others = [other for other in list_baselines(runs) if (other.preset, other.url) != (chosen.preset, chosen.url)]
    _save(runs, [*others, chosen])
    return chosen


def get_baseline(plan: Plan, library: RunLibrary | None = None) -> str | None:
    """The id of the baseline for this plan's preset and target, if one is set and still there.

    Raises:
        UsageError: the list of baselines is damaged.
    """
    runs = library or RunLibrary()
    for baseline in list_baselines(runs):
        if (baseline.preset, baseline.url) == (plan.name, plan.where):
            return baseline.run_id if baseline.run_id in run_names(runs.root) else None
    return None


def clear_baseline(
    preset: str | None = None, library: RunLibrary | None = None, *, run_id: str | None = None
) -> list[Baseline]:
    """Forget the baselines of a preset, those that are a run, or all of them, and say which.

    Args:
        preset: only its baselines; None: of any preset.
        library: the runs; None: the user's own.
        run_id: only where this run is the baseline; None: any run.

    Raises:
        UsageError: the list of baselines is damaged.
    """
    runs = library or RunLibrary()
    every = list_baselines(runs)
    gone = [baseline for baseline in every if preset in {None, baseline.preset} and run_id in {None, baseline.run_id}]
    if gone:
        _save(runs, [baseline for baseline in every if baseline not in gone])
    return gone


def list_baselines(library: RunLibrary | None = None) -> list[Baseline]:
    """Every chosen baseline.

    Raises:
        UsageError: the list is damaged.
    """
    file = _file(library or RunLibrary())
    if not file.exists():
        return []
    try:
        return list(msgspec.json.decode(safe_json(read_limited(file, _MOST_BYTES)), type=_Chosen).baselines)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{file}: damaged ({error}); delete it and set the baselines again") from error


def _file(library: RunLibrary) -> Path:
    return library.root.parent / BASELINES_NAME


def _save(library: RunLibrary, baselines: list[Baseline]) -> None:
    make_private_directory(library.root)
    try:
        write_atomic(_file(library), msgspec.json.encode(_Chosen(baselines=tuple(baselines))))
    except OSError as error:
        raise UsageError(f"{_file(library)}: cannot be written: {error.strerror}") from error


def _unfit(record: Record) -> list[str]:
    problems = []
    if record.steered:
        problems.append("was steered by hand")
    if record.status != "finished":
        problems.append(f"did not run to its end ({record.status})")
    if record.trust.verdict == "invalid":
        problems.append("is invalid: the generator itself did not keep up")
    return problems
