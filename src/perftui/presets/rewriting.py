"""Every string, or every request, of a plan changed by one function."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from perftui.model.plan import Operation, Plan

T = TypeVar("T")
_NAMES = frozenset({"name", "title", "description", "driver"})


def rewrite_strings(value: T, change: Callable[[str], str]) -> T:
    """The value with `change` applied to every string in it, keys of tables as well.

    What parts of a plan are called is kept: results are found by it. Parts that stay the same are kept, not copied.
    """
    return _rewrite(value, change)  # type: ignore[no-any-return]  # a value becomes one of its own type


def rewrite_operations(plan: Plan, change: Callable[[Operation], Operation]) -> Plan:
    """The plan with `change` applied to every request in it: of the load, before and after it, and of the log-in."""

    def every(operations: tuple[Operation, ...]) -> tuple[Operation, ...]:
        return tuple(map(change, operations))

    target = plan.target
    if target.auth and (login := target.auth.login):
        login = replace(login, request=change(login.request))
        target = replace(target, auth=replace(target.auth, login=login))
    return replace(
        plan,
        target=target,
        operations=every(plan.operations),
        journeys=tuple(replace(journey, steps=every(journey.steps)) for journey in plan.journeys),
        before=every(plan.before),
        after=every(plan.after),
    )


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
