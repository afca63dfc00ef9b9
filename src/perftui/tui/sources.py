"""What the screens read and start, one function each. They block: call them in a thread.

Imports are inside the functions, so that the first paint waits for none of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from perftui.model.plan import Plan

if TYPE_CHECKING:
    from perftui.presets.catalog import PresetInfo
    from perftui.store.index import RunRow
    from perftui.tui.settings import Settings


def read_presets() -> tuple[PresetInfo, ...]:
    """Every preset: built in, of the working directory, of the user."""
    from perftui.presets.catalog import list_presets

    return tuple(list_presets())


class SavedRuns(Struct, frozen=True):
    """Every saved run, newest first, which of them are going on, and which are baselines."""

    rows: tuple[RunRow, ...] = ()
    live: frozenset[str] = frozenset()
    baselines: frozenset[str] = frozenset()


def read_runs() -> SavedRuns:
    """Every saved run.

    Raises:
        UsageError: the list of baselines is damaged.
    """
    from perftui.store.baselines import list_baselines
    from perftui.store.library import RunLibrary

    library = RunLibrary()
    rows = tuple(library.list())
    live = frozenset(row.id for row in rows if row.status == "running")
    return SavedRuns(rows, live, frozenset(baseline.run_id for baseline in list_baselines(library)))


def find_run(reference: str) -> Path:
    """The folder of a run: an id, a unique prefix, `latest` or a path.

    Raises:
        UsageError: there is none.
    """
    from perftui.store.library import RunLibrary

    return RunLibrary().find(reference)


def is_live(path: Path) -> bool:
    """Whether the run's processes are still there."""
    from perftui.store.liveness import is_live as is_held

    return is_held(path)


def plan_from_form(
    reference: str, url: str, overrides: Mapping[str, float | int], mode: str, cluster: str | None = None
) -> Plan:
    """The preset with the form's values.

    Raises:
        UsageError: with every mistake.
    """
    from perftui.presets.loading import load_plan
    from perftui.presets.overrides import Overrides

    level = overrides.get("level")
    workers = overrides.get("workers")
    return load_plan(
        reference,
        url or None,
        Overrides(
            rate=level if mode == "rate" else None,
            users=int(level) if level is not None and mode == "users" else None,
            duration_s=overrides.get("duration_s"),
            warmup_s=overrides.get("warmup_s"),
            workers=int(workers) if workers is not None else None,
            cluster=cluster,
        ),
    )


def find_counterpart(path: Path) -> Path:
    """What a run is compared with: its baseline, or else the finished run of the same preset and target before it.

    Raises:
        UsageError: there is neither.
    """
    from perftui.analysis.saved_runs import counterpart

    return counterpart(path)


def choose_baseline(run_id: str, *, force: bool) -> None:
    """Make a run the baseline of its preset and target.

    Raises:
        UsageError: it is not fit to be one, and `force` is not set.
    """
    from perftui.store.baselines import set_baseline

    set_baseline(run_id, force=force)


def forget_baseline(run_id: str) -> None:
    """The run is no longer a baseline."""
    from perftui.store.baselines import clear_baseline

    clear_baseline(run_id=run_id)


def delete_run(run_id: str) -> None:
    """Delete a run's folder.

    Raises:
        UsageError: it is live, or cannot be deleted.
    """
    from perftui.store.library import RunLibrary

    library = RunLibrary()
    library.delete(library.root / run_id)


def recover_run(path: Path) -> None:
    """Complete an unfinished run from its journal.

    Raises:
        UsageError: the journal cannot be read.
    """
    from perftui.analysis.recovery import recover

    recover(path)


def read_settings() -> tuple[Settings, tuple[str, ...]]:
    """The user's settings and what is wrong with them."""
    from perftui.presets.locations import config_directory
    from perftui.tui.settings import load_settings

    return load_settings(config_directory())


def write_settings(settings: Settings) -> Path:
    """Save the user's settings.

    Raises:
        OSError: the directory cannot be written.
    """
    from perftui.presets.locations import config_directory
    from perftui.tui.settings import save_settings

    return save_settings(config_directory(), settings)


def prune_runs(keep: int, older_than_days: float) -> int:
    """Delete old runs as the settings say, never baselines; how many went.

    Raises:
        UsageError: a run cannot be deleted.
    """
    from perftui.store.baselines import list_baselines
    from perftui.store.library import RunLibrary

    protected = [baseline.run_id for baseline in list_baselines()]
    library = RunLibrary()
    old = library.old_runs(keep or None, older_than_days * 86400 or None, protected=protected)
    return len([library.delete(row.path) for row in old])
