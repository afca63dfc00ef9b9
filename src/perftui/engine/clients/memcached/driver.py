"""Memcached as a driver: `memcached = ["get", "item:1"]`, `["set", "item:1", "value", 60]`."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perftui.model.plan import Operation, Phase, Plan
from perftui.presets.kinds import BAD, Kind, Schema, Text, show
from perftui.presets.problems import KeyPath, Problems, nearest
from perftui.presets.request_format import ANY_PLACEHOLDER
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.captures import CleanUpValues
    from perftui.engine.clients.client import Addresses, Client, Done, Sample
    from perftui.engine.clients.memcached.operation import MemcachedOperation
    from perftui.metrics.recorder import CellRecorder
    from perftui.presets.values import ValueStream

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


class MemcachedDriver:
    """Commands over Memcached's text protocol."""

    name = "memcached"
    schemes: Mapping[str, int] = {"memcached": 11211, "memcacheds": 11211}
    keys: Mapping[str, Key] = {
        "memcached": Key(
            Command(), "Command and its words: get, set, delete, incr, touch and their like.", required=True
        )
    }

    def missing(self) -> str:
        """Nothing that does not come with perftui."""
        return ""

    def only_reads(self, request: Mapping[str, Any]) -> bool:
        """Whether it is a get."""
        return str(request["memcached"][0]).lower() in {"get", "gets"}

    def preparer(
        self,
        plan: Plan,  # noqa: ARG002 - of the interface
        values: ValueStream,
        variables: Mapping[str, str],
        clean_up: CleanUpValues,
    ) -> MemcachedPreparer:
        """As clients.client.Driver."""
        return MemcachedPreparer(values, variables, clean_up)

    def connect(
        self,
        loop: asyncio.AbstractEventLoop,
        plan: Plan,
        addresses: Addresses,
        *,
        most: int,
        done: Done,
        sample: Sample,
    ) -> Client:
        """As clients.client.Driver."""
        from perftui.engine.clients.memcached.connection import MemcachedConnection, MemcachedTlsConnection
        from perftui.engine.clients.stream_pool import StreamPool

        encrypted = MemcachedTlsConnection if plan.target.url.lower().startswith("memcacheds:") else None
        return StreamPool(
            loop, plan.target, addresses, MemcachedConnection, encrypted, most=most, done=done, sample=sample
        )

    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:
        """As clients.client.Driver: asks for a key that is nobody's."""
        from perftui.engine.clients.captures import CleanUpValues
        from perftui.engine.clients.greet import greet
        from perftui.engine.clients.memcached.operation import MemcachedOperation
        from perftui.presets.values import ValueStream

        get = Operation(name="get", driver=self.name, request={"memcached": ["get", "hello"]})
        loop = asyncio.get_running_loop()
        return await greet(
            plan,
            addresses,
            lambda done, sample, good: self.connect(loop, plan, good, most=1, done=done, sample=sample),
            lambda cells: MemcachedOperation(get, cells, CleanUpValues(frozenset()), ValueStream(), {}),
        )


class MemcachedPreparer:
    """Prepares operations of Memcached."""

    def __init__(self, values: ValueStream, variables: Mapping[str, str], clean_up: CleanUpValues) -> None:
        self._values = values
        self._variables = variables
        self._clean_up = clean_up

    def prepare(
        self,
        operation: Operation,
        cells: Mapping[Phase, CellRecorder],
        *,
        in_journey: bool,  # noqa: ARG002 - answers are kept whole anyway
        whole: bool = False,  # noqa: ARG002 - the same
    ) -> MemcachedOperation:
        """As clients.client.Preparer."""
        from perftui.engine.clients.memcached.operation import MemcachedOperation

        return MemcachedOperation(operation, cells, self._clean_up, self._values, self._variables)

    def replace_headers(self, headers: Mapping[str, str]) -> None:
        """There are none."""


DRIVER = MemcachedDriver()
