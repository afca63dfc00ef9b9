"""Templates: text and JSON with `${...}`, compiled once, rendered per request without a regular expression.

A template is cut into literals and makers when it is compiled; rendering calls the makers and joins. Literals are
quoted for their place (path, query, header, ...) at compile time, made values when they are rendered.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from perftui.presets import grammar
from perftui.presets.grammar import Placeholder
from perftui.presets.makers import Maker, Quoting, Variables, inside_json, make, make_typed, quote_literal
from perftui.presets.values import ValueStream

__all__ = ["TYPED_KINDS", "JsonTemplate", "Quoting", "Template"]

TYPED_KINDS = frozenset({"seq", "rand", "number", "data", "choice"})
"""Placeholders that keep the type of their value where they stand alone."""


class Template:
    """A text with placeholders.

    Attributes:
        render: `(values, variables) -> str`; KeyError names a variable that was not captured, ValueError says that a
            value cannot stand in a header.
        is_static: the text is the same for every request.
        is_repeatable: a rendered text may be sent again.
        is_anybodys: rendering cannot fail, and needs nothing of a user's own.
        names: captured variables it uses.
    """

    __slots__ = ("_parts", "_placeholders", "is_anybodys", "is_repeatable", "is_static", "names", "render")

    def __init__(self, parts: tuple[str | Maker, ...], placeholders: tuple[Placeholder, ...]) -> None:
        self._parts = parts
        self._placeholders = placeholders
        self.render: Maker = _renderer(parts)
        self.is_static = not placeholders
        self.is_repeatable = all(placeholder.is_repeatable for placeholder in placeholders)
        self.is_anybodys = all(placeholder.is_anybodys for placeholder in placeholders)
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
            quote_literal(segment, quoting) if isinstance(segment, str) else make(segment, quoting)
            for segment in segments
        ]
        return cls(tuple(parts), tuple(segment for segment in segments if isinstance(segment, Placeholder)))

    @classmethod
    def joined(cls, pieces: Sequence[str | Template]) -> Template:
        """One template of texts, which stand as they are, and templates: rendered at once, not one by one."""
        parts: list[str | Maker] = []
        found: list[Placeholder] = []
        for piece in pieces:
            if isinstance(piece, str):
                parts.append(piece)
            else:
                parts += piece._parts  # noqa: SLF001 - another instance of this class
                found += piece._placeholders  # noqa: SLF001 - another instance of this class
        return cls(_merge(parts), tuple(found))


class JsonTemplate:
    """A JSON document with placeholders in its strings; a string that is one placeholder keeps the value's type.

    Attributes: as Template; `render` gives UTF-8 bytes.
    """

    __slots__ = ("_template", "is_anybodys", "is_repeatable", "is_static", "names")

    def __init__(self, template: Template) -> None:
        self._template = template
        self.is_static = template.is_static
        self.is_repeatable = template.is_repeatable
        self.is_anybodys = template.is_anybodys
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
        if placeholder.kind in TYPED_KINDS or placeholder.argument in {"s", "ms"}:
            found.append(placeholder)
            parts.append(make_typed(placeholder))
            return
    _write_string(text, parts, found)


def _write_string(text: str, parts: list[str | Maker], found: list[Placeholder]) -> None:
    parts.append('"')
    for segment in grammar.split(text):
        if isinstance(segment, str):
            parts.append(inside_json(segment))
        else:
            found.append(segment)
            parts.append(make(segment, "json"))
    parts.append('"')


def _merge(parts: list[str | Maker]) -> tuple[str | Maker, ...]:
    merged: list[str | Maker] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged)
