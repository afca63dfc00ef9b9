"""The presets there are: built in, of the working directory, of the user."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from stat import S_ISREG
from typing import Literal

from perftui.model.errors import UsageError
from perftui.model.plan import Frozen, Kind, Plan
from perftui.model.text import safe_text
from perftui.presets import locations
from perftui.presets.problems import nearest
from perftui.presets.toml_files import MOST_BYTES, decode_preset

Origin = Literal["built-in", "directory", "user"]
_FIRST = ("health", "read", "write", "stress")


class PresetInfo(Frozen, frozen=True, kw_only=True):
    """A preset of the list."""

    name: str
    title: str = ""
    description: str = ""
    kind: Kind = "custom"
    path: Path
    origin: Origin
    problems: tuple[str, ...] = ()
    """Every mistake of its file; empty when it can be run."""
    plan: Plan | None = None
    """None when the file has mistakes. Its target.url is empty when the file leaves the URL to the command line."""


def preset_names() -> list[str]:
    """Names of the presets, in the order of the list, without a look into their files."""
    return list(dict.fromkeys(safe_text(path.stem, 64) for path, _ in _files()))


def list_presets() -> list[PresetInfo]:
    """Every preset, built-in ones first; of files with the same name the one that a run would take is first."""
    from perftui.presets.loading import read_preset

    infos = []
    built_in = set()
    for path, origin in _files():
        name = safe_text(path.stem, 64)
        try:
            text = _read(path)
            if origin == "built-in":
                built_in.add((name, text))
            elif (name, text) in built_in:
                continue  # an unchanged copy, as in perftui's own source folder
            plan = read_preset(text, str(path))
        except UsageError as error:
            infos.append(PresetInfo(name=name, path=path, origin=origin, problems=error.problems))
            continue
        infos.append(
            PresetInfo(
                name=name, title=safe_text(plan.title), description=plan.description.strip(), kind=plan.kind, path=path,
                origin=origin, plan=plan,
            )
        )  # fmt: skip
    return infos


def find_preset(reference: str) -> tuple[str, str]:
    """Text and file name of a preset.

    Args:
        reference: a name, or a path (with a slash or ending in .toml). A name is looked for in the working directory's
            presets, then in the user's, then in the built-in ones.

    Raises:
        UsageError: there is no such preset, or its file cannot be read.
    """
    if "://" in reference:
        raise UsageError(
            f"{safe_text(reference, 200)}: is a URL, no preset; make one with: perftui presets new NAME --from URL"
        )
    if "/" in reference or reference.endswith(".toml"):
        return _read(Path(reference)), reference
    by_name: dict[str, Path] = {}
    for path, _ in _files():
        by_name.setdefault(path.stem, path)
    own = {path.stem: path for path, origin in reversed(list(_files())) if origin != "built-in"}
    found = own.get(reference) or by_name.get(reference)
    if found is None:
        guess = nearest(reference, by_name) or f"; known: {', '.join(by_name)}"
        shown = safe_text(reference, 60)
        if os.path.isfile(reference):  # noqa: PTH113 - Path.is_file raises for a name that is too long
            raise UsageError(f"{shown}: is no preset, whose files end in .toml; try: perftui presets import {shown}")
        meant = f"; a URL has its scheme: http://{shown}" if "." in reference else guess
        raise UsageError(f"there is no preset {shown!r}{meant}")
    return _read(found), str(found)


def _files() -> Iterator[tuple[Path, Origin]]:
    seen: set[str] = set()
    places: tuple[tuple[Path, Origin], ...] = (
        (locations.built_in_presets(), "built-in"),
        (locations.directory_presets(), "directory"),
        (locations.user_presets(), "user"),
    )
    for directory, origin in places:
        for path in sorted(_toml_files(directory), key=lambda path: (_rank(path.stem), path.name)):
            real = os.path.realpath(path)  # a link to itself is listed, with what is wrong with it
            if real not in seen:
                seen.add(real)
                yield path, origin


def _toml_files(directory: Path) -> list[Path]:
    try:
        return [path for path in directory.iterdir() if path.suffix == ".toml" and not path.name.startswith(".")]
    except OSError:
        return []  # no such directory, or not ours to read: it has no presets for us


def _rank(stem: str) -> int:
    return _FIRST.index(stem) if stem in _FIRST else len(_FIRST)


def _read(path: Path) -> str:
    shown = safe_text(str(path))
    try:
        # Looked at before it is opened: a pipe would block, a device would never end.
        if not S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 - mode of what the link leads to
            raise UsageError(f"{shown}: is not a file")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except FileNotFoundError as error:
        raise UsageError(f"{shown}: there is no such file") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{shown}: cannot be read: {getattr(error, 'strerror', None) or error}") from error
    return decode_preset(data, shown)
