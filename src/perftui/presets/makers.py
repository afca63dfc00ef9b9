"""Makers: what a placeholder becomes for one request, quoted for its place. Called on the request path."""

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
    return lambda values, _: options[int(values.draw() * count)]


def _rand(low: str, high: str) -> Maker:
    digits = max(len(bound.partition(".")[2]) for bound in (low, high))
    if not digits:
        first, span = int(low), int(high) - int(low) + 1
        return lambda values, _: str(first + int(values.draw() * span))
    lowest, width = float(low), float(high) - float(low)
    return lambda values, _: f"{lowest + values.draw() * width:.{digits}f}"


# Not seeded by the plan: an identifier of the last run would be taken in this one.
_unique_bytes = Random().randbytes
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


def _uuid(_values: ValueStream, _: Variables) -> str:
    # Version 4 and variant 1 set by hand: uuid.UUID costs four times as much.
    text = _unique_bytes(16).hex()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:]}"


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


def inside_json(value: str) -> str:
    """A text as it stands between the quotes of a JSON string."""
    return msgspec.json.encode(value)[1:-1].decode()


_QUOTE: dict[Quoting, Callable[[str], str]] = {
    "path": _quote_component,
    "query": _quote_component,
    "form": _quote_component,
    "header": _header,
    "json": inside_json,
}


_PRINTABLE = "".join(map(chr, range(0x21, 0x7F)))


def quote_literal(text: str, quoting: Quoting) -> str:
    """A literal as it stands in its place. A path is left as it is, but for what no request line can hold."""
    if quoting == "path":
        return quote(text, safe=_PRINTABLE)
    return text if quoting == "none" else _QUOTE[quoting](text)


def make_typed(placeholder: Placeholder) -> Maker:
    """The maker of a placeholder that is all of a JSON string: numbers are written without quotes."""
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
