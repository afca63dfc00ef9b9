"""Variables of .http files as text of a preset: of the file, of the editor, of earlier responses."""

from __future__ import annotations

import re

from perftui.model.text import safe_text
from perftui.presets import texts
from perftui.presets.importing.found import Finding, FoundRequest, literal
from perftui.presets.json_path import JsonPath

BRACES = re.compile(r"\{\{\s*([^{}]{1,300}?)\s*\}\}")
_RESPONSE = re.compile(r"([\w-]+)\.response\.(body|headers)[.\[](.+)")
_KEPT = re.compile(
    r"""client\.global\.set\(\s*["']([\w.$-]+)["']\s*,\s*response\.(?:"""
    r"""body(?P<path>(?:\.[A-Za-z_$][\w$]*|\[\d+\]|\[["'][^"'\]]+["']\])*)"""
    r"""|headers\.valueOf\(\s*["'](?P<header>[\w-]+)["']\s*\))\s*\)"""
)
_STATUS = re.compile(r"(?:response\.|\?\?\s*)status\s*={2,3}\s*(\d{3})\b")
_TAKEN = {"HOME", "HOST", "HOSTNAME", "LANG", "LOGNAME", "PATH", "PWD", "SHELL", "TERM", "USER", "USERNAME"}
"""Variables that every environment has, and means something else by."""
_MOST_DEPTH = 10


class UnknownValueError(ValueError):
    """A value that cannot come from anywhere; the message says why."""


class HttpValues:
    """What `{{...}}` stands for, as far as the file has been read."""

    def __init__(self, variables: dict[str, str], finding: Finding) -> None:
        self._variables = variables
        self._finding = finding
        self._named: dict[str, FoundRequest] = {}
        self._kept: dict[str, tuple[FoundRequest, dict[str, str]]] = {}

    def knows(self, name: str) -> bool:
        """Whether the file says what a name stands for."""
        return name in self._variables or name in self._kept

    def text(self, text: str, depth: int = 0) -> str:
        """Preset text: {{...}} become values or placeholders, all else is literal.

        Raises:
            UnknownValueError: a response is asked for that no request above has.
        """
        pieces = []
        position = 0
        for match in BRACES.finditer(text):
            pieces += [literal(text[position : match.start()]), self._value(match[1], depth)]
            position = match.end()
        return "".join([*pieces, literal(text[position:])])

    def learn(self, name: str, script: str, request: FoundRequest) -> None:
        """What later requests may take from a response: by the request's name, or because its script keeps it."""
        if name:
            self._named[name] = request
        for match in _KEPT.finditer(script):
            source = {"header": match["header"]} if match["header"] else {"json": f"${match['path'] or ''}"}
            self._kept[match[1]] = request, {"name": _variable(match[1]), **source}
        request.statuses = sorted({int(match[1]) for match in _STATUS.finditer(script)})

    def _value(self, name: str, depth: int) -> str:
        if name in self._kept:
            return self._capture(*self._kept[name])
        if name in self._variables and depth < _MOST_DEPTH:
            return self.text(self._variables[name], depth + 1)
        if name.startswith("$"):
            return self._dynamic(name)
        if match := _RESPONSE.fullmatch(name):
            return self._of_response(match[1], match[2], match[3])
        return self._from_environment(name, name)

    def _from_environment(self, word: str, name: str) -> str:
        """What only the editor knows comes from the environment."""
        variable = re.sub(r"\W+", "_", word, flags=re.ASCII).strip("_").upper() or "VALUE"
        variable = f"V_{variable}" if variable[0].isdecimal() or variable in _TAKEN else variable
        if variable != name.upper():
            told = safe_text(name, 60)
            self._finding.notes.append(f"{{{{{told}}}}} is taken from the environment variable {variable}")
        return f"${{env:{variable}}}"

    def _dynamic(self, name: str) -> str:
        word, _, arguments = name[1:].partition(" ")
        word, _, more = word.partition("(")
        numbers = re.findall(r"-?\d{1,15}", f"{more} {arguments}")
        match word.lower():
            case "guid" | "uuid" | "random.uuid" | "random.hexadecimal":
                return "${uuid}"
            case "randomint" | "random.integer":
                low, high = map(int, numbers[:2]) if len(numbers) >= 2 else (0, 1000)
                return f"${{rand:{low}..{max(low, high - 1)}}}"
            case "random.float":
                low, high = map(int, numbers[:2]) if len(numbers) >= 2 else (0, 1000)
                return f"${{rand:{low}.00..{max(low, high)}.00}}"
            case "timestamp":
                return "${now:s}"
            case "isotimestamp" | "datetime" | "localdatetime":
                return "${now:iso}"
            case "processenv" | "dotenv" if variable := re.sub(r"\W+", "_", arguments, flags=re.ASCII).strip("_"):
                return f"${{env:{variable}}}"
            case "random.email":
                return "${fake:email}"
            case "random.alphabetic" | "random.alphanumeric":
                return "${fake:word}"
            case _:
                return self._from_environment(word, name)

    def _of_response(self, request: str, part: str, source: str) -> str:
        """A value of an earlier response: that request captures it."""
        found = self._named.get(request)
        if found is None:
            raise UnknownValueError(f"no request above is named {safe_text(request, 60)!r}")
        source = source.strip("[]'\"") if part == "headers" else source
        capture = {"name": _variable(f"{request}_{source}")}
        if part == "headers":
            if texts.header_name_problem(source):
                raise UnknownValueError(f"{safe_text(source, 60)!r} is no header")
            capture["header"] = source
        else:
            capture["json"] = "$" if source == "*" else source
        return self._capture(found, capture)

    def _capture(self, request: FoundRequest, capture: dict[str, str]) -> str:
        if path := capture.get("json", ""):
            try:
                JsonPath.compile(path)
            except ValueError as error:
                raise UnknownValueError(str(error)) from error
        self._finding.is_journey = True
        if capture not in request.captures:
            request.captures.append(capture)
        return f"${{{capture['name']}}}"


def _variable(text: str) -> str:
    variable = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")[:60]
    return f"v_{variable}"[:60] if texts.variable_problem(variable) else variable
