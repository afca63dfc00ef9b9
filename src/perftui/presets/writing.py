"""Preset files written by the program: readable, in the order in which one reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import tomli_w

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_INLINE_CHARACTERS = 110


def write_preset(tables: Mapping[str, object], comments: Sequence[str] = ()) -> str:
    """The TOML text of a preset: scalars first, tables after them, short tables and lists on one line.

    Args:
        tables: as the file has them.
        comments: lines at the top, without `#`.
    """
    lines = [f"# {comment}".rstrip() for comment in comments]
    lines += _table((), tables)
    return "\n".join(lines).rstrip("\n") + "\n"


def _table(path: tuple[str, ...], table: Mapping[str, object]) -> list[str]:
    lines = []
    later: list[tuple[str, object]] = []
    for name, value in table.items():
        if _needs_header(value, depth=len(path)):
            later.append((name, value))
        else:
            lines.append(f"{_key(name)} = {write_value(value)}")
    for name, value in later:
        header = ".".join(map(_key, (*path, name)))
        if isinstance(value, Mapping):
            lines += ["", f"[{header}]", *_table((*path, name), value)]
        elif isinstance(value, list):
            for member in value:
                lines += ["", f"[[{header}]]", *_table((*path, name), member)]
    return lines


def _needs_header(value: object, depth: int) -> bool:
    """Whether a value has its own header: tables, and lists of tables, that do not fit on a line."""
    if isinstance(value, Mapping):
        return depth == 0 or (depth < 3 and len(write_value(value)) > _INLINE_CHARACTERS and _all_tables_fit(value))
    if isinstance(value, list) and value and all(isinstance(member, Mapping) for member in value):
        return depth == 0 or len(write_value(value)) > 2 * _INLINE_CHARACTERS
    return False


def _all_tables_fit(value: Mapping[str, object]) -> bool:
    return all(len(write_value(inner)) <= _INLINE_CHARACTERS * 2 for inner in value.values())


def _key(name: str) -> str:
    if _BARE.fullmatch(name):
        return name
    return _text(name) if name.isprintable() else _escaped(name)  # a key is on one line


def write_value(value: object) -> str:
    """A value as TOML has it, tables on one line."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return repr(value)
        case str():
            return _text(value)
        case Mapping():
            inner = ", ".join(f"{_key(str(name))} = {write_value(member)}" for name, member in value.items())
            return f"{{ {inner} }}" if inner else "{}"
        case list() | tuple():
            members = [write_value(member) for member in value]
            line = f"[{', '.join(members)}]"
            return (
                line if len(line) <= _INLINE_CHARACTERS else "[\n" + "".join(f"    {one},\n" for one in members) + "]"
            )
        case _:
            raise TypeError(f"{type(value).__name__} has no place in a preset")


def _text(text: str) -> str:
    """A string as TOML has it, with as few escapes as can be: those that are needed are the library's."""
    quoted = '"' in text or "\\" in text
    if quoted and text.isprintable() and "'" not in text:
        return f"'{text}'"
    if "\n" in text and all(line.isprintable() for line in text.split("\n")) and "'''" not in text:
        return f"'''\n{text}'''" if not text.endswith("'") else _escaped(text)
    return _escaped(text)


def _escaped(text: str) -> str:
    return tomli_w.dumps({"x": text}).removeprefix("x = ").rstrip("\n")
