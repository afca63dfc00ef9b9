"""Every string of a plan changed by one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")
_NAMES = frozenset({"name", "title", "description"})


def rewrite_strings(value: T, change: Callable[[str], str]) -> T:
    """The value with `change` applied to every string in it, keys of tables as well.

    What parts of a plan are called is kept: results are found by it. Parts that stay the same are kept, not copied.
    """
    return _rewrite(value, change)  # type: ignore[no-any-return]


def _rewrite(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - whatever a plan holds
    match value:
        case str():
            return change(value)
        case dict():
            return {change(name): _rewrite(inner, change) for name, inner in value.items()}
        case list():
            return [_rewrite(inner, change) for inner in value]
        case tuple():
            return tuple(_rewrite(inner, change) for inner in value)
        case msgspec.Struct():
            changed = {}
            for field in value.__struct_fields__:
                if field in _NAMES:
                    continue
                old = getattr(value, field)
                new = _rewrite(old, change)
                if new != old:
                    changed[field] = new
            return msgspec.structs.replace(value, **changed) if changed else value
        case _:
            return value
