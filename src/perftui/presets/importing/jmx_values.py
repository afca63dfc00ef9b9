"""`${...}` of JMeter as text of a preset: variables of the plan, columns of files, kept values, functions."""

from __future__ import annotations

import re

from perftui.model.text import safe_text
from perftui.presets import texts
from perftui.presets.importing.found import Finding, literal, variable_name
from perftui.presets.redaction import is_secret_field

_REFERENCE = re.compile(r"\$\{(__)?([^{}()]{1,200})(?:\(([^{}]{0,500})\))?\}")
_MOST_DEPTH = 10
_MOST_LENGTH = 200_000
_MOST_VALUES = 2000
"""In one text: variables may lead to each other."""


class JmxValues:
    """What variables stand for, as far as the plan has been walked."""

    def __init__(self, finding: Finding) -> None:
        self._finding = finding
        self._left = 0
        self.variables: dict[str, str] = {}
        self.columns: dict[str, str] = {}
        """Variables of CSV files, and the placeholder of each."""
        self.kept: dict[str, str] = {}
        """Variables that a response gives, and the placeholder of each."""

    def text(self, text: str, depth: int = 0) -> str:
        """Preset text of a property."""
        self._left = self._left if depth else _MOST_VALUES
        pieces: list[str] = []
        at = 0
        for match in _REFERENCE.finditer(text):
            self._left -= 1
            if self._left < 0:
                self._finding.omit("variables that lead to each other without end", match[2])
                break
            pieces += [literal(text[at : match.start()]), self._value(match, depth)]
            at = match.end()
        return "".join([*pieces, literal(text[at:])])[:_MOST_LENGTH]

    def plain(self, text: str) -> str:
        """A property that is a setting: with what the plan says for its variables, and nothing for others."""
        for _ in range(_MOST_DEPTH):
            filled = _REFERENCE.sub(lambda match: self._setting(match)[:1000], text)[:_MOST_LENGTH]
            if filled == text:
                break
            text = filled
        return text.strip()

    def number(self, text: str, default: float) -> float:
        """A number of a setting."""
        plain = self.plain(text)
        return float(plain) if re.fullmatch(r"-?\d{1,12}(?:\.\d{1,6})?", plain) else default

    def keep(self, name: str) -> str:
        """The name of a capture for a variable that a response gives."""
        variable = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_")[:60]
        variable = f"v_{variable}"[:60] if texts.variable_problem(variable) else variable
        self.kept[name] = f"${{{variable}}}"
        return variable

    def _setting(self, match: re.Match[str]) -> str:
        if match[1]:
            arguments = _arguments(match[3])
            return arguments[1] if match[2] in {"P", "property"} and len(arguments) > 1 else ""
        return self.variables.get(match[2], "")

    def _value(self, match: re.Match[str], depth: int) -> str:
        if match[1]:
            return self._function(match[2], _arguments(match[3]))
        name = match[2]
        # JMeter numbers the matches of an extractor: NAME_1 is the first.
        known = self.kept.get(name) or self.kept.get(name.removesuffix("_1")) or self.columns.get(name)
        if known:
            return known
        if name in self.variables and depth < _MOST_DEPTH:
            value = self.variables[name]
            if value and is_secret_field(name) and not _REFERENCE.search(value):
                return self._finding.secret(name, value)
            return self.text(value, depth + 1)
        return self._from_environment(name)

    def _function(self, name: str, arguments: list[str]) -> str:
        match name:
            case "UUID":
                return "${uuid}"
            case "time" if not arguments or not arguments[0]:
                return "${now:ms}"
            case "time" if arguments[0] in {"/1000", "YMDHMS"}:
                return "${now:s}" if arguments[0] == "/1000" else "${now:iso}"
            case "counter":
                return "${seq}"
            case "Random" if len(arguments) > 1 and all(re.fullmatch(r"-?\d{1,12}", one) for one in arguments[:2]):
                low, high = sorted(map(int, arguments[:2]))
                return f"${{rand:{low}..{high}}}"
            case "RandomString":
                return "${fake:word}"
            case "P" | "property" if len(arguments) > 1:
                return literal(arguments[1])
            case "P" | "property" | "V" if arguments and arguments[0]:
                return self._from_environment(arguments[0])
            case _:
                self._finding.omit("functions, which are taken from the environment", f"__{name}")
                return self._from_environment(name)

    def _from_environment(self, name: str) -> str:
        variable = variable_name(name, "VALUE")
        if variable != name:
            self._finding.notes.append(f"{safe_text(name, 60)} is taken from the environment variable {variable}")
        return f"${{env:{variable}}}"


def _arguments(text: str | None) -> list[str]:
    return [one.strip() for one in re.split(r"(?<!\\),", text)] if text else []
