"""Redis as a driver: `redis = ["GET", "item:1"]`, or a list of such lists, which is a pipeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.exchange_driver import ExchangeDriver
from perftui.model.plan import Plan, Target
from perftui.presets.kinds import BAD, Kind, Schema, Text, show
from perftui.presets.problems import KeyPath, Problems
from perftui.presets.request_format import ANY_PLACEHOLDER
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.client import Driver
    from perftui.engine.clients.redis.operation import RedisOperation
    from perftui.engine.clients.redis.pool import RedisPool

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


class RedisDriver(ExchangeDriver):
    """Redis, and what speaks its protocol."""

    def requests_in(self, request: Mapping[str, Any]) -> int:
        """How many commands are sent each time."""
        return len(_commands(request))


def _commands(request: Mapping[str, Any]) -> Sequence[Any]:
    said = request.get("redis") or [""]
    return said if isinstance(said[0], list | tuple) else [said]


def _only_reads(request: Mapping[str, Any]) -> bool:
    """Whether every command is one of those that change nothing."""
    return all(str(command[0]).upper() in _READS for command in _commands(request))


def _client(_plan: Plan) -> type[RedisPool]:
    from perftui.engine.clients.redis.pool import RedisPool

    return RedisPool


def _operation(_target: Target) -> type[RedisOperation]:
    from perftui.engine.clients.redis.operation import RedisOperation

    return RedisOperation


def _check(target: Target) -> None:
    from perftui.engine.clients.redis.pool import greeting_of

    greeting_of(target.url)


DRIVER: Driver = RedisDriver(
    name="redis",
    schemes={"redis": 6379, "rediss": 6379},
    keys={"redis": Key(Commands(), "Command and arguments; a list of such lists is a pipeline.", required=True)},
    client=_client,
    operation=_operation,
    only_reads=_only_reads,
    check=_check,
    hello={"redis": ["PING"]},
)
