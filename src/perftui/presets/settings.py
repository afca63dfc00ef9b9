"""`--set load.rate=200`: single keys of a preset changed before it is checked."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from perftui.model.text import is_unicode
from perftui.presets.files import typed_here
from perftui.presets.problems import KeyPath, Problems, nearest, show_path

_LEVELS = ("rate", "users", "stages", "levels")


def apply_settings(tables: dict[str, Any], settings: Sequence[str], problems: Problems) -> list[KeyPath]:
    """Change the tables in place.

    A member of a list is named by its number (`operations.0.weight`) or its name (`operations."list items".weight`).
    Values are TOML; what is none is taken as text. A level replaces the other ways to say the level. A file is one of
    the working directory, as everywhere on a command line.

    Returns:
        The keys that were set.
    """
    changed = []
    for setting in settings:
        key, equals, text = setting.partition("=")
        names = _names(key)
        if not equals or not names:
            problems.add(("--set",), f"{setting[:80]!r} is no setting; write it as KEY=VALUE, such as load.rate=200")
            continue
        if not is_unicode(setting):
            problems.add(("--set",), f"{key[:80]}: the value is not UTF-8")
            continue
        path = _set(tables, names, _value(text.strip()), problems)
        if path:
            changed.append(path)
            if path[:1] == ("load",) and path[1:] in {(level,) for level in _LEVELS}:
                _only_level(tables["load"], str(path[1]))
    return changed


def _names(key: str) -> list[str]:
    try:
        table: Any = tomllib.loads(f"{key.strip()} = 0") if len(key) < 500 else {}
    except tomllib.TOMLDecodeError:
        return []
    names = []
    while isinstance(table, dict) and table:
        name, table = next(iter(table.items()))
        names.append(name)
    return names


def _value(text: str) -> object:
    try:
        table = tomllib.loads(f"value = {text}")
    except (tomllib.TOMLDecodeError, ValueError, RecursionError):
        return text
    return table["value"] if len(table) == 1 else text


def _set(tables: dict[str, Any], names: list[str], value: object, problems: Problems) -> KeyPath:
    path: KeyPath = ()
    place: Any = tables
    for number, name in enumerate(names):
        last = number == len(names) - 1
        if isinstance(place, list):
            at = _member(place, name)
            if at is None:
                known = [str(one.get("name", "")) for one in place if isinstance(one, dict)]
                problems.add((*path, name), f"--set: there is no such member{nearest(name, known)}")
                return ()
            path = (*path, at)
            if last:
                place[at] = typed_here(path, value, Path.cwd())
            else:
                place = place[at]
        elif isinstance(place, dict):
            path = (*path, name)
            if last:
                place[name] = typed_here(path, value, Path.cwd())
            else:
                place = place.setdefault(name, {})
        else:
            problems.add(path, f"--set: {show_path(path)} is no table, so it has no {name!r}")
            return ()
    return path


def _member(members: list[Any], name: str) -> int | None:
    if name.isdecimal() and len(name) < 6 and int(name) < len(members):
        return int(name)
    named = (at for at, one in enumerate(members) if isinstance(one, dict) and one.get("name") == name)
    return next(named, None)


def _only_level(load: dict[str, Any], level: str) -> None:
    replaced = [other for other in _LEVELS if other != level and load.pop(other, None) is not None]
    if replaced:
        for name in ("mode", "start", "duration") if level == "stages" else ("mode", "start"):
            load.pop(name, None)
