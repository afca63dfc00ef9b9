"""The readable form of what a file has as bytes, and only where perftui sends these very bytes for it."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, unquote

import msgspec

from perftui.presets import grammar

_NUMBER = re.compile(r"0|-?[1-9]\d{0,14}")
_OWN_TYPE = frozenset({"seq", "rand", "number", "data", "choice", "now"})
"""Placeholders that lose their quotes when they are all of a JSON string."""
_NOT_IN_URLS = re.compile(r"[^\x21-\x7e]|[\"<>`{}]")


def pairs_of(text: str, *, may_repeat: bool, with_placeholders: bool) -> list[tuple[str, str]] | None:
    """Names and values of a query or form, decoded; None where encoding them again gives other bytes.

    Args:
        text: of a preset, as it is sent.
        may_repeat: whether a name may come again, right after itself.
        with_placeholders: whether values for placeholders are encoded wherever they stand.
    """
    pairs: list[tuple[str, str]] = []
    for piece in text.split("&"):
        name, equals, value = piece.partition("=")
        if not equals or not name:
            return None
        if not with_placeholders and not _is_made_of_digits(piece):
            return None
        decoded = _decoded(name), _decoded(value)
        if decoded[0] is None or decoded[1] is None:
            return None
        pairs.append((decoded[0], decoded[1]))
    names = [name for name, _ in pairs]
    order = list(dict.fromkeys(names))
    if (len(order) < len(names)) and (not may_repeat or sorted(names, key=order.index) != names):
        return None
    return pairs


def _decoded(text: str) -> str | None:
    """Preset text of what was encoded; None when it would be encoded otherwise."""
    try:
        segments = grammar.split(text)
    except ValueError:
        return None
    decoded: list[grammar.Segment] = []
    for segment in segments:
        if isinstance(segment, str):
            plain = unquote(segment, errors="strict") if "\ufffd" not in segment and _is_utf8(segment) else None
            if plain is None or quote(plain, safe="") != segment:
                return None
            decoded.append(plain)
        else:
            decoded.append(segment)
    return grammar.join(decoded)


def _is_made_of_digits(text: str) -> bool:
    """Whether the placeholders of a text give nothing that would be encoded."""
    try:
        return all(
            one.kind in {"seq", "uuid", "rand"} or one.argument in {"s", "ms"} for one in grammar.placeholders(text)
        )
    except ValueError:
        return False


def _is_utf8(text: str) -> bool:
    try:
        unquote(text, errors="strict")
    except UnicodeDecodeError:
        return False
    return True


def query_value(text: str) -> str | int:
    """A query parameter as one would write it."""
    return int(text) if _NUMBER.fullmatch(text) else text


def document_of(body: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The JSON document of a body that is written as perftui writes it; None of any other."""
    document = json_of(body)
    if document is None or holds(document, lambda value: isinstance(value, str) and _loses_quotes(value)):
        return None
    try:
        return document if msgspec.json.encode(document).decode() == body else None
    except (msgspec.ValidationError, UnicodeEncodeError, ValueError):
        return None


def json_of(body: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """A body as a document that TOML can hold, or None: TOML has no null."""
    try:
        document = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    return document if fits_toml(document) else None


def fits_toml(document: object) -> bool:
    """Whether TOML can hold a document: it has no null."""
    return not holds(document, _not_in_toml)


def holds(value: object, test: Callable[[object], bool]) -> bool:
    """Whether anything in a document passes a test."""
    match value:
        case dict():
            return any(holds(inner, test) for inner in value.values())
        case list():
            return any(holds(inner, test) for inner in value)
        case _:
            return bool(test(value))


def _not_in_toml(value: object) -> bool:
    return value is None or (isinstance(value, int) and abs(value) >= 2**63)


def _loses_quotes(text: str) -> bool:
    try:
        segments: Sequence[grammar.Segment] = grammar.split(text)
    except ValueError:
        return True
    only = segments[0] if len(segments) == 1 else ""
    return isinstance(only, grammar.Placeholder) and only.kind in _OWN_TYPE


def sendable(text: str) -> str:
    """A part of a URL with what no URL may hold percent-encoded."""
    return _NOT_IN_URLS.sub(lambda match: quote(match[0], safe="", errors="replace"), text)
