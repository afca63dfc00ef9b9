"""Paths into JSON: `$.items[0].id`, `$['a b']`, `$.items[*].id`, `items.0.id`. A part of JSONPath."""

from __future__ import annotations

import re
from typing import Final

from perftui.model.text import safe_text
from perftui.model.units import whole_number


class Missing:
    """What a path that leads nowhere finds; None is a value."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()
_MOST_STEPS = 64
_STEP = re.compile(
    r"""\.?\[(?:(?P<index>-?\d{1,9})|'(?P<single>[^']*)'|"(?P<double>[^"]*)"|(?P<each>\*))\]|\.(?P<star>\*)|\.(?P<key>[^.\[\]]+)"""
)
Step = str | int | None
"""Key, index, or None for every member."""


class JsonPath:
    """A compiled path."""

    __slots__ = ("_steps", "text")

    def __init__(self, text: str, steps: tuple[Step, ...]) -> None:
        self.text = text
        self._steps = steps

    @classmethod
    def compile(cls, text: str) -> JsonPath:
        """Read a path.

        Raises:
            ValueError: the text is no path; the message says where it stops being one.
        """
        rest = text.strip()
        rest = rest[1:] if rest.startswith("$") else f".{rest}" if rest and not rest.startswith(("[", ".")) else rest
        steps: list[Step] = []
        position = 0
        while position < len(rest):
            match = _STEP.match(rest, position)
            if match is None:
                raise ValueError(
                    f"{safe_text(text, 60)!r} is no JSON path at {safe_text(rest[position:], 20)!r}; "
                    "write it as $.items[0].id"
                )
            steps.append(_step(match))
            position = match.end()
        if not text.strip():
            raise ValueError("an empty JSON path finds nothing; write it as $.items[0].id")
        if len(steps) > _MOST_STEPS:
            raise ValueError(f"a JSON path has at most {_MOST_STEPS} steps")
        return cls(text, tuple(steps))

    def find(self, document: object) -> object:
        """The first value the path leads to, or MISSING."""
        value = document
        for number, step in enumerate(self._steps):
            if step is None:
                return next(iter(_follow(value, self._steps[number:])), MISSING)
            value = _into(value, step)
            if value is MISSING:
                return MISSING
        return value


def _step(match: re.Match[str]) -> Step:
    if match["index"] is not None:
        return int(match["index"])
    for group in ("single", "double", "key"):
        if match[group] is not None:
            return match[group]
    return None


def _into(value: object, step: str | int) -> object:
    if isinstance(value, dict):
        return value.get(step if isinstance(step, str) else str(step), MISSING)
    if isinstance(value, list):
        if isinstance(step, str):
            number = whole_number(step)
            if number is None:
                return MISSING
            step = number
        return value[step] if -len(value) <= step < len(value) else MISSING
    return MISSING


def _follow(document: object, steps: tuple[Step, ...]) -> list[object]:
    found = [document]
    for step in steps:
        if step is None:
            found = [inner for value in found for inner in _members(value)]
        else:
            found = [inner for value in found if (inner := _into(value, step)) is not MISSING]
    return found


def _members(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    return list(value.values()) if isinstance(value, dict) else []
