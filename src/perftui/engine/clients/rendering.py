"""Values of a preset with placeholders, made anew for every request: numbers stay numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from perftui.presets import grammar
from perftui.presets.grammar import Placeholder
from perftui.presets.makers import Variables, make_typed
from perftui.presets.placeholders import TYPED_KINDS, Template
from perftui.presets.values import ValueStream

Renderer = Callable[[ValueStream, Variables], Any]


def compile_value(value: Any) -> Renderer:  # noqa: ANN401 - whatever a preset holds
    """A function that makes the value of one request.

    A string that is one placeholder of a number, a column or a choice keeps the value's type, as in JSON bodies. What
    holds no placeholder is made once and shared: nobody may change it.

    Raises:
        ValueError: a placeholder is unknown or malformed.
    """
    if not varies(value):
        fixed = _literal(value)
        return lambda _values, _variables: fixed
    match value:
        case str():
            return _compile_text(value)
        case dict():
            members = [(name, compile_value(inner)) for name, inner in value.items()]
            return lambda values, variables: {name: make(values, variables) for name, make in members}
        case _:
            makers = [compile_value(inner) for inner in value]
            return lambda values, variables: [make(values, variables) for make in makers]


def varies(value: Any) -> bool:  # noqa: ANN401 - whatever a preset holds
    """Whether it holds a placeholder."""
    match value:
        case str():
            return bool(grammar.placeholders(value))
        case dict():
            return any(map(varies, value.values()))
        case list() | tuple():
            return any(map(varies, value))
        case _:
            return False


def _literal(value: Any) -> Any:  # noqa: ANN401 - whatever a preset holds
    match value:
        case str():
            return grammar.literal(value)
        case dict():
            return {name: _literal(inner) for name, inner in value.items()}
        case list() | tuple():
            return [_literal(inner) for inner in value]
        case _:
            return value


def _compile_text(text: str) -> Renderer:
    segments = grammar.split(text)
    if len(segments) == 1 and isinstance(segments[0], Placeholder) and segments[0].kind in TYPED_KINDS:
        make, decode = make_typed(segments[0]), msgspec.json.decode
        return lambda values, variables: decode(make(values, variables))
    return Template.compile(text).render
