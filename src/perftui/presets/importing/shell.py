"""Words of commands and what they read, as a shell or Windows' command line has them. Variables stay variables."""

from __future__ import annotations

import re

from msgspec import Struct

from perftui.presets.importing.shell_words import marked, plain_text, unescape, without_marks

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)(?::?-([^}$]*))?[^}]*\}|([A-Za-z_]\w*))", re.ASCII)
_ARGUMENT = re.compile(r"\$(?:([1-9@*#])|\{([1-9@*])[^}]*\})")
_ANSI_C_TEXT = re.compile(r"(?:[^'\\]|\\.)*'", re.DOTALL)
_REDIRECTION = re.compile(r"&?>{1,2}[&|]?[ \t]*|<&[ \t]*|<>[ \t]*")
_MOST_DEPTH = 4


class Command(Struct):
    """One command of a script."""

    words: list[str]
    given: str | None = None
    """Text that it reads from its input, as a here-document has it; None: none."""
    given_file: str = ""
    """File that it reads from its input."""
    is_piped: bool = False
    """Whether it reads what the command before it prints."""


def commands(text: str, depth: int = 0) -> list[Command]:
    """The commands of a script; those inside of `$(...)` come before the one that they are part of.

    Raises:
        ValueError: a quote is not closed.
    """
    # Terminals send the line ends of what is pasted as carriage returns.
    text = without_marks(text).replace("\r\n", "\n").replace("\r", "\n")
    is_windows = "^\n" in text or '^"' in text
    if is_windows:
        text = re.sub(r"\^(.)", r"\1", text.replace("^\n", ""), flags=re.DOTALL)
    lexer = Lexer(text, is_windows=is_windows)
    lexer.read()
    if depth >= _MOST_DEPTH:
        return lexer.commands
    found: list[Command] = []
    for place, command in enumerate(lexer.commands):
        for inner in lexer.inside.get(place, ()):
            found += commands(inner, depth + 1)
        found.append(command)
    return found


class Lexer:
    """Goes through a script once."""

    def __init__(self, text: str, *, is_windows: bool) -> None:
        self.commands: list[Command] = []
        self.inside: dict[int, list[str]] = {}
        """Scripts inside of `$(...)`, by the number of the command that they are part of."""
        self._text = text
        self._at = 0
        self._is_windows = is_windows
        self._around = 0
        self._command = Command([])
        self._heres: list[tuple[Command, str, bool, bool]] = []
        """Here-documents that begin at the next line: whose, up to which word, literal, tabs stripped."""

    def read(self) -> None:
        """Read all of it.

        Raises:
            ValueError: a quote is not closed.
        """
        word: list[str] | None = None
        while self._at < len(self._text):
            character = self._text[self._at]
            if self._text.startswith(("\\\n", "`\n"), self._at) and not self._is_windows:
                self._at += 2  # the line goes on
            elif character in " \t\r\n;|&" or (character in "()" and self._is_around(character, word)):
                self._end_word(word)
                word = None
                self._separate(character)
            elif character == "#" and word is None and not self._is_windows:
                end = self._text.find("\n", self._at)
                self._at = end if end >= 0 else len(self._text)
            elif character in "<>" and (word is None or "".join(word).isdecimal()):
                word = None
                self._redirect()
            else:
                word = [] if word is None else word
                word.append(self._piece(character))
        self._end_word(word)
        self._end_command()

    def _is_around(self, character: str, word: list[str] | None) -> bool:
        """Whether a parenthesis is one around commands, not a part of a word."""
        if self._is_windows or (character == "(" and word is not None):
            return False
        self._around += 1 if character == "(" else -1
        return character == "(" or self._around >= 0

    def _end_word(self, word: list[str] | None) -> None:
        if word is not None:
            self._command.words.append("".join(word))

    def _separate(self, character: str) -> None:
        if self._text.startswith("&>", self._at):
            self._redirect()
            return
        self._at += 1
        if character in " \t\r":
            return
        is_pipe = character == "|" and not self._text.startswith("|", self._at)
        self._end_command()
        if is_pipe:
            self._command.is_piped = True
            self._at += self._text.startswith("&", self._at)
        elif character in "|&" and self._text.startswith(character, self._at):
            self._at += 1
        if character == "\n":
            self._read_heres()

    def _end_command(self) -> None:
        if self._command.words:
            self.commands.append(self._command)
            self._command = Command([])

    def _redirect(self) -> None:
        """What a command reads; where it writes does not matter."""
        if match := re.compile(r"<<<[ \t]*").match(self._text, self._at):
            self._at = match.end()
            self._command.given = self._one_word() + "\n"
        elif match := re.compile(r"<<(-?)[ \t]*").match(self._text, self._at):
            self._at = match.end()
            is_literal = self._text[self._at : self._at + 1] in {"'", '"', "\\"}
            self._heres.append((self._command, self._one_word(), is_literal, bool(match[1])))
        elif match := _REDIRECTION.match(self._text, self._at):
            self._at = match.end()
            self._one_word()
        else:
            self._at += 1
            while self._text[self._at : self._at + 1] in {" ", "\t"}:
                self._at += 1
            if self._text.startswith("(", self._at):
                self._at = self._after_parentheses(self._at + 1)  # what another command prints
            else:
                self._command.given_file = plain_text(self._one_word())

    def _one_word(self) -> str:
        pieces: list[str] = []
        while self._at < len(self._text) and (character := self._text[self._at]) not in " \t\r\n;|&()<>":
            pieces.append(self._piece(character))
        return "".join(pieces)

    def _read_heres(self) -> None:
        for command, delimiter, is_literal, strips_tabs in self._heres:
            lines: list[str] = []
            while self._at < len(self._text):
                end = self._text.find("\n", self._at)
                end = len(self._text) if end < 0 else end
                line = self._text[self._at : end]
                self._at = min(end + 1, len(self._text))
                line = line.lstrip("\t") if strips_tabs else line
                if line.strip() == delimiter:
                    break
                lines.append(f"{line}\n")
            body = "".join(lines)
            command.given = body if is_literal else Lexer(body, is_windows=False).text()
        self._heres.clear()

    def text(self) -> str:
        """All of it as a here-document: only variables, commands and escapes of them mean something."""
        pieces = []
        while (character := self._text[self._at : self._at + 1]) != "":
            self._at += 1
            pieces.append(self._inside_quotes(character, "\\$`\n"))
        return "".join(pieces)

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
            case "`":
                return self._after_backtick()
            case _:
                return character

    def _in_quotes(self) -> str:
        pieces = []
        while (character := self._text[self._at : self._at + 1]) != '"':
            if not character:
                raise ValueError("a quote is not closed")
            self._at += 1
            pieces.append(self._inside_quotes(character, '"\\$`\n'))
        self._at += 1
        return "".join(pieces)

    def _inside_quotes(self, character: str, escapable: str) -> str:
        escaped = self._text[self._at : self._at + 1]
        if character == "\\" and escaped and escaped in escapable:
            self._at += 1
            return "" if escaped == "\n" else escaped
        if self._is_windows:
            return character
        if character == "$" and escaped not in {"'", '"'}:
            return self._after_dollar()
        return self._after_backtick() if character == "`" else character

    def _after_dollar(self) -> str:
        if self._text.startswith('"', self._at):
            self._at += 1
            return self._in_quotes()
        if self._text.startswith("'", self._at):
            start = self._at + 1
            match = _ANSI_C_TEXT.match(self._text, start)
            if match is None:
                raise ValueError("a quote is not closed")
            self._at = match.end()
            return unescape(self._text[start : self._at - 1])
        if self._text.startswith("(", self._at):
            start = self._at + 1
            self._at = self._after_parentheses(start)
            self._keep_inside(self._text[start : self._at - 1])
            return marked("VALUE")  # what a command would say
        if match := _ARGUMENT.match(self._text, self._at - 1):
            self._at = match.end()
            number = match[1] or match[2]
            return marked(f"ARGUMENT_{number}" if number.isdecimal() else "ARGUMENTS")
        match = _VARIABLE.match(self._text, self._at - 1)
        if match is None:
            return "$"
        self._at = match.end()
        # A default is what the shell would take, and the file says no other value.
        return match[2] or marked(match[1] or match[3])

    def _after_backtick(self) -> str:
        start, self._at = self._at, self._find("`") + 1
        self._keep_inside(self._text[start : self._at - 1])
        return marked("VALUE")

    def _keep_inside(self, script: str) -> None:
        self.inside.setdefault(len(self.commands), []).append(script)

    def _after_parentheses(self, at: int) -> int:
        """Where the parenthesis that is open ends."""
        depth = 1
        quote_mark = ""
        while at < len(self._text):
            character = self._text[at]
            at += 1
            if character == "\\" and quote_mark != "'":
                at += 1
            elif quote_mark:
                quote_mark = "" if character == quote_mark else quote_mark
            elif character in "'\"":
                quote_mark = character
            elif character in "()":
                depth += 1 if character == "(" else -1
                if not depth:
                    return at
        raise ValueError("a parenthesis is not closed")

    def _find(self, end: str) -> int:
        found = self._text.find(end, self._at)
        if found < 0:
            raise ValueError("a quote is not closed")
        return found
