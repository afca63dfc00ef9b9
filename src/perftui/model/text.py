"""Text from the network, files, environment or arguments, made safe to print.

Applied where such text enters the program, so that no screen, file or log has to remember it.
"""

from __future__ import annotations

import unicodedata
from pathlib import PurePath

_HIDDEN = {*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x2028, 0x2029, 0xFEFF, 0x061C}
_MOST_MARKS = 4
_SPACES = "\t\n\r"


def safe_text(text: str, limit: int = 200) -> str:
    """The text with controls, bidirectional overrides, surrogates and zero-width characters made visible, cut to limit.

    Tabs and line ends become a space; more than four combining marks in a row are dropped.
    """
    safe = _visible(text[: limit * 2], _SPACES)
    return safe if len(safe) <= limit and len(text) <= limit * 2 else safe[: limit - 1] + "…"


def safe_whole(text: str, *, lines: bool = False) -> str:
    """The same without a limit.

    Args:
        text: what is made safe.
        lines: tabs and line ends stay: the text is data of several lines.
    """
    return _visible(text, "" if lines else _SPACES)


def safe_path(path: PurePath) -> str:
    """A path as it is shown: whoever made the folder chose its name."""
    return safe_whole(str(path))


def _visible(text: str, spaces: str) -> str:
    """The text with nothing hidden in it; those characters of it that are in `spaces` become a space."""
    if text.isascii() and text.isprintable():
        return text
    pieces: list[str] = []
    marks = 0
    for character in text:
        point = ord(character)
        if character in _SPACES:
            pieces.append(" " if character in spaces else character)
        elif point < 0x20 or 0x7F <= point < 0xA0:
            pieces.append(f"\\x{point:02x}")
        elif point in _HIDDEN or 0xD800 <= point < 0xE000 or 0xE0000 <= point < 0xE0080:
            pieces.append("\ufffd")
        elif unicodedata.combining(character):
            marks += 1
            if marks <= _MOST_MARKS:
                pieces.append(character)
            continue
        else:
            pieces.append(character)
        marks = 0
    return "".join(pieces)


def is_unicode(text: str) -> bool:
    """Whether it can be encoded: arguments and names of files that are no UTF-8 hold surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
