"""Documents that somebody else may have written: every string in them is made safe once, where they are read."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from perftui.model.text import safe_whole

_MAY_BE_UNSAFE = re.compile(
    rb"\\[ubfnrtUx]|[\x00-\x08\x0b-\x1f\x7f]"  # escapes of JSON and TOML, and what stands there raw
    rb"|\xc2[\x80-\x9f]|\xd8\x9c|\xe2\x80[\x8b-\x8f\xa8-\xae]|\xe2\x81[\xa0-\xaf]|\xef\xbb\xbf|\xf3\xa0[\x80\x81]"
    rb"|[\x80-\xff]{10}"  # marks upon marks
)
_SEVERAL_LINES = frozenset(
    {"body", "json", "form", "query", "headers", "value", "equals", "contains", "matches", "description", "body_start"}
)
"""Fields whose text is data: tabs and line ends in it stay."""

Part = TypeVar("Part", bound=msgspec.Struct)


def safe_json(data: bytes) -> bytes:
    """The JSON document with every string in it made safe. What needs nothing comes back as it is, quickly.

    Raises:
        msgspec.DecodeError: it is no JSON.
        RecursionError: it is nested too deep.
        ValueError: two names are the same once they are made safe.
    """
    if _MAY_BE_UNSAFE.search(data) is None:
        return data
    return msgspec.json.encode(safe_document(msgspec.json.decode(data)))


def safe_document(value: object, *, lines: bool = False) -> object:
    """Plain data with every string in it made safe, names included.

    Args:
        value: as a reader of JSON or TOML gives it.
        lines: tabs and line ends stay.

    Raises:
        RecursionError: it is nested too deep.
        ValueError: two names are the same once they are made safe.
    """
    if isinstance(value, str):
        return safe_whole(value, lines=lines)
    if isinstance(value, list | tuple):
        return [safe_document(item, lines=lines) for item in value]
    if not isinstance(value, dict):
        return value
    safe = {
        safe_whole(key) if isinstance(key, str) else key: safe_document(item, lines=lines or key in _SEVERAL_LINES)
        for key, item in value.items()
    }
    if len(safe) != len(value):
        raise ValueError("two names differ in hidden characters only")
    return safe


def safe_struct(part: Part) -> Part:
    """The same part of a record, or plan, with every string in it made safe.

    Raises:
        ValueError: two names are the same once they are made safe.
    """
    return msgspec.convert(safe_document(msgspec.to_builtins(part)), type(part))
