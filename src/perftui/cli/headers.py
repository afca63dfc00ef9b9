"""Headers from the command line: `Name: value`, or @FILE with such lines (secrets stay out of `ps`)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from perftui.model.errors import UsageError
from perftui.model.text import is_unicode, safe_text
from perftui.presets.text_files import read_text

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_MOST_BYTES = 64 * 1024


class Headers(NamedTuple):
    """Headers of the command line."""

    pairs: tuple[tuple[str, str], ...]
    """Names and values, in order."""
    secret: tuple[str, ...]
    """Names of those that came from a file: their values are never stored or shown."""


def parse_headers(texts: Sequence[str]) -> Headers:
    """What `--header` was given.

    Raises:
        UsageError: a text is no header, or a file cannot be read.
    """
    problems: list[str] = []
    headers: list[tuple[str, str]] = []
    secret: list[str] = []
    for text in texts:
        for line in _lines(Path(text[1:])) if text.startswith("@") else [text]:
            name, colon, value = line.partition(":")
            # what is no header may be a secret, and so may a value: neither is repeated
            if not colon or not _NAME.fullmatch(name.strip()):
                problems.append(
                    f"--header number {len(headers) + 1}: write it as 'Name: value', or @FILE with such lines"
                )
            elif any(character in value for character in "\r\n\0"):
                problems.append(f"--header {safe_text(name, 60)!r}: a value has no line ends")
            elif not is_unicode(value):
                problems.append(f"--header {safe_text(name, 60)!r}: the value is not UTF-8")
            else:
                headers.append((name.strip(), value.strip()))
                if text.startswith("@"):
                    secret.append(name.strip())
    if problems:
        raise UsageError(*problems)
    return Headers(tuple(headers), tuple(secret))


def _lines(file: Path) -> list[str]:
    try:
        lines = read_text(file, _MOST_BYTES, may_be_pipe=True).splitlines()
    except UsageError as error:
        raise UsageError(f"--header @{error}") from error
    return [line for line in lines if line.strip() and not line.startswith("#")]
