"""A copy of a preset to edit: its name and place, its mistakes, saving it. These block: call them in a thread."""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from perftui.model.errors import UsageError

_NAME_LINE = re.compile(r'^name\s*=\s*"[^"\n]*"', re.MULTILINE)
_PLACE = re.compile(r"^[^:\n]*:(\d+): ")
_CURL = re.compile(r"\s*(?:\$ |% )?(?:\S*/)?curl(?:\.exe)?\s")
_LONGEST_PATH = 4096
_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")


class PresetCopy(Struct, frozen=True, kw_only=True):
    """A text and where it will be saved."""

    name: str
    path: Path
    text: str
    is_new: bool
    """False: a preset of the user's own is edited in place."""


class Mistake(Struct, frozen=True):
    """One line of what is wrong."""

    line: int
    """Counted from 1; 0: nowhere in particular."""
    text: str


def copy_of(path: Path, *, own: bool) -> PresetCopy:
    """The text of a preset: the user's own is edited in place, others as a copy with another name.

    Raises:
        UsageError: the file cannot be read.
    """
    from perftui.presets.catalog import find_preset

    text, _ = find_preset(str(path))
    if own:
        return PresetCopy(name=path.stem, path=path, text=text, is_new=False)
    name = _free_name(path.stem)
    renamed, found = _NAME_LINE.subn(f'name = "{name}"', text, count=1)
    return PresetCopy(name=name, path=_folder() / f"{name}.toml", text=renamed if found else text, is_new=True)


def copy_of_run(path: Path) -> PresetCopy:
    """A preset that makes a saved run again.

    Raises:
        UsageError: the run cannot be read.
    """
    from perftui.presets.from_run import preset_from_run
    from perftui.store.records import read_record

    record = read_record(path)
    name = _free_name(record.plan.name)
    text = preset_from_run(record.plan, name, record.id)
    return PresetCopy(name=name, path=_folder() / f"{name}.toml", text=text, is_new=True)


def importable(text: str) -> bool:
    """Whether a pasted text is a curl command, or the path of a file that was dropped on the terminal."""
    return bool(_CURL.match(text)) or _dropped(text) is not None


def copy_of_import(text: str) -> PresetCopy:
    """A preset made of what was pasted or dropped; a preset that was dropped is copied.

    Raises:
        UsageError: it cannot be read, or no preset can be made of it.
    """
    from perftui.presets.importing.any_file import MOST_BYTES, import_any, kind_of
    from perftui.presets.text_files import read_text

    path = None if _CURL.match(text) else _dropped(text)
    if path is not None and path.suffix == ".toml":
        return copy_of(path, own=False)
    name = _free_name(re.sub(r"[^A-Za-z0-9._-]+", "-", path.stem).strip("-.") if path else "request")
    content = read_text(path, MOST_BYTES) if path else text
    kind = kind_of(content, str(path)) if path else "curl"
    made = import_any(content, kind, name, folder=path.parent if path else None)
    return PresetCopy(name=name, path=_folder() / f"{name}.toml", text=made, is_new=True)


def _dropped(text: str) -> Path | None:
    """The file that a terminal names when one is dropped: quoted, with escapes, or as a URL."""
    line = text.strip()
    if not line or "\n" in line or len(line) > _LONGEST_PATH:
        return None
    try:
        words = shlex.split(line)
    except ValueError:
        return None
    candidates = [line, words[0] if len(words) == 1 else line]
    if line.startswith("file://"):
        candidates = [unquote(urlsplit(line).path)]
    for candidate in candidates:
        if "/" in candidate and "://" not in candidate:
            path = Path(candidate).expanduser()
            with suppress(OSError, ValueError):
                if path.is_file():
                    return path
    return None


def mistakes_in(text: str) -> tuple[Mistake, ...]:
    """What is wrong with the text of a preset; the URL may be missing."""
    from perftui.presets.loading import read_preset

    try:
        read_preset(text, "preset")
    except UsageError as error:
        return tuple(_mistake(problem) for problem in error.problems)
    return ()


def save_preset(copy: PresetCopy, text: str) -> Path:
    """Write the preset, whole or not at all.

    Raises:
        OSError: it cannot be written.
    """
    copy.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(prefix=".preset-", dir=copy.path.parent)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(copy.path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
    return copy.path


def _folder() -> Path:
    from perftui.presets.locations import user_presets

    return user_presets()


def _free_name(stem: str) -> str:
    base = stem if _SAFE_NAME.fullmatch(stem) else "preset"
    name, number = f"my-{base}", 2
    while (_folder() / f"{name}.toml").exists():
        name, number = f"my-{base}-{number}", number + 1
    return name


def _mistake(problem: str) -> Mistake:
    place = _PLACE.match(problem)
    text = problem[place.end() :] if place else problem.removeprefix("preset: ")
    return Mistake(int(place[1]) if place else 0, text)
