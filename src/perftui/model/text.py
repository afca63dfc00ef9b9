"""Text from the network, files, environment or arguments, made safe to print.

Applied where such text enters the program, so that no screen, file or log has to remember it.
"""

from __future__ import annotations

import unicodedata

_HIDDEN = {*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0x2028, 0x2029, 0xFEFF, 0x061C}
_MOST_MARKS = 4


def safe_text(text: str, limit: int = 200) -> str:
    """The text with controls, bidirectional overrides, surrogates and zero-width characters made visible, cut to limit.

    Tabs and line ends become a space; more than four combining marks in a row are dropped.
    """
    pieces: list[str] = []
    marks = 0
    for character in text[: limit * 2]:
        point = ord(character)
        if character in "\t\n\r":
            pieces.append(" ")
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
    safe = "".join(pieces)
    return safe if len(safe) <= limit and len(text) <= limit * 2 else safe[: limit - 1] + "…"
