"""PostgreSQL by asyncpg's own connection: each statement prepared once per connection."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from time import perf_counter_ns
from typing import Any, NamedTuple

import asyncpg
import msgspec

from perftui.engine.clients.reply import Fault
from perftui.engine.clients.sql.client import DatabaseClient
from perftui.engine.clients.sql.reply import SqlReply, refused, together
from perftui.engine.clients.sql.statements import Request, Statement

Convert = Callable[[Any], Any]


def _number(kind: Callable[[Any], Any]) -> Convert:
    return lambda value: kind(value) if isinstance(value, str) else value


def _text(value: Any) -> Any:  # noqa: ANN401 - whatever a preset makes
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


_CONVERT: dict[str, Convert] = {
    **dict.fromkeys(("int2", "int4", "int8", "oid"), _number(int)),
    **dict.fromkeys(("float4", "float8"), _number(float)),
    **dict.fromkeys(("text", "varchar", "bpchar", "name", "json", "jsonb", "xml", "uuid"), _text),
    "numeric": lambda value: value if value is None else Decimal(str(value)),
    "date": _number(date.fromisoformat),
    "time": _number(time.fromisoformat),
    "timestamp": _number(datetime.fromisoformat),
    "timestamptz": _number(datetime.fromisoformat),
    "bytea": lambda value: value.encode() if isinstance(value, str) else value,
    "bool": lambda value: value.lower() in {"t", "true", "1", "yes", "on"} if isinstance(value, str) else value,
}
"""From values of a preset to what asyncpg takes, by the type that the server says a parameter has."""


class _Prepared(NamedTuple):
    fetch: Callable[..., Any]
    status: Callable[[], str]
    columns: tuple[str, ...]
    convert: tuple[Convert, ...]


class Session:
    """A connection and the statements that are prepared on it."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - asyncpg has no types
        self.connection = connection
        self._prepared: dict[Statement, _Prepared] = {}

    async def run(self, statement: Statement, values: Sequence[Any]) -> SqlReply:
        """One statement; in a transaction if one is open."""
        prepared = self._prepared.get(statement) or await self._prepare(statement)
        try:
            given = [convert(value) for convert, value in zip(prepared.convert, values, strict=True)]
        except (ValueError, TypeError, InvalidOperation) as error:
            raise Fault("client.capture", f"a value does not fit the parameter's type: {error}") from error
        began_ns = perf_counter_ns()
        records = await prepared.fetch(*given)
        parts = (("execute", perf_counter_ns() - began_ns),)
        if prepared.columns:
            return SqlReply(prepared.columns, records, len(records), parts)
        changed = prepared.status().rpartition(" ")[2]
        return SqlReply((), (), int(changed) if changed.isdigit() else 0, parts)

    async def _prepare(self, statement: Statement) -> _Prepared:
        found = await self.connection.prepare(statement.sql)
        prepared = self._prepared[statement] = _Prepared(
            found.fetch,
            found.get_statusmsg,
            tuple(attribute.name for attribute in found.get_attributes()),
            tuple(_CONVERT.get(kind.name, _as_it_is) for kind in found.get_parameters()),
        )
        return prepared

    async def run_all(self, request: Request) -> SqlReply:
        """Several statements as one transaction."""
        async with self.connection.transaction():
            replies = [await self.run(statement, values) for statement, values in request]
        return together(replies)


def _as_it_is(value: Any) -> Any:  # noqa: ANN401 - whatever a preset makes
    return value


class PostgresqlClient(DatabaseClient):
    """Connections of asyncpg."""

    def begin(self) -> None:
        """As DatabaseClient."""
        super().begin()
        for name in [name for name in self._options if name.startswith("prepared_statement")]:
            del self._options[name]  # of SQLAlchemy's own

    async def open_session(self) -> Session:
        """Connect to the next address."""
        options = self.next_options()
        try:
            return Session(await asyncpg.connect(**options, timeout=self.timeout_ns / 1e9))
        except asyncpg.PostgresError as error:
            raise _fault(error, lost=True) from error
        except TimeoutError as error:
            raise Fault("connect.timeout", "no connection within the timeout", lost=True) from error
        except (asyncpg.InterfaceError, asyncpg.InternalClientError, ValueError) as error:
            raise Fault("protocol", f"{type(error).__name__}: {error}", lost=True) from error

    async def exchange(self, session: Session, request: Request) -> SqlReply:
        """One statement, or several as a transaction."""
        try:
            if len(request) == 1:
                statement, values = request[0]
                return await session.run(statement, values)
            return await session.run_all(request)
        except asyncpg.PostgresError as error:
            raise _fault(error, lost=session.connection.is_closed()) from error
        except (asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
            lost = session.connection.is_closed()
            raise Fault("closed" if lost else "protocol", f"{type(error).__name__}: {error}", lost=True) from error

    async def close_session(self, session: Session) -> None:
        """Drop the connection."""
        session.connection.terminate()


def _fault(error: asyncpg.PostgresError, *, lost: bool) -> Fault:
    if isinstance(error, asyncpg.PostgresConnectionError) and not getattr(error, "severity", None):
        return Fault("closed", str(error), lost=True)
    code = getattr(error, "sqlstate", None)
    return refused(code, f"{code} {error}", lost=lost)
