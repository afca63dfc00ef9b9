"""Words of commands, as a shell or Windows' command line splits them. Variables of a shell stay variables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import quote

from perftui.presets.importing.found import literal

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)[^}]*\}|([A-Za-z_]\w*))", re.ASCII)
_ANSI_C = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{1,4})|U([0-9A-Fa-f]{1,8})|([0-7]{1,3})|(.))", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "e": "\x1b", "f": "\f", "v": "\v"}
_REDIRECTION = re.compile(r"[<>]{1,3}&?[ \t]*\S*")
_START, _END = "\ue000", "\ue001"
"""Around the name of a variable in a word. They are for private use, so no text means anything by them."""
_MARKED = re.compile(f"{_START}(\\w+){_END}")
_MARKED_WHOLE = re.compile(f"({_START}\\w+{_END})")


def commands(text: str) -> Iterator[list[str]]:
    """The words of each command of a script.

    Raises:
        ValueError: a quote is not closed.
    """
    text = text.replace(_START, "").replace(_END, "").replace("\r\n", "\n")
    is_windows = "^\n" in text or '^"' in text
    if is_windows:
        text = re.sub(r"\^(.)", r"\1", text.replace("^\n", ""), flags=re.DOTALL)
    words: list[str] = []
    for word in (_Lexer(text, is_windows=is_windows)).words():
        if word is not None:
            words.append(word)
        elif words:
            yield words
            words = []
    if words:
        yield words


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
    """A word percent-encoded, its variables left alone."""
    return "".join(
        piece if number % 2 else quote(piece, safe="") for number, piece in enumerate(_MARKED_WHOLE.split(word))
    )


class _Lexer:
    def __init__(self, text: str, *, is_windows: bool) -> None:
        self._text = text
        self._at = 0
        self._is_windows = is_windows

    def words(self) -> Iterator[str | None]:
        """Every word; None where a command ends."""
        word: list[str] | None = None
        while self._at < len(self._text):
            character = self._text[self._at]
            if self._text.startswith("\\\n", self._at) and not self._is_windows:
                self._at += 2  # the line goes on
            elif character in " \t\r\n;|&":
                self._at += 1
                if word is not None:
                    yield "".join(word)
                    word = None
                if character in "\n;|&":
                    yield None
            elif character == "#" and word is None and not self._is_windows:
                self._at = self._find("\n") if "\n" in self._text[self._at :] else len(self._text)
            elif character in "<>" and (word is None or "".join(word).isdecimal()):
                redirection = _REDIRECTION.match(self._text, self._at)
                self._at = redirection.end() if redirection else self._at + 1
                word = None
            else:
                word = [] if word is None else word
                word.append(self._piece(character))
        if word is not None:
            yield "".join(word)

    def _piece(self, character: str) -> str:
        """What the next characters add to a word."""
        self._at += 1
        if character == '"':
            return self._in_quotes()
        if self._is_windows:
            return character
        match character:
            case "'":
                start, self._at = self._at, self._find("'") + 1
                return self._text[start : self._at - 1]
            case "\\":
                self._at += 1
                return self._text[self._at - 1 : self._at]
            case "$":
                return self._after_dollar()
            case _:
                return character

    def _in_quotes(self) -> str:
        pieces = []
        while (character := self._text[self._at : self._at + 1]) != '"':
            if not character:
                raise ValueError("a quote is not closed")
            self._at += 1
            escaped = self._text[self._at : self._at + 1]
            if character == "\\" and escaped and escaped in '"\\$`\n':
                self._at += 1
                pieces.append("" if escaped == "\n" else escaped)
            elif character == "$" and not self._is_windows and escaped not in {"'", '"'}:
                pieces.append(self._after_dollar())
            else:
                pieces.append(character)
        self._at += 1
        return "".join(pieces)

    def _after_dollar(self) -> str:
        if self._text.startswith('"', self._at):
            self._at += 1
            return self._in_quotes()
        if self._text.startswith("'", self._at):
            start = self._at + 1
            match = re.compile(r"(?:[^'\\]|\\.)*'", re.DOTALL).match(self._text, start)
            if match is None:
                raise ValueError("a quote is not closed")
            self._at = match.end()
            return _ANSI_C.sub(_unescaped, self._text[start : self._at - 1])
        if self._text.startswith("(", self._at):
            self._at = self._find(")") + 1
            return f"{_START}VALUE{_END}"  # what a command would say
        match = _VARIABLE.match(self._text, self._at - 1)
        if match is None:
            return "$"
        self._at = match.end()
        return f"{_START}{match[1] or match[2]}{_END}"

    def _find(self, end: str) -> int:
        found = self._text.find(end, self._at)
        if found < 0:
            raise ValueError("a quote is not closed")
        return found


def _unescaped(match: re.Match[str]) -> str:
    """What bash makes of an escape inside of $'...'."""
    code = next((int(digits, 16) for digits in match.group(1, 2, 3) if digits), None)
    code = int(match[4], 8) if match[4] else code
    if code is None:
        return _SIMPLE.get(match[5], match[5] if match[5] in "\\'\"?" else match[0])
    return chr(code) if code <= 0x10FFFF else match[0]
