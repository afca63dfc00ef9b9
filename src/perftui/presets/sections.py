"""Tables of a preset file: which keys they have, what each means, what is made of them, and how that is written."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from perftui.presets.kinds import BAD, Kind, Schema, show
from perftui.presets.problems import KeyPath, Problems, nearest_word

Build = Callable[[dict[str, Any], KeyPath, Problems], object]
Rule = Callable[[Sequence[str]], str]
"""Names of the keys that a table has in; what is wrong with having these together out, or nothing."""

Parts = Callable[[Any], Mapping[str, Any]]
"""Of what a table became, its values by key; what is missing is not written."""


class Key:
    """One key of a table."""

    __slots__ = ("doc", "kind", "required", "to")

    def __init__(self, kind: Kind, doc: str, *, to: str = "", required: bool = False) -> None:
        """Describe the key.

        Args:
            kind: of its value.
            doc: one sentence for editors.
            to: the plan's field, when it has another name.
            required: whether the table is useless without it.
        """
        self.kind = kind
        self.doc = doc
        self.to = to
        self.required = required


class Section(Kind):
    """A table with known keys."""

    def __init__(
        self,
        keys: Mapping[str, Key],
        build: Build,
        doc: str = "",
        rule: Rule = lambda _: "",
        parts: Parts | None = None,
        *,
        elsewhere: Mapping[str, str] | None = None,
        schema: Schema | None = None,
    ) -> None:
        """Describe the table.

        Args:
            keys: by name.
            build: makes the plan's part of the values read (by the plan's field names; keys that are absent or wrong
                are missing), may note further mistakes and give BAD. Called only when every key was right.
            doc: one sentence for editors.
            rule: says which keys exclude each other or are needed together; asked whatever else is wrong.
            parts: takes apart what `build` made; None: a struct whose fields are the keys.
            elsewhere: keys that people write here though they belong somewhere else, and where.
            schema: what `rule` says, as JSON Schema.
        """
        self._elsewhere = elsewhere or {}
        self._rule_schema = schema or {}
        self._parts = parts
        self._rule = rule
        self._keys = dict(keys)
        self._build = build
        self._doc = doc

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        if not isinstance(value, Mapping):
            problems.add(path, f"{show(value)} is not a table")
            return BAD
        good = True
        meant: set[str] = set()
        read: dict[str, Any] = {}
        for name, inner in value.items():
            key = self._keys.get(name)
            if key is None:
                if name in self._elsewhere:
                    problems.add((*path, name), f"has no meaning here; it belongs {self._elsewhere[name]}")
                    good = False
                    continue
                guess = nearest_word(name, self._keys)
                known = f"did you mean {guess!r}?" if guess else f"known: {', '.join(self._keys)}"
                problems.add((*path, name), f"unknown key; {known}")
                meant.add(guess)
                good = False
                continue
            result = key.kind.read(inner, (*path, name), problems)
            if result is BAD:
                good = False
            else:
                read[key.to or name] = result
        # One that is misspelt is not missing.
        if problem := self._rule([name for name in self._keys if name in value or name in meant]):
            problems.add(path, problem)
            good = False
        for name, key in self._keys.items():
            if key.required and name not in value and name not in meant:
                problems.add(path, f"{name!r} is missing: {key.doc[0].lower()}{key.doc[1:]}")
                good = False
        return self._build(read, path, problems) if good else BAD

    def write(self, value: Any) -> object:  # noqa: ANN401 - what `build` made
        """The table, without what need not be said."""
        parts = self._parts(value) if self._parts else parts_said(value, self._keys)
        return {name: key.kind.write(parts[name]) for name, key in self._keys.items() if name in parts}

    def _schema(self) -> Schema:
        schema: Schema = {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                name: {**key.kind.schema(), "description": key.doc} for name, key in sorted(self._keys.items())
            },
        }
        required = [name for name, key in self._keys.items() if key.required]
        if required:
            schema["required"] = required
        if self._doc:
            schema["description"] = self._doc
        return schema | self._rule_schema


def exactly_one(*names: str) -> Schema:
    """As JSON Schema: one of these keys, and no other of them."""
    return {"oneOf": [{"required": [name]} for name in names]}


def at_most_one(*names: str) -> Schema:
    """As JSON Schema: no two of these keys together."""
    pairs = [{"required": [one, other]} for at, one in enumerate(names) for other in names[at + 1 :]]
    return {"not": {"anyOf": pairs}}


def parts_said(struct: msgspec.Struct, keys: Mapping[str, Key]) -> dict[str, object]:
    """Fields of a struct that are required or not as they are when nothing is said, by key."""
    defaults = {field.name: _default(field) for field in msgspec.structs.fields(struct)}
    found = {name: (getattr(struct, key.to or name), defaults[key.to or name]) for name, key in keys.items()}
    return {name: value for name, (value, default) in found.items() if keys[name].required or value != default}


def _default(field: msgspec.structs.FieldInfo) -> object:
    return field.default_factory() if field.default_factory is not msgspec.NODEFAULT else field.default


def struct_builder(struct: type[Any]) -> Build:
    """A build that fills a struct of the model."""

    def build(read: dict[str, Any], _path: KeyPath, _problems: Problems) -> object:
        return struct(**read)

    return build
