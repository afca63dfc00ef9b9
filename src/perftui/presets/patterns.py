"""Regular expressions of presets, in time linear to the text they are held against.

Python's own need exponential time for some (`^(a+)+$` against thirty letters): one answer would hold a worker up for
ever. RE2 has no look-around and no back-references; a preset that uses them is refused when it is read.
"""

from __future__ import annotations

import re
from collections.abc import Callable

Find = Callable[[str], "str | None"]
"""Text in; its first group, or what matched when it has none, out. None where nothing matches."""


def compile_pattern(pattern: str) -> Find:
    """What finds the pattern in a text.

    Raises:
        ValueError: it is no regular expression, or not one that can be searched in linear time; says why.
    """
    import re2  # 20 ms that only presets with patterns need

    options = re2.Options()
    options.log_errors = False
    try:
        compiled = re2.compile(pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        raise ValueError(_reason(pattern, error)) from error
    search, group = compiled.search, min(1, compiled.groups)

    def find(text: str) -> str | None:
        # bytes: RE2 works on them, and would count characters for every match
        match = search(text.encode("utf-8", "replace"))
        if match is None:
            return None
        found = match[group]
        return "" if found is None else found.decode("utf-8", "replace")

    return find


def _reason(pattern: str, error: Exception) -> str:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as unknown:
        return f"is no regular expression: {unknown}"
    said = error.args[0] if error.args else error
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return f"cannot be searched in linear time: {text} (RE2 has no look-around, no back-references, no \\Z and no \\u)"
