"""Memcached as a driver: `memcached = ["get", "item:1"]`, `["set", "item:1", "value", 60]`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.exchange_driver import ExchangeDriver
from perftui.model.plan import Plan, Target
from perftui.presets.kinds import BAD, Kind, Schema, Text, show
from perftui.presets.problems import KeyPath, Problems, nearest
from perftui.presets.request_format import ANY_PLACEHOLDER
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.client import Driver
    from perftui.engine.clients.memcached.connection import MemcachedPool
    from perftui.engine.clients.memcached.operation import MemcachedOperation

_STORE = ("KEY", "VALUE", "[SECONDS]")
_COMMANDS: dict[str, tuple[str, ...]] = {
    "get": ("KEY", "[KEY …]"),
    "gets": ("KEY", "[KEY …]"),
    **dict.fromkeys(("set", "add", "replace", "append", "prepend"), _STORE),
    "delete": ("KEY",),
    "incr": ("KEY", "NUMBER"),
    "decr": ("KEY", "NUMBER"),
    "touch": ("KEY", "SECONDS"),
}
_MANY = 100


class Command(Kind):
    """A command and its words."""

    _word = Text(allow=ANY_PLACEHOLDER, empty=True, most=10_000_000)

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        if not isinstance(value, list) or not value or not isinstance(value[0], str):
            problems.add(path, f'{show(value)} is no command; write it as ["get", "key"]')
            return BAD
        name = value[0].lower()
        if name not in _COMMANDS:
            problems.add((*path, 0), f"{show(value[0])} is none of {', '.join(_COMMANDS)}{nearest(name, _COMMANDS)}")
            return BAD
        words = _COMMANDS[name]
        least = sum(not word.startswith("[") for word in words)
        most = _MANY if words[-1].endswith("…]") else len(words)
        if not least <= len(value) - 1 <= most:
            problems.add(path, f"write it as {name} {' '.join(words)}, each a member of the list")
            return BAD
        read = [self._text(word, (*path, at), problems) for at, word in enumerate(value)]
        return BAD if BAD in read else read

    def _text(self, word: object, path: KeyPath, problems: Problems) -> object:
        if isinstance(word, int) and not isinstance(word, bool):
            return str(word)
        return self._word.read(word, path, problems)

    def _schema(self) -> Schema:
        return {"type": "array", "minItems": 2, "items": {"type": ["string", "integer"]}}


def _only_reads(request: Mapping[str, Any]) -> bool:
    """Whether it is a get."""
    return str(request["memcached"][0]).lower() in {"get", "gets"}


def _client(_plan: Plan) -> type[MemcachedPool]:
    from perftui.engine.clients.memcached.connection import MemcachedPool

    return MemcachedPool


def _operation(_target: Target) -> type[MemcachedOperation]:
    from perftui.engine.clients.memcached.operation import MemcachedOperation

    return MemcachedOperation


DRIVER: Driver = ExchangeDriver(
    name="memcached",
    schemes={"memcached": 11211, "memcacheds": 11211},
    keys={
        "memcached": Key(
            Command(), "Command and its words: get, set, delete, incr, touch and their like.", required=True
        )
    },
    client=_client,
    operation=_operation,
    only_reads=_only_reads,
    hello={"memcached": ["get", "hello"]},
)
