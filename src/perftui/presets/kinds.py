"""Kinds of values in a preset file: each reads and checks a value, writes it again, and says itself as JSON Schema."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from perftui.model.text import safe_text
from perftui.model.units import format_duration, parse_duration, parse_size
from perftui.presets import grammar
from perftui.presets.problems import KeyPath, Problems, nearest

Schema = dict[str, Any]


MOST_NUMBER = 2**64
"""Whole numbers beyond it are refused before anything is done with them: TOML's may have a million digits."""


class Bad:
    """What reading a value with a mistake gives."""


BAD: Final = Bad()


class Kind(ABC):
    """A kind of value."""

    def read(self, value: object, path: KeyPath, problems: Problems) -> object:
        """The value for the plan, or BAD with the mistake noted."""
        return self._read(value, path, problems)

    def write(self, value: Any) -> object:  # noqa: ANN401 - what reading made
        """A value of the plan as the file has it: what reading it again makes this value of."""
        return value

    def schema(self) -> Schema:
        """The kind as JSON Schema."""
        return self._schema()

    @abstractmethod
    def _read(self, value: object, path: KeyPath, problems: Problems) -> object: ...

    @abstractmethod
    def _schema(self) -> Schema: ...


class Text(Kind):
    """A string; placeholders as far as its place allows."""

    def __init__(
        self,
        *,
        allow: tuple[str, ...] = (),
        check: Callable[[str], str] | None = None,
        most: int = 100_000,
        empty: bool = False,
        later: bool = False,
        pattern: str = "",
    ) -> None:
        """Describe the text.

        Args:
            allow: kinds of placeholders; () takes the text as it is.
            check: says what is wrong with the text (without its placeholders), or nothing.
            most: characters.
            empty: whether nothing is fine.
            later: a text with placeholders is checked only when they are resolved.
            pattern: what `check` says as far as an expression can, for editors.
        """
        self._pattern = pattern
        self._later = later
        self._allow = allow
        self._check = check
        self._most = most
        self._empty = empty

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        if not isinstance(value, str):
            problems.add(path, f"{show(value)} is not text; put it in quotes")
            return BAD
        problem = self.problem(value)
        if problem:
            problems.add(path, problem)
            return BAD
        return value

    def problem(self, text: str) -> str:
        """What is wrong, in words; empty when nothing is."""
        if not text and not self._empty:
            return "is empty"
        if len(text) > self._most:
            return f"is longer than {self._most:,} characters"
        literal = text
        if self._allow:
            try:
                segments = grammar.split(text)
            except ValueError as error:
                return str(error)
            for segment in segments:
                if isinstance(segment, grammar.Placeholder) and segment.kind not in self._allow:
                    return _not_here(segment, self._allow)
            if self._later and any(isinstance(segment, grammar.Placeholder) for segment in segments):
                return ""
            literal = "".join(segment if isinstance(segment, str) else "1" for segment in segments)
        return self._check(literal) if self._check else ""

    def _schema(self) -> Schema:
        schema: Schema = {"type": "string"} if self._empty else {"type": "string", "minLength": 1}
        return schema | {"pattern": self._pattern} if self._pattern else schema


def _not_here(placeholder: grammar.Placeholder, allowed: tuple[str, ...]) -> str:
    if set(allowed) <= set(grammar.SECRET_KINDS):
        return f"{placeholder} cannot change between requests here; only ${{env:NAME}} and ${{file:path}} can be used"
    return f"{placeholder} cannot be used here"


class Number(Kind):
    """A finite number in a range; true and false are none."""

    def __init__(
        self,
        *,
        low: float = 0.0,
        high: float = math.inf,
        above: bool = False,
        whole: bool = False,
        quoted: bool = False,
    ) -> None:
        """Describe the number: from low (above it with `above`) to high; with `quoted` its digits may be text."""
        self._quoted = quoted
        self._low = low
        self._high = high
        self._above = above
        self._whole = whole

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        problem = ""
        if isinstance(value, str) and value.isdecimal() and len(value) < 20:
            if not self._quoted:
                problems.add(path, f"{show(value)} is text; write the number without quotes: {value}")
                return BAD
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int | float):
            problem = f"{show(value)} is not a number"
        elif isinstance(value, int) and abs(value) > MOST_NUMBER:
            problem = f"is too far from 0; at most {min(self._high, MOST_NUMBER):,.10g}"
        elif not math.isfinite(value):
            problem = f"{value} is not a finite number"
        elif self._whole and not float(value).is_integer():
            problem = f"{value} is not a whole number"
        elif value < self._low or (self._above and value == self._low):
            problem = f"{value:,.10g} is too little; must be {'above' if self._above else 'at least'} {self._low:g}"
        elif value > self._high:
            problem = f"{value:,.10g} is too much; at most {self._high:,.10g}"
        else:
            return int(value) if self._whole else float(value)
        problems.add(path, problem)
        return BAD

    def write(self, value: float) -> object:
        """Whole numbers without a point."""
        return _plain(value)

    def _schema(self) -> Schema:
        schema: Schema = {"type": "integer" if self._whole else "number"}
        schema["exclusiveMinimum" if self._above else "minimum"] = _plain(self._low)
        if math.isfinite(self._high):
            schema["maximum"] = _plain(self._high)
        return {"anyOf": [schema, {"type": "string", "pattern": r"^\d+$"}]} if self._quoted else schema


class Flag(Kind):
    """True or false."""

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        if isinstance(value, bool):
            return value
        problems.add(path, f"{show(value)} is neither true nor false (without quotes)")
        return BAD

    def _schema(self) -> Schema:
        return {"type": "boolean"}


class Duration(Kind):
    """A duration with a unit, read as seconds."""

    def __init__(self, *, high: float = 24 * 3600.0, zero: bool = False) -> None:
        """Describe the duration: up to `high` seconds, and none at all with `zero`."""
        self._high = high
        self._zero = zero

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        problem = ""
        if isinstance(value, int | float) and not isinstance(value, bool) and value - value == 0:
            problem = f'{show(value)} has no unit; write it as text with one, such as "{show(value)}s"'
        elif not isinstance(value, str):
            problem = f'{show(value)} is not a duration; write it as "30s", "2m" or "1h"'
        else:
            try:
                seconds = 0.0 if value.strip() == "0" else parse_duration(value[:200])
            except ValueError as error:
                problem = safe_text(str(error))
            else:
                if seconds > self._high:
                    problem = f"{safe_text(value, 40)} is too long; at most {format_duration(self._high)}"
                elif not seconds and not self._zero:
                    problem = "must be above 0"
                else:
                    return seconds
        problems.add(path, problem)
        return BAD

    def write(self, value: float) -> object:
        """With a unit."""
        return format_duration(value)

    def _schema(self) -> Schema:
        return {"type": "string", "pattern": r"^\s*(0|(\d+(\.\d+)?\s*(us|µs|ms|s|m|min|h)\s*)+)$", "examples": ["30s"]}


class Size(Kind):
    """A number of bytes with a unit."""

    def __init__(self, *, low: int, high: int) -> None:
        """Describe the size: from low to high bytes."""
        self._low = low
        self._high = high

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        problem = f'{show(value)} is not a size; write it as "10MiB" or "500kB"'
        if isinstance(value, str):
            try:
                size = parse_size(value[:100])
            except ValueError as error:
                problem = safe_text(str(error))
            else:
                if self._low <= size <= self._high:
                    return size
                problem = f"{safe_text(value, 40)} is not between {_size_text(self._low)} and {_size_text(self._high)}"
        problems.add(path, problem)
        return BAD

    def write(self, value: int) -> object:
        """With the largest unit that it is a whole number of."""
        return _size_text(value)

    def _schema(self) -> Schema:
        return {"type": "string", "pattern": r"^\s*\d+(\.\d+)?\s*([kKmMgG][iI]?)?[bB]\s*$", "examples": ["10MiB"]}


def _size_text(size: int) -> str:
    for unit, scale in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if size % scale == 0:
            return f"{size // scale}{unit}"
    return f"{size}B"


class Choice(Kind):
    """One of some words."""

    def __init__(self, *options: str) -> None:
        self._options = options

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        if isinstance(value, str) and value in self._options:
            return value
        words = ", ".join(self._options)
        guess = nearest(value, self._options) if isinstance(value, str) else ""
        problems.add(path, f"{show(value)} is none of {words}{guess}")
        return BAD

    def _schema(self) -> Schema:
        return {"enum": list(self._options)}


class ListOf(Kind):
    """A list, read as a tuple."""

    def __init__(
        self, member: Kind, *, single: bool = False, table: bool = False, least: int = 0, most: int = 10_000
    ) -> None:
        """Describe the list; with `single` one member may stand alone, with `table` one that is a table."""
        self._table = table
        self._member = member
        self._single = single
        self._least = least
        self._most = most

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        if not isinstance(value, list):
            if self._single:
                only = self._member.read(value, path, problems)
                return BAD if only is BAD else (only,)
            if self._table and isinstance(value, Mapping):
                if value and all(isinstance(inner, Mapping) for inner in value.values()):
                    problems.add(path, f"holds tables by name; write each as [[{path[-1]}]] with its name in it")
                    return BAD
                only = self._member.read(value, path, problems)
                return BAD if only is BAD else (only,)
            problems.add(path, f"{show(value)} is not a list; put it in [ ]")
            return BAD
        if not self._least <= len(value) <= self._most:
            problems.add(path, f"has {len(value):,} members; {self._least} to {self._most:,} are possible")
            return BAD
        members = [self._member.read(member, (*path, number), problems) for number, member in enumerate(value)]
        return BAD if any(member is BAD for member in members) else tuple(members)

    def write(self, value: Sequence[Any]) -> object:
        """One member stands alone where it may."""
        members = [self._member.write(member) for member in value]
        return members[0] if self._single and len(members) == 1 else members

    def _schema(self) -> Schema:
        schema: Schema = {"type": "array", "items": self._member.schema()}
        if self._least:
            schema["minItems"] = self._least
        return {"anyOf": [schema, self._member.schema()]} if self._single or self._table else schema


class OneOrMore(Kind):
    """A value, or a list of such values."""

    def __init__(self, member: Kind) -> None:
        self._member = member

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        if not isinstance(value, list):
            return self._member.read(value, path, problems)
        members = [self._member.read(member, (*path, number), problems) for number, member in enumerate(value)]
        return BAD if any(member is BAD for member in members) else members

    def _schema(self) -> Schema:
        return {"anyOf": [self._member.schema(), {"type": "array", "items": self._member.schema()}]}


class MapOf(Kind):
    """A table with free names, read as a dict."""

    def __init__(self, member: Kind, *, check_name: Callable[[str], str] | None = None) -> None:
        self._member = member
        self._check_name = check_name

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        if not isinstance(value, Mapping):
            problems.add(path, f"{show(value)} is not a table; write it as {{ name = value }}")
            return BAD
        result: dict[str, object] = {}
        for name, inner in value.items():
            problem = self._check_name(name) if self._check_name else ""
            if problem:
                problems.add((*path, name), problem)
            result[name] = BAD if problem else self._member.read(inner, (*path, name), problems)
        return BAD if any(inner is BAD for inner in result.values()) else result

    def write(self, value: Mapping[str, Any]) -> object:
        """The table."""
        return {name: self._member.write(inner) for name, inner in value.items()}

    def _schema(self) -> Schema:
        return {"type": "object", "additionalProperties": self._member.schema()}


def show(value: object) -> str:
    """A value as the file has it, cut short."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return repr(safe_text(value, 60))
    if isinstance(value, Mapping):
        return "a table"
    if isinstance(value, int) and abs(value) > MOST_NUMBER:
        return "a very large number"
    return "a list" if isinstance(value, list) else safe_text(f"{value}", 60)


def _plain(number: float) -> float | int:
    return int(number) if float(number).is_integer() else number
