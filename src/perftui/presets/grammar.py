"""The grammar of `${...}`: text in, literals and placeholders out. Nothing is looked up or evaluated here.

A placeholder is `${NAME}` or `${KIND:ARGUMENT}`, up to the next `}`; it cannot be nested. `${$}` is a dollar sign, so a
literal `${x}` is written `${$}{x}`. One pass over the text, whatever it holds.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from perftui.model.plan import Frozen
from perftui.model.text import safe_text
from perftui.presets.problems import nearest

FAKES = (
    "name", "first_name", "last_name", "username", "email", "phone", "company", "job", "word", "sentence", "paragraph",
    "city", "country", "street", "postcode", "date", "datetime", "time", "url", "ip", "color", "password",
)  # fmt: skip
"""What `${fake:...}` can make."""
KINDS_WITHOUT_ARGUMENT = ("seq", "uuid", "now")
KINDS = ("env", "file", "now", "rand", "choice", "fake", "data", "number")
"""Kinds that take an argument after a colon."""
NOW_FORMATS = ("iso", "date", "s", "ms")
SECRET_KINDS = ("env", "file")
"""Read once, right before the start; never while load runs."""

_VARIABLE = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}")
_ENVIRONMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,255}")
_RANGE = re.compile(r"(-?\d{1,15}(?:\.\d{1,9})?)\.\.(-?\d{1,15}(?:\.\d{1,9})?)")
_COLUMN = re.compile(r"([A-Za-z][A-Za-z0-9_-]*)\.([^}]+)")


class Placeholder(Frozen, frozen=True, kw_only=True):
    """One `${...}`, checked."""

    kind: str
    """`var` for a captured variable, otherwise a name of KINDS or KINDS_WITHOUT_ARGUMENT."""
    argument: str = ""

    @property
    def is_repeatable(self) -> bool:
        """Whether a value made once may be sent again: no number, identifier, time or captured value."""
        return self.kind in {"rand", "choice", "fake", "env", "file"}

    @property
    def is_anybodys(self) -> bool:
        """Whether a worker can make the value for any of its users, and it fits everywhere once the text compiles."""
        return self.is_repeatable or self.kind in {"seq", "uuid", "now"}

    def __str__(self) -> str:
        if self.kind == "var":
            return f"${{{self.argument}}}"
        return f"${{{self.kind}:{self.argument}}}" if self.argument else f"${{{self.kind}}}"


Segment = str | Placeholder


def split(text: str) -> tuple[Segment, ...]:
    """Literals and placeholders in their order; neighbouring literals are one.

    Raises:
        ValueError: a placeholder is unknown, malformed or not closed; the message names the nearest known one.
    """
    if "${" not in text:
        return (text,) if text else ()
    segments: list[Segment] = []
    literals: list[str] = []
    position = 0
    while (start := text.find("${", position)) >= 0:
        literals.append(text[position:start])
        end = text.find("}", start)
        if end < 0:
            raise ValueError(f"{safe_text(text[start:], 40)!r} is not closed with '}}'; a dollar sign alone is ${{$}}")
        inside = text[start + 2 : end]
        position = end + 1
        if inside == "$":
            literals.append("$")
            continue
        placeholder = _read(inside)
        if literal := "".join(literals):
            segments.append(literal)
        literals.clear()
        segments.append(placeholder)
    literals.append(text[position:])
    if literal := "".join(literals):
        segments.append(literal)
    return tuple(segments)


def join(segments: Sequence[Segment]) -> str:
    """The text that splits into these segments."""
    merged: list[str] = []
    literals: list[str] = []
    for segment in segments:
        if isinstance(segment, str):
            literals.append(segment)
        else:
            merged.extend((escape("".join(literals)), str(segment)))
            literals.clear()
    return "".join((*merged, escape("".join(literals))))


def escape(text: str) -> str:
    """The text written so that nothing in it is a placeholder."""
    return text.replace("${", "${$}{")


def literal(text: str) -> str:
    """The text that stands for itself once secrets are resolved: `${$}` is a dollar sign again.

    Raises:
        ValueError: there is a placeholder in it.
    """
    segments = split(text)
    literals = [segment for segment in segments if isinstance(segment, str)]
    if len(literals) < len(segments):
        raise ValueError(f"{text[:40]!r} holds a placeholder, which cannot be used here")
    return "".join(literals)


def placeholders(text: str) -> tuple[Placeholder, ...]:
    """The placeholders of a text.

    Raises:
        ValueError: as split.
    """
    return tuple(segment for segment in split(text) if isinstance(segment, Placeholder))


def parse_range(argument: str) -> tuple[str, str]:
    """The bounds of `rand`, as written.

    Raises:
        ValueError: not two numbers, or the first is above the second.
    """
    match = _RANGE.fullmatch(argument)
    if match is None:
        raise ValueError(f"${{rand:{safe_text(argument, 40)}}} is no range; write it as ${{rand:1..100}}")
    if float(match[1]) > float(match[2]):
        raise ValueError(f"${{rand:{argument}}} is empty: {match[1]} is above {match[2]}")
    return match[1], match[2]


def parse_column(argument: str) -> tuple[str, str]:
    """Data file and column of `data`.

    Raises:
        ValueError: not of the form NAME.column.
    """
    match = _COLUMN.fullmatch(argument)
    if match is None:
        raise ValueError(f"${{data:{safe_text(argument, 40)}}} names no column; write it as ${{data:NAME.column}}")
    return match[1], match[2]


def _read(inside: str) -> Placeholder:
    kind, colon, argument = inside.partition(":")
    if not colon:
        return _read_name(inside)
    if kind not in KINDS:
        raise ValueError(f"${{{safe_text(inside, 40)}}} is unknown{_nearest(kind, KINDS)}")
    match kind:
        case "rand":
            parse_range(argument)
        case "data":
            parse_column(argument)
        case "fake" if argument not in FAKES:
            raise ValueError(f"${{fake:{safe_text(argument, 40)}}} is unknown{_nearest(argument, FAKES)}")
        case "now" if argument not in NOW_FORMATS:
            raise ValueError(f"${{now:{safe_text(argument, 40)}}} is unknown{_nearest(argument, NOW_FORMATS)}")
        case "env" if not _ENVIRONMENT.fullmatch(argument):
            raise ValueError(f"${{env:{safe_text(argument, 40)}}} names no environment variable")
        case "number" if not _VARIABLE.fullmatch(argument):
            raise ValueError(f"${{number:{safe_text(argument, 40)}}} names no captured value")
        case "file" | "choice" if not argument:
            raise ValueError(f"${{{kind}:}} is empty; write it as {_EXAMPLES[kind]}")
        case _:
            pass
    return Placeholder(kind=kind, argument=argument)


_EXAMPLES = {"file": "${file:token.txt}", "choice": "${choice:red|green|blue}"}


def _read_name(name: str) -> Placeholder:
    if name in KINDS_WITHOUT_ARGUMENT:
        return Placeholder(kind=name)
    if name in KINDS:
        raise ValueError(f"${{{name}}} needs an argument, such as ${{{name}:...}}")
    if not _VARIABLE.fullmatch(name):
        raise ValueError(
            f"${{{safe_text(name, 40)}}} is no placeholder; letters, digits, _ and - name a captured value, "
            "and a dollar sign alone is ${$}"
        )
    return Placeholder(kind="var", argument=name)


def _nearest(word: str, known: Sequence[str]) -> str:
    return nearest(word, known) or f"; known: {', '.join(known)}"
