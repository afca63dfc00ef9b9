"""Redis as a driver: `redis = ["GET", "item:1"]`, or a list of such lists, which is a pipeline."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perftui.model.plan import Operation, Phase, Plan
from perftui.presets.kinds import BAD, Kind, Schema, Text, show
from perftui.presets.problems import KeyPath, Problems
from perftui.presets.request_format import ANY_PLACEHOLDER
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.captures import CleanUpValues
    from perftui.engine.clients.client import Addresses, Client, Done, Driver, Sample
    from perftui.engine.clients.redis.operation import RedisOperation
    from perftui.metrics.recorder import CellRecorder
    from perftui.presets.values import ValueStream

_MOST_WORDS = 10_000
_READS = frozenset({
    "BITCOUNT", "BITPOS", "DBSIZE", "ECHO", "EXISTS", "EXPIRETIME", "GEODIST", "GEOHASH", "GEOPOS", "GEOSEARCH",
    "GET", "GETBIT", "GETRANGE", "HEXISTS", "HGET", "HGETALL", "HKEYS", "HLEN", "HMGET", "HRANDFIELD", "HSCAN",
    "HSTRLEN", "HVALS", "INFO", "KEYS", "LCS", "LINDEX", "LLEN", "LPOS", "LRANGE", "MGET", "OBJECT", "PEXPIRETIME",
    "PFCOUNT", "PING", "PTTL", "RANDOMKEY", "SCAN", "SCARD", "SDIFF", "SINTER", "SINTERCARD", "SISMEMBER", "SMEMBERS",
    "SMISMEMBER", "SRANDMEMBER", "SSCAN", "STRLEN", "SUBSTR", "SUNION", "TIME", "TTL", "TYPE", "XINFO", "XLEN",
    "XRANGE", "XREAD", "XREVRANGE", "ZCARD", "ZCOUNT", "ZDIFF", "ZINTER", "ZLEXCOUNT", "ZMSCORE", "ZRANDMEMBER",
    "ZRANGE", "ZRANGEBYLEX", "ZRANGEBYSCORE", "ZRANK", "ZREVRANGE", "ZREVRANGEBYSCORE", "ZREVRANK", "ZSCAN", "ZSCORE",
    "ZUNION",
})  # fmt: skip
"""Commands that certainly change nothing."""
_OF_CONNECTION = {
    **dict.fromkeys(("AUTH", "HELLO", "SELECT"), "belongs to the URL: redis://USER:PASSWORD@HOST:PORT/DATABASE"),
    **dict.fromkeys(("QUIT", "RESET"), "ends the connection, which other requests use"),
    **dict.fromkeys(
        ("MONITOR", "SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE", "SYNC", "PSYNC"),
        "turns the connection into a stream; a request has one answer",
    ),
}


class Commands(Kind):
    """A command, or a list of commands."""

    _word = Text(allow=ANY_PLACEHOLDER, empty=True, most=10_000_000)

    def _read(self, value: object, path: KeyPath, problems: Problems) -> object:
        if not isinstance(value, list) or not value:
            problems.add(path, f'{show(value)} is no command; write it as ["GET", "key"]')
            return BAD
        if not isinstance(value[0], list):
            return self._command(value, path, problems)
        commands = [self._command(command, (*path, at), problems) for at, command in enumerate(value)]
        return BAD if BAD in commands else commands

    def _command(self, value: object, path: KeyPath, problems: Problems) -> object:
        if not isinstance(value, list) or not value or len(value) > _MOST_WORDS:
            problems.add(path, f'{show(value)} is no command; write it as ["GET", "key"]')
            return BAD
        words = [self._text(word, (*path, at), problems) for at, word in enumerate(value)]
        if BAD in words:
            return BAD
        name = str(words[0]).upper()
        if "${" in name or not name.strip():
            problems.add((*path, 0), "the name of a command is written as it is")
            return BAD
        if name in _OF_CONNECTION:
            problems.add((*path, 0), f"{name} {_OF_CONNECTION[name]}")
            return BAD
        return words

    def _text(self, word: object, path: KeyPath, problems: Problems) -> object:
        if isinstance(word, int | float) and not isinstance(word, bool):
            return str(word)
        return self._word.read(word, path, problems)

    def _schema(self) -> Schema:
        command = {"type": "array", "minItems": 1, "items": {"type": ["string", "number"]}}
        return {"anyOf": [command, {"type": "array", "minItems": 1, "items": command}]}


class RedisDriver:
    """Commands over the protocol of Redis, RESP 2 or 3, plain or with TLS."""

    name = "redis"
    schemes: Mapping[str, int] = {"redis": 6379, "rediss": 6379}
    keys: Mapping[str, Key] = {
        "redis": Key(Commands(), "Command and arguments; a list of such lists is a pipeline.", required=True)
    }

    default_url = ""

    def located(self, request: Mapping[str, Any], directory: Path) -> dict[str, Any]:  # noqa: ARG002 - of the interface
        """As presets.drivers.DriverFormat: it names no files."""
        return dict(request)

    def missing(self) -> str:
        """Nothing that does not come with perftui."""
        return ""

    def only_reads(self, request: Mapping[str, Any]) -> bool:
        """Whether every command is one of those that change nothing."""
        said = request.get("redis") or [""]
        commands = said if isinstance(said[0], list | tuple) else [said]
        return all(str(command[0]).upper() in _READS for command in commands)

    def preparer(
        self, plan: Plan, values: ValueStream, variables: Mapping[str, str], clean_up: CleanUpValues
    ) -> RedisPreparer:
        """As clients.client.Driver."""
        from perftui.engine.clients.redis.pool import greeting_of

        greeting_of(plan.target.url)
        return RedisPreparer(values, variables, clean_up)

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
        from perftui.engine.clients.redis.pool import RedisPool

        return RedisPool(loop, plan.target, addresses, most=most, done=done, sample=sample)

    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:
        """As clients.client.Driver: one PING, after the password."""
        from perftui.engine.clients.captures import CleanUpValues
        from perftui.engine.clients.greet import greet
        from perftui.engine.clients.redis.operation import RedisOperation
        from perftui.presets.values import ValueStream

        ping = Operation(name="PING", driver=self.name, request={"redis": ["PING"]})
        loop = asyncio.get_running_loop()
        return await greet(
            plan,
            addresses,
            lambda done, sample, good: self.connect(loop, plan, good, most=1, done=done, sample=sample),
            lambda cells: RedisOperation(ping, cells, CleanUpValues(frozenset()), ValueStream(), {}),
        )


class RedisPreparer:
    """Prepares operations of Redis."""

    def __init__(self, values: ValueStream, variables: Mapping[str, str], clean_up: CleanUpValues) -> None:
        self._values = values
        self._variables = variables
        self._clean_up = clean_up

    def prepare(
        self,
        operation: Operation,
        cells: Mapping[Phase, CellRecorder],
        *,
        in_journey: bool,  # noqa: ARG002 - replies are kept whole wherever somebody looks at them
        whole: bool = False,
    ) -> RedisOperation:
        """As clients.client.Preparer."""
        from perftui.engine.clients.redis.operation import RedisOperation

        return RedisOperation(operation, cells, self._clean_up, self._values, self._variables, whole=whole)

    def replace_headers(self, headers: Mapping[str, str]) -> None:
        """There are none."""


DRIVER: Driver = RedisDriver()
