"""TOML from bytes that somebody else wrote: size, encoding and nesting are checked before anything is believed."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from perftui.model.errors import UsageError
from perftui.model.text import safe_text

MOST_BYTES = 1024 * 1024
_MOST_KEY_PARTS = 64
_PLACE = re.compile(r"line (\d+), column (\d+)\)")


def decode_preset(data: bytes, source: str) -> str:
    """The text of a preset file.

    Raises:
        UsageError: too large, or not UTF-8.
    """
    if len(data) > MOST_BYTES:
        raise UsageError(f"{source}: {len(data) / 1024**2:.1f} MiB; a preset has at most 1 MiB")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UsageError(f"{source}: is UTF-16; save it as UTF-8")
    if data.startswith(b"\xef\xbb\xbf"):
        raise UsageError(f"{source}: starts with a byte order mark; save it as UTF-8 without one")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UsageError(f"{source}:{line}: not UTF-8 at byte {error.start:,}; save it as UTF-8") from error
    return text


def read_tables(text: str, source: str) -> dict[str, Any]:
    """The tables of a TOML text.

    Raises:
        UsageError: not TOML, or nested or sized to do harm.
    """
    for number, line in enumerate(text.splitlines(), 1):
        key = line.partition("=")[0] if "=" in line else line if line.lstrip().startswith("[") else ""
        # The standard reader needs quadratic time for a key of many parts.
        if key.count(".") > _MOST_KEY_PARTS and key.lstrip()[:1] not in {'"', "'", "#"}:
            raise UsageError(f"{source}:{number}: a key of more than {_MOST_KEY_PARTS} parts")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source}{_where(str(error))}") from error
    except RecursionError as error:
        raise UsageError(f"{source}: nested too deep") from error
    except ValueError as error:
        raise UsageError(f"{source}: holds a value that cannot be read: {safe_text(str(error), 80)}") from error


def _where(message: str) -> str:
    """The reader's message with the place first, as every other mistake has it: `:12: column 7: ...`."""
    text, _, place = message.partition(" (at ")
    said = safe_text(text[:1].lower() + text[1:], 160)
    found = _PLACE.fullmatch(place)
    if found:
        return f":{found[1]}: column {found[2]}: {said}"
    return f": {place.rstrip(')')}: {said}" if place else f": {said}"
