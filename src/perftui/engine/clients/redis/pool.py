"""The connections of a worker to one Redis server."""

from __future__ import annotations

from urllib.parse import parse_qs, unquote, urlsplit

import hiredis

from perftui.engine.clients.redis.connection import RedisConnection, RedisTlsConnection
from perftui.engine.clients.stream_pool import StreamPool
from perftui.model.errors import UsageError
from perftui.presets import grammar


class RedisPool(StreamPool):
    """A pool whose lanes are connections to Redis."""

    plain = RedisConnection
    encrypted = RedisTlsConnection
    encrypted_scheme = "rediss"

    def begin(self) -> None:
        """Pack the greeting.

        Raises:
            UsageError: a certificate or key cannot be read, or the URL says something that nobody knows.
        """
        super().begin()
        self.greeting = greeting_of(self.target.url)


def greeting_of(url: str) -> tuple[bytes, int]:
    """What a connection sends first, and how many replies that has: HELLO or AUTH, then SELECT.

    Raises:
        UsageError: the database is no number, or a parameter is unknown.
    """
    parts = urlsplit(url)
    user, password = (unquote(grammar.literal(part or "")) for part in (parts.username, parts.password))
    login = [user or "default", password] if password else []
    commands: list[list[str]] = []
    parameters = parse_qs(parts.query, keep_blank_values=True)
    protocol = parameters.pop("protocol", ["2"])[-1]
    if parameters or protocol not in {"2", "3"}:
        raise UsageError("target.url: after the ? of a Redis URL only protocol=2 or protocol=3 can stand")
    if protocol == "3":
        commands.append(["HELLO", "3", *(["AUTH", *login] if login else [])])
    elif login:
        commands.append(["AUTH", *(login if user else login[1:])])
    database = parts.path.strip("/")
    if database and not (database.isascii() and database.isdigit()):
        raise UsageError("target.url: what follows the host of a Redis URL is the number of a database, such as /0")
    if int(database or 0):
        commands.append(["SELECT", database])
    return b"".join(hiredis.pack_command(tuple(command)) for command in commands), len(commands)  # type: ignore[arg-type]  # its stub means one word
