"""All saved runs of the user: create, list, find, delete, prune.

A reference with a slash is a path and means that very folder or file. Any other is a name: an id, or a unique prefix of
one. What changes a run (delete, baseline, ctl) takes only runs of this library.
"""

from __future__ import annotations

import builtins
import os
import re
import secrets
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from msgspec import Struct

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.store.files import check_private_directory, make_private_directory
from perftui.store.index import RunIndex, RunRow, run_names
from perftui.store.journal import JOURNAL_NAME
from perftui.store.liveness import is_live
from perftui.store.paths import runs_directory
from perftui.store.records import RECORD_NAME

_ATTEMPTS = 20


class RunFolder(Struct, frozen=True, kw_only=True):
    """Where one run lives."""

    id: str
    path: Path


class RunLibrary:
    """The folder of runs."""

    def __init__(self, root: Path | None = None) -> None:
        """Use a folder of runs.

        Args:
            root: the folder; None: the user's own.
        """
        self.root = root if root is not None else runs_directory()

    def create(self, plan_name: str, run_id: str = "") -> RunFolder:
        """Make the folder of a new run. Two runs never share one: a taken id is not used again.

        Args:
            plan_name: becomes part of the id.
            run_id: an id to prefer; empty: made from the time and the name.

        Raises:
            UsageError: the folder cannot be made.
        """
        make_private_directory(self.root)
        for attempt in range(_ATTEMPTS):
            chosen = run_id if run_id and attempt == 0 else new_run_id(plan_name)
            path = self.root / chosen
            try:
                path.mkdir(mode=0o700)
            except FileExistsError:
                continue
            except OSError as error:
                raise UsageError(f"{path}: cannot be made: {error.strerror}") from error
            path.chmod(0o700)
            return RunFolder(id=chosen, path=path)
        raise UsageError(f"{self.root}: no free run id was found in {_ATTEMPTS} attempts")

    def list(self) -> list[RunRow]:
        """Every run, newest first. A run that cannot be read is a row with a problem, never an exception."""
        rows = RunIndex(self.root).rows()
        return sorted(rows, key=lambda row: (row.started_at, row.id), reverse=True)

    def find(self, reference: str) -> Path:
        """The folder of a run, given as id, unique prefix, `latest`, or a path (of an exported file, too).

        Raises:
            UsageError: there is no such run, or several.
        """
        if _is_path(reference):
            return _of_path(reference)
        ids = run_names(self.root)
        if reference == "latest":
            newest = self.list()
            if not newest:
                raise UsageError("there are no saved runs yet; make one with `perftui run`")
            return newest[0].path
        if reference in ids:
            return self.root / reference
        if os.path.isfile(reference):  # noqa: PTH113 - Path.is_file raises for a name that is too long
            return Path(reference).absolute()
        matches = [run_id for run_id in ids if reference and run_id.startswith(reference)]
        if len(matches) > 1:
            some = ", ".join(sorted(matches)[:4])
            raise UsageError(f"{safe_text(reference)}: fits {len(matches)} runs ({some}, ...); give more of the id")
        if not matches:
            raise UsageError(f"{safe_text(reference)}: there is no such run; `perftui runs` lists them")
        return self.root / matches[0]

    def find_own(self, reference: str) -> Path:
        """The folder of a run of this library: for what changes a run, or steers it.

        Raises:
            UsageError: there is no such run, several, or it is a path to anything but a run folder of this library.
        """
        shown = safe_text(reference)
        if ".." in Path(reference).parts:
            raise UsageError(f"{shown}: leads elsewhere; name the run by its id, `perftui runs` lists them")
        path = self.find(reference)
        check_private_directory(path)
        if path.resolve().parent != self.root.resolve() or path.resolve().name not in run_names(self.root):
            raise UsageError(f"{shown}: is not in {self.root}; only saved runs can be changed")
        return self.root / path.resolve().name

    def newest_ended(self, *, finished: bool = False) -> Path:
        """The folder of the newest run that is over and can be read.

        Args:
            finished: only one that ran to its planned end.

        Raises:
            UsageError: there is none.
        """
        for row in self.list():
            if row.status != "running" and not row.problem and (row.status == "finished" or not finished):
                return row.path
        kind = "finished" if finished else "ended"
        raise UsageError(f"no saved run has {kind} yet; make one with `perftui run`, and see `perftui runs`")

    def newest_live(self) -> Path | None:
        """The folder of the newest run that goes on right now."""
        return next((row.path for row in self.list() if row.status == "running"), None)

    def is_live(self, run_id: str) -> bool:
        """Whether a runner writes this run right now."""
        return is_live(self.root / run_id)

    def delete(self, folder: Path) -> str:
        """Delete a run for good and say its id.

        Args:
            folder: of that very run, as `find_own` or `list` say it: nothing is guessed here.

        Raises:
            UsageError: it is running, no run of this library, or cannot be deleted.
        """
        shown = safe_text(str(folder))
        if folder.parent != self.root or folder.name not in run_names(self.root):
            raise UsageError(f"{shown}: is no run in {self.root}; nothing was deleted")
        check_private_directory(folder)
        if not _may_be_run(folder):
            raise UsageError(f"{shown}: holds other things than a run; delete it yourself")
        if is_live(folder):
            raise UsageError(f"{folder.name}: is running; stop it first with `perftui ctl {folder.name} stop`")
        try:
            shutil.rmtree(folder)
        except OSError as error:
            raise UsageError(f"{folder}: cannot be deleted: {error.strerror}") from error
        return folder.name

    def old_runs(
        self,
        keep: int | None = None,
        older_than_s: float | None = None,
        *,
        protected: Sequence[str] = (),
        now: datetime | None = None,
    ) -> builtins.list[RunRow]:
        """The runs beyond the limits, newest first; never live or protected ones (baselines).

        Args:
            keep: the newest that stay; None: no limit on how many.
            older_than_s: only what is older; None: any age.
            protected: ids that stay.
            now: for the age; None: the present.

        Raises:
            UsageError: neither limit was given.
        """
        if keep is None and older_than_s is None:
            raise UsageError("say what to keep: --keep N, --older-than D, or both")
        at = now if now is not None else datetime.now(UTC)
        return [
            row
            for row in self.list()[keep or 0 :]
            if (older_than_s is None or _age_s(row, at) > older_than_s)
            and row.id not in protected
            and not is_live(row.path)
            and _may_be_run(row.path)
        ]


def _is_path(reference: str) -> bool:
    return "/" in reference or reference in {".", ".."}


def _of_path(reference: str) -> Path:
    # absolute: a relative one could lose its slash, and be taken for a name
    path, shown = Path(reference).absolute(), safe_text(reference)
    if not os.path.exists(path):  # noqa: PTH110 - Path.exists raises for a name that is too long
        raise UsageError(f"{shown}: there is no such run folder or file")
    if path.is_dir() and not _is_run(path):
        raise UsageError(f"{shown}: is no run folder")
    return path


def _is_run(folder: Path) -> bool:
    return any(os.path.lexists(folder / name) for name in (RECORD_NAME, JOURNAL_NAME))


def _may_be_run(folder: Path) -> bool:
    """Whether a folder among the runs is one, or was made for one that never began."""
    return _is_run(folder) or next(folder.iterdir(), None) is None


def new_run_id(plan_name: str) -> str:
    """An id such as `20261120-204501-read-7f3a`: UTC, the preset's name, four random digits."""
    name = re.sub(r"[^a-z0-9]+", "-", plan_name.lower()).strip("-")[:24] or "run"
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{name}-{secrets.token_hex(2)}"


def _age_s(row: RunRow, now: datetime) -> float:
    try:
        started = datetime.fromisoformat(row.started_at)
    except ValueError:
        started = datetime.fromtimestamp(row.path.stat().st_mtime, UTC)
    return (now - (started if started.tzinfo else started.replace(tzinfo=UTC))).total_seconds()
