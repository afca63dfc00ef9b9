"""What a run still has to clean up: kept beside its journal until that is done, for the case that its runner dies."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

import msgspec
from msgspec import Struct

from perftui.model.errors import UsageError
from perftui.presets.redaction import is_secret_field
from perftui.store.files import open_new, read_limited
from perftui.store.safe_reading import safe_struct

LEFTOVERS_NAME = "cleanup.jsonl"
_MOST_BYTES = 64 * 1024 * 1024


class Made(Struct, frozen=True, omit_defaults=True):
    """Values that clean-up requests use: of the set-up, or of one request or journey of the load."""

    values: dict[str, str]
    by_load: bool = False


class Leftovers:
    """The file, written as the load goes. A disk that refuses costs nothing but the file."""

    def __init__(self, folder: Path, names: Collection[str], hidden: Iterable[str]) -> None:
        """Begin a file.

        Args:
            folder: of the run.
            names: of the values that clean-up requests use.
            hidden: values that are never written, whatever they are called.
        """
        self._path = folder / LEFTOVERS_NAME
        self._names = {name for name in names if not is_secret_field(name)}
        self._hidden = frozenset(hidden)
        try:
            self._descriptor = open_new(self._path, os.O_WRONLY | os.O_APPEND)
        except OSError:
            self._descriptor = -1

    def keep(self, sets: Iterable[Mapping[str, str]], *, by_load: bool = True) -> None:
        """Add sets of values."""
        lines = [
            msgspec.json.encode(Made({name: values[name] for name in self._names & values.keys()}, by_load))
            for values in sets
            if not self._hidden.intersection(values.values())
        ]
        if lines and self._descriptor >= 0:
            try:
                os.write(self._descriptor, b"\n".join([*lines, b""]))
            except OSError:
                self.close()

    def done(self) -> None:
        """All is cleaned up."""
        self.close()
        self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Write no more; the file stays."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def has_leftovers(folder: Path) -> bool:
    """Whether a run's clean-up was not finished."""
    return (folder / LEFTOVERS_NAME).exists()


def read_leftovers(folder: Path) -> tuple[dict[str, str], list[dict[str, str]]]:
    """The values of the set-up, and those that the load captured, one mapping per request or journey.

    Raises:
        UsageError: there is nothing left, or the file is damaged beyond its last line.
    """
    if not has_leftovers(folder):
        raise UsageError(f"{folder.name}: nothing is left to clean up")
    before: dict[str, str] = {}
    made: list[dict[str, str]] = []
    # what stands behind the last line end is a line that its writer did not finish
    for line in read_limited(folder / LEFTOVERS_NAME, _MOST_BYTES).split(b"\n")[:-1]:
        try:
            found = safe_struct(msgspec.json.decode(line, type=Made))
        except (msgspec.DecodeError, ValueError, RecursionError) as error:
            raise UsageError(f"{folder.name}: {LEFTOVERS_NAME} is damaged: nothing was sent") from error
        if found.by_load:
            made.append(found.values)
        else:
            before |= found.values
    return before, made


def drop_leftovers(folder: Path) -> None:
    """Forget them: they were cleaned up."""
    (folder / LEFTOVERS_NAME).unlink(missing_ok=True)
