"""Line numbers of the keys of a TOML text, which the standard reader does not keep. One pass over its tokens."""

from __future__ import annotations

import re

KeyPath = tuple[str | int, ...]
_MOST_DEPTH = 100
_TOKEN = re.compile(
    r'''(?P<string>"""(?:[^"\\]|\\.|"(?!""))*"{3,5}|\'\'\'(?:[^']|'(?!''))*'{3,5}|"(?:[^"\\\n]|\\.)*"|'[^'\n]*')'''
    r"|(?P<comment>\#[^\n]*)|(?P<newline>\n)|(?P<mark>[\[\]{},=.])|(?P<word>[^\s\[\]{},=.\#\"']+)|(?P<space>[^\S\n]+)|(?P<other>.)",
    re.DOTALL,
)
_Token = tuple[str, str, int]


def locate_keys(text: str) -> dict[KeyPath, int]:
    """The first line (from 1) of every table and key of a text that is valid TOML; tables of an array are numbered."""
    return _Reader(_tokens(text)).read()


def _tokens(text: str) -> list[_Token]:
    tokens = []
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or "other"
        if kind not in {"space", "comment", "other"}:
            tokens.append((kind, match[0], line))
        line += match[0].count("\n")
    return tokens


class _Reader:
    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._lines: dict[KeyPath, int] = {}
        self._lengths: dict[KeyPath, int] = {}

    def read(self) -> dict[KeyPath, int]:
        table: KeyPath = ()
        while self._at < len(self._tokens):
            kind, text, line = self._tokens[self._at]
            if kind == "newline":
                self._at += 1
            elif text == "[" and kind == "mark":
                table = self._header(line)
            else:
                self._pair(table, 0)
        return self._lines

    def _header(self, line: int) -> KeyPath:
        self._at += 1
        is_array = self._mark("[")
        names = self._names("]")
        self._at += 2 if is_array else 1
        path: KeyPath = ()
        for name in names[:-1]:
            path = self._inside((*path, name))
        path = (*path, *names[-1:])
        if is_array:
            self._lines.setdefault(path, line)
            self._lengths[path] = self._lengths.get(path, -1) + 1
            path = (*path, self._lengths[path])
        self._lines.setdefault(path, line)
        return path

    def _inside(self, path: KeyPath) -> KeyPath:
        return (*path, self._lengths[path]) if path in self._lengths else path

    def _pair(self, table: KeyPath, depth: int) -> None:
        line = self._tokens[self._at][2]
        path = (*table, *self._names("="))
        self._at += 1
        self._lines.setdefault(path, line)
        self._value(path, depth)

    def _names(self, end: str) -> list[str]:
        names = []
        while self._at < len(self._tokens):
            kind, text, _ = self._tokens[self._at]
            if text == end and kind == "mark":
                break
            self._at += 1
            if kind == "word":
                names.append(text)
            elif kind == "string":
                names.append(text[1:-1])
            elif kind == "newline":
                break
        return names

    def _value(self, path: KeyPath, depth: int) -> None:
        if depth > _MOST_DEPTH:
            self._at = len(self._tokens)
        elif self._mark("["):
            number = 0
            while not self._done("]"):
                began = self._at
                self._lines.setdefault((*path, number), self._tokens[began][2])
                self._value((*path, number), depth + 1)
                self._at += self._at == began  # a bracket of the wrong kind
                number += 1
                self._skip_newlines()
                self._mark(",")
        elif self._mark("{"):
            while not self._done("}"):
                self._pair(path, depth + 1)
                self._skip_newlines()
                self._mark(",")
        else:
            while self._at < len(self._tokens):
                kind, text, _ = self._tokens[self._at]
                if kind == "newline" or (kind == "mark" and text in ",]}"):
                    break
                self._at += 1

    def _done(self, end: str) -> bool:
        self._skip_newlines()
        return self._mark(end) or self._at >= len(self._tokens)

    def _skip_newlines(self) -> None:
        while self._at < len(self._tokens) and self._tokens[self._at][0] == "newline":
            self._at += 1

    def _mark(self, text: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][:2] == ("mark", text):
            self._at += 1
            return True
        return False
