"""curl commands, as typed, as documentation of services has them, or as copied from a browser."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePath

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets.importing.curl_command import CurlCommand, Input
from perftui.presets.importing.found import Finding
from perftui.presets.importing.shell import Command, commands
from perftui.presets.importing.shell_words import fill, plain_text, unescape
from perftui.presets.importing.whole_preset import preset_of
from perftui.presets.redaction import is_secret_field

_ASSIGNMENT = re.compile(r"([A-Za-z_]\w*)=(.*)", re.DOTALL | re.ASCII)
_MOST_CHARACTERS = 4_000_000
_DECLARE = {"export", "readonly", "local", "declare", "set", "typeset"}
_TALK_ONLY = {
    "echo", "printf", "grep", "man", "apt", "apt-get", "brew", "which", "type", "yum", "dnf", "apk", "pip", "command",
    "alias", "cat", "rm", "#", "rem", "function", "pacman", "snap", "choco", "winget", "npm", "whereis", "hash",
}  # fmt: skip
"""Commands that name curl, and do not run it."""


def import_curl(text: str, name: str = "imported") -> str:
    """The preset of one or several curl commands.

    Raises:
        UsageError: no curl command, or one that cannot be read.
    """
    finding = Finding()
    add_commands(text, finding)
    if not finding.requests:
        raise UsageError("no curl command was found; it starts with the word curl and has a URL", *finding.comments())
    return preset_of(finding, name, "a curl command" if len(finding.requests) == 1 else "curl commands")


def add_commands(text: str, finding: Finding) -> None:
    """Add the requests of every curl command in a text.

    Raises:
        UsageError: a command cannot be read.
    """
    variables: dict[str, str] = {}
    before: Command | None = None
    try:
        for command in commands(text):
            command.words = [fill(word, variables) for word in command.words]
            if sum(map(len, command.words)) > _MOST_CHARACTERS:
                raise UsageError(f"a curl command of more than {_MOST_CHARACTERS:,} characters")
            if command.given is not None:
                command.given = fill(command.given, variables)
            _learn(command, variables)
            given = _input_of(command, before)
            for arguments in _arguments(command.words):
                finding.requests += CurlCommand(finding, arguments, given).requests()
            before = command
    except ValueError as error:
        raise UsageError(f"the curl command cannot be read: {error}") from error


def _learn(command: Command, variables: dict[str, str]) -> None:
    """What a script sets itself; what may be secret stays a variable."""
    words = command.words[1:] if command.words[0] in _DECLARE else command.words
    pairs = [_ASSIGNMENT.fullmatch(word) for word in words]
    if all(pairs):
        variables.update({pair[1]: pair[2] for pair in pairs if pair and not is_secret_field(pair[1])})


def _arguments(words: list[str]) -> Iterator[list[str]]:
    """What stands after the word curl, once for each part between `--next`."""
    if words[0] in _TALK_ONLY:
        return
    place = next((at for at, word in enumerate(words) if PurePath(word).name.lower() in {"curl", "curl.exe"}), -1)
    if place < 0:
        return
    part: list[str] = []
    for word in [*words[place + 1 :], "--next"]:
        if word in {"--next", "-:"}:
            yield part
            part = []
        else:
            part.append(word)


def _input_of(command: Command, before: Command | None) -> Input:
    """What a command reads, as far as the script says it."""
    if command.given is not None:
        return Input(text=command.given)
    if command.given_file:
        return Input(file=command.given_file)
    if not command.is_piped or before is None:
        return Input(what="what is typed")
    words = before.words
    match words[0]:
        case "echo":
            return Input(text=_echoed(words[1:]))
        case "printf" if len(words) > 1 and (text := _printed(words[1], words[2:])) is not None:
            return Input(text=text)
        case "cat" if len(words) == 2:
            return Input(file=plain_text(words[1]))
        case "cat" if len(words) == 1:
            return _input_of(before, None)
        case word:
            return Input(what=f"what {safe_text(plain_text(word), 40)} prints")


def _echoed(words: list[str]) -> str:
    options = ""
    while words and re.fullmatch("-[neE]+", words[0]):
        options += words[0]
        words = words[1:]
    text = " ".join(words)
    return (unescape(text) if "e" in options else text) + ("" if "n" in options else "\n")


def _printed(form: str, words: list[str]) -> str | None:
    """What printf prints; None when it would take more than putting words in."""
    form = unescape(form)
    if "%" not in form.replace("%%", "").replace("%s", ""):
        pieces = re.split("(%s|%%)", form)
        remaining = iter(words)
        return "".join("%" if one == "%%" else next(remaining, "") if one == "%s" else one for one in pieces)
    return None
