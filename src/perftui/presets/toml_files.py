"""TOML from bytes that somebody else wrote: size, encoding and nesting are checked before anything is believed."""

from __future__ import annotations

import re
import tomllib
from typing import Any

from perftui.model.errors import UsageError
from perftui.model.text import safe_text

MOST_BYTES = 1024 * 1024
_MOST_KEY_PARTS = 64
_PART = r"""(?:[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"|'[^'\n]*+')[ \t]*+\.[ \t]*+"""
_PARTS = re.compile(_PART, re.DOTALL)
_PIECE = re.compile(
    r'''"""(?:[^"\\]|\\.?|"(?!""))*+(?:"""|\Z)'''
    r"|'''(?:[^']|'(?!''))*+(?:'''|\Z)"
    rf"|(?P<key>(?:{_PART})++)"
    r"""|[A-Za-z0-9_-]++|"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?|\#[^\n]*+|[^"'#A-Za-z0-9_-]++""",
    re.DOTALL,
)
"""Any text is a row of these, and each character is looked at twice at most: a text made to be slow to read is not."""
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
    if problem := deep_key(text):
        raise UsageError(f"{source}:{problem}")
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{source}{_where(str(error))}") from error
    except RecursionError as error:
        raise UsageError(f"{source}: nested too deep") from error
    except ValueError as error:
        raise UsageError(f"{source}: holds a value that cannot be read: {safe_text(str(error), 80)}") from error


def deep_key(text: str) -> str:
    """Where a key has more parts than any needs: the standard reader takes quadratic time for it. Empty: nowhere."""
    if all(line.count(".") < _MOST_KEY_PARTS for line in text.split("\n")):  # a key stands on one
        return ""
    for piece in _PIECE.finditer(text):
        key = piece["key"]
        if key and key.count(".") >= _MOST_KEY_PARTS and len(_PARTS.findall(key)) >= _MOST_KEY_PARTS:
            return f"{text.count(chr(10), 0, piece.start()) + 1}: a key of more than {_MOST_KEY_PARTS} parts"
    return ""


def _where(message: str) -> str:
    """The reader's message with the place first, as every other mistake has it: `:12: column 7: ...`."""
    text, _, place = message.partition(" (at ")
    said = safe_text(text[:1].lower() + text[1:], 160)
    found = _PLACE.fullmatch(place)
    if found:
        return f":{found[1]}: column {found[2]}: {said}"
    return f": {place.rstrip(')')}: {said}" if place else f": {said}"
