"""Words of a script, in which variables are marked until they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote, quote_plus

from perftui.presets.importing.found import LONGEST_NAME, literal

_ANSI_C = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|(.))", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}
_START, _END = "\ue000", "\ue001"
"""Around the name of a variable in a word. They are for private use, so no text means anything by them."""
_MARKED = re.compile(f"{_START}(\\w+){_END}")
_MARKED_WHOLE = re.compile(f"({_START}\\w+{_END})")


def without_marks(text: str) -> str:
    """A text in which nothing is taken for a marked variable."""
    return text.replace(_START, "").replace(_END, "")


def marked(name: str) -> str:
    """A variable in a word.

    Raises:
        ValueError: no environment holds such a name.
    """
    if len(name) > LONGEST_NAME:
        raise ValueError(f"a variable's name of {len(name):,} characters")
    return f"{_START}{name}{_END}"


def fill(word: str, variables: Mapping[str, str]) -> str:
    """A word with the variables that the script itself sets."""
    return _MARKED.sub(lambda match: variables.get(match[1], match[0]), word)


def unescape(text: str) -> str:
    """What bash makes of the escapes inside of $'...', or printf of its format."""
    return _ANSI_C.sub(_unescaped, text)


def preset_text(word: str) -> str:
    """A word as text of a preset: what is literal in it is escaped, variables are read from the environment."""
    return _MARKED.sub(r"${env:\1}", literal(word))


def plain_text(word: str) -> str:
    """A word as it was written, for what cannot hold a variable."""
    return _MARKED.sub(r"$\1", word)


def holds_variable(word: str) -> bool:
    """Whether a shell variable is in a word."""
    return bool(_MARKED.search(word))


def leading_variable(word: str) -> tuple[str, str]:
    """The name of the variable that a word begins with, and the rest; the name is empty when it begins with text."""
    match = _MARKED.match(word)
    return (match[1], word[match.end() :]) if match else ("", word)


def quoted(word: str) -> str:
    """A word encoded as curl does for queries and forms, its variables left alone."""
    return "".join(
        piece if number % 2 else quote_plus(piece, safe="") for number, piece in enumerate(_MARKED_WHOLE.split(word))
    )


def quoted_path(word: str) -> str:
    """A word percent-encoded, its variables left alone."""
    return "".join(
        piece if number % 2 else quote(piece, safe="") for number, piece in enumerate(_MARKED_WHOLE.split(word))
    )


def _unescaped(match: re.Match[str]) -> str:
    """What bash makes of an escape inside of $'...'."""
    code = next((int(digits, 16) for digits in match.group(1, 2, 3) if digits), None)
    code = int(match[4], 8) if match[4] else code
    if code is None:
        return _SIMPLE.get(match[5], match[5] if match[5] in "\\'\"?" else match[0])
    return chr(code) if code <= 0x10FFFF else match[0]
