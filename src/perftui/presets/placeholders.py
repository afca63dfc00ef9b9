"""Templates: text and JSON with `${...}`, compiled once, rendered per request without a regular expression.

A template is cut into literals and makers when it is compiled; rendering calls the makers and joins. Literals are
quoted for their place (path, query, header, ...) at compile time, made values when they are rendered.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from random import Random
from typing import Literal
from urllib.parse import quote

import msgspec

from perftui.presets import grammar
from perftui.presets.fakes import fake_pool
from perftui.presets.grammar import Placeholder
from perftui.presets.values import ValueStream

Quoting = Literal["none", "path", "query", "form", "header", "json"]
Variables = Mapping[str, str]
Maker = Callable[[ValueStream, Variables], str]
_SAFE_KINDS = frozenset({"seq", "uuid", "rand"})
"""Made of digits, letters, `-` and `.` only: right in every place without quoting."""


class Template:
    """A text with placeholders.

    Attributes:
        render: `(values, variables) -> str`; KeyError names a variable that was not captured, ValueError says that a
            value cannot stand in a header.
        is_static: the text is the same for every request.
        is_repeatable: a rendered text may be sent again.
        names: captured variables it uses.
    """

    __slots__ = ("is_repeatable", "is_static", "names", "render")

    def __init__(self, parts: tuple[str | Maker, ...], placeholders: tuple[Placeholder, ...]) -> None:
        self.render: Maker = _renderer(parts)
        self.is_static = not placeholders
        self.is_repeatable = all(placeholder.is_repeatable for placeholder in placeholders)
        self.names = tuple(dict.fromkeys(p.argument for p in placeholders if p.kind in {"var", "number"}))

    @classmethod
    def compile(cls, text: str, quoting: Quoting = "none") -> Template:
        """Read a text.

        Args:
            text: with placeholders; `env` and `file` must have been resolved.
            quoting: the place it is for: values are percent-encoded in `path`, `query` and `form`, refused in `header`
                when they hold line ends, escaped in `json` (inside of a string). Literals of `path` are left alone.

        Raises:
            ValueError: a placeholder is unknown or malformed, or a header holds a line end.
        """
        segments = grammar.split(text)
        parts: list[str | Maker] = [
            _quote_literal(segment, quoting) if isinstance(segment, str) else make(segment, quoting)
            for segment in segments
        ]
        return cls(tuple(parts), tuple(segment for segment in segments if isinstance(segment, Placeholder)))


class JsonTemplate:
    """A JSON document with placeholders in its strings; a string that is one placeholder keeps the value's type.

    Attributes: as Template; `render` gives UTF-8 bytes.
    """

    __slots__ = ("_template", "is_repeatable", "is_static", "names")

    def __init__(self, template: Template) -> None:
        self._template = template
        self.is_static = template.is_static
        self.is_repeatable = template.is_repeatable
        self.names = template.names

    @classmethod
    def compile(cls, document: object) -> JsonTemplate:
        """Read a document.

        Raises:
            ValueError: as Template.compile, or the document cannot be written as JSON.
        """
        parts: list[str | Maker] = []
        found: list[Placeholder] = []
        _write(document, parts, found)
        return cls(Template(_merge(parts), tuple(found)))

    def render(self, values: ValueStream, variables: Variables) -> bytes:
        """The document of one request.

        Raises:
            KeyError: a variable was not captured.
        """
        return self._template.render(values, variables).encode()


def make(placeholder: Placeholder, quoting: Quoting) -> Maker:
    """The maker of a placeholder's text, quoted for its place.

    Raises:
        ValueError: the placeholder must be resolved before load runs.
    """
    maker = _maker(placeholder)
    if quoting == "none" or placeholder.kind in _SAFE_KINDS:
        return maker
    guard = _QUOTE[quoting]
    if placeholder.kind == "fake":
        return _choose(tuple(map(guard, fake_pool(placeholder.argument))))
    if placeholder.kind == "choice":
        return _choose(tuple(map(guard, placeholder.argument.split("|"))))
    return lambda values, variables: guard(maker(values, variables))


def _maker(placeholder: Placeholder) -> Maker:
    argument = placeholder.argument
    match placeholder.kind:
        case "var" | "number":
            return lambda _, variables: variables[argument]
        case "seq":
            return lambda values, _: str(values.number)
        case "uuid":
            return _uuid
        case "now":
            return _NOW[argument or "iso"]
        case "rand":
            return _rand(*grammar.parse_range(argument))
        case "choice":
            return _choose(tuple(argument.split("|")))
        case "fake":
            return _choose(fake_pool(argument))
        case "data":
            name, column = grammar.parse_column(argument)
            return lambda values, _: _text(values.column(name, column))
        case _:
            raise ValueError(f"{placeholder} is read before the start, never while load runs")


def _choose(options: tuple[str, ...]) -> Maker:
    count = len(options)
    return lambda values, _: options[int(values.random.random() * count)]


def _rand(low: str, high: str) -> Maker:
    digits = max(len(bound.partition(".")[2]) for bound in (low, high))
    if not digits:
        first, span = int(low), int(high) - int(low) + 1
        return lambda values, _: str(first + int(values.random.random() * span))
    lowest, width = float(low), float(high) - float(low)
    return lambda values, _: f"{lowest + values.random.random() * width:.{digits}f}"


# Not seeded by the plan: an identifier of the last run would be taken in this one.
_unique = Random()


def _uuid(_values: ValueStream, _: Variables) -> str:
    # Version 4 and variant 1 set by hand: uuid.UUID costs three times as much.
    text = f"{_unique.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62) | (0x4 << 76) | (0x2 << 62):032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def _now_iso(_values: ValueStream, _: Variables) -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


_NOW: dict[str, Maker] = {
    "iso": _now_iso,
    "date": lambda _values, _: datetime.now(UTC).date().isoformat(),
    "s": lambda _values, _: str(int(time.time())),
    "ms": lambda _values, _: str(time.time_ns() // 1_000_000),
}


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return msgspec.json.encode(value).decode()


def _header(value: str) -> str:
    if "\r" in value or "\n" in value or "\0" in value:
        raise ValueError("a header value cannot hold a line end or NUL")
    return value


def _quote_component(value: str) -> str:
    # Most captured values are identifiers: nothing to quote, found out twenty times faster.
    return value if value.isalnum() and value.isascii() else quote(value, safe="")


def _inside_json(value: str) -> str:
    return msgspec.json.encode(value)[1:-1].decode()


_QUOTE: dict[Quoting, Callable[[str], str]] = {
    "path": _quote_component,
    "query": _quote_component,
    "form": _quote_component,
    "header": _header,
    "json": _inside_json,
}


def _quote_literal(text: str, quoting: Quoting) -> str:
    return text if quoting in {"none", "path"} else _QUOTE[quoting](text)


def _renderer(parts: tuple[str | Maker, ...]) -> Maker:
    makers = tuple(part for part in parts if not isinstance(part, str))
    if not makers:
        text = "".join(part for part in parts if isinstance(part, str))
        return lambda _values, _variables: text
    if len(makers) == 1:
        at = parts.index(makers[0])
        before, after = ("".join(p for p in side if isinstance(p, str)) for side in (parts[:at], parts[at + 1 :]))
        only = makers[0]
        return lambda values, variables: before + only(values, variables) + after
    pattern = "".join(part.replace("%", "%%") if isinstance(part, str) else "%s" for part in parts)
    if len(makers) == 2:
        first, second = makers
        return lambda values, variables: pattern % (first(values, variables), second(values, variables))
    return lambda values, variables: pattern % tuple([maker(values, variables) for maker in makers])


def _write(value: object, parts: list[str | Maker], found: list[Placeholder]) -> None:
    match value:
        case str():
            _write_text(value, parts, found)
        case dict():
            parts.append("{")
            for number, (key, inner) in enumerate(value.items()):
                if number:
                    parts.append(",")
                _write_string(str(key), parts, found)
                parts.append(":")
                _write(inner, parts, found)
            parts.append("}")
        case list() | tuple():
            parts.append("[")
            for number, inner in enumerate(value):
                if number:
                    parts.append(",")
                _write(inner, parts, found)
            parts.append("]")
        case _:
            parts.append(msgspec.json.encode(value).decode())


def _write_text(text: str, parts: list[str | Maker], found: list[Placeholder]) -> None:
    segments = grammar.split(text)
    if len(segments) == 1 and isinstance(segments[0], Placeholder):
        placeholder = segments[0]
        if placeholder.kind in {"seq", "rand", "number", "data", "choice"} or placeholder.argument in {"s", "ms"}:
            found.append(placeholder)
            parts.append(_typed(placeholder))
            return
    _write_string(text, parts, found)


def _write_string(text: str, parts: list[str | Maker], found: list[Placeholder]) -> None:
    parts.append('"')
    for segment in grammar.split(text):
        if isinstance(segment, str):
            parts.append(_inside_json(segment))
        else:
            found.append(segment)
            parts.append(make(segment, "json"))
    parts.append('"')


def _typed(placeholder: Placeholder) -> Maker:
    argument = placeholder.argument
    match placeholder.kind:
        case "data":
            name, column = grammar.parse_column(argument)
            return lambda values, _: msgspec.json.encode(values.column(name, column)).decode()
        case "choice":
            options = argument.split("|")
            return _choose(tuple(options if all(map(_is_scalar, options)) else map(_json_string, options)))
        case "number":
            return lambda _, variables: _number(variables[argument])
        case _:
            return _maker(placeholder)


def _number(text: str) -> str:
    return text if _is_scalar(text) else _json_string(text)


def _json_string(text: str) -> str:
    return msgspec.json.encode(text).decode()


def _is_scalar(text: str) -> bool:
    """Whether the text is a JSON number, true, false or null."""
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return False
    return value is None or isinstance(value, bool | int | float)


def _merge(parts: list[str | Maker]) -> tuple[str | Maker, ...]:
    merged: list[str | Maker] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)
