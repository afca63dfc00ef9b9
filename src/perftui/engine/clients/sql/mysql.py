"""MySQL and MariaDB by asyncmy's own connection."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from time import perf_counter_ns
from typing import Any

from asyncmy.cursors import SSCursor
from asyncmy.errors import MySQLError

from perftui.engine.clients.failures import connect_error
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.sql.connecting import ConnectOptions
from perftui.engine.clients.sql.mysql_connection import BoundedConnection
from perftui.engine.clients.sql.reply import SqlReply, refused, together
from perftui.engine.clients.sql.statements import Request, Statement
from perftui.engine.clients.task_client import TaskClient
from perftui.model.text import safe_text

_MANY = 500
"""Rows taken at once."""
_ROW = 50
"""Bytes that a row takes besides its texts."""
_ROOM_BYTES = 1 << 26
_LOST = {2006, 2013, 2014, 2055}


class MysqlClient(TaskClient):
    """Connections of asyncmy. Values are quoted by the driver, never by us."""

    def begin(self) -> None:
        """Read the URL and the certificates.

        Raises:
            UsageError: one cannot be used.
        """
        self._options = ConnectOptions(self)

    async def open_session(self) -> BoundedConnection:
        """Connect to the next address."""
        options, loop = self._options.next()
        limit_s = max(1, self.timeout_ns // 10**9)
        connection = BoundedConnection(
            self.target.max_body_bytes, loop, **options, autocommit=True, connect_timeout=limit_s
        )
        try:
            with _understood():
                await connection.connect()
        except MySQLError as error:
            if isinstance(error.__cause__, OSError):
                raise Fault(*connect_error(error.__cause__), lost=True) from error
            raise _fault(error, lost=True) from error
        return connection

    async def exchange(self, session: BoundedConnection, request: Request) -> SqlReply:
        """One statement, or several as a transaction."""
        session.begin_answer()
        try:
            if len(request) == 1:
                return await _run(session, *request[0])
            with _understood():
                await session.begin()
            try:
                replies = [await _run(session, statement, values) for statement, values in request]
            except MySQLError:
                with _understood():
                    await session.rollback()
                raise
            with _understood():
                await session.commit()
        except MySQLError as error:
            raise _fault(error) from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Fault("closed", "the server closed the connection", lost=True) from error
        return together(replies)

    async def close_session(self, session: BoundedConnection) -> None:
        """Drop the connection."""
        session.close()


async def _run(connection: BoundedConnection, statement: Statement, values: Sequence[Any]) -> SqlReply:
    began_ns = perf_counter_ns()
    cursor: Any = connection.cursor(SSCursor)  # one that does not read all rows before `execute` is over
    query = cursor.mogrify(statement.sql, tuple(values))
    with _understood():
        await cursor.execute(query)
        executed_ns = perf_counter_ns()
        columns = tuple(column[0] for column in cursor.description or ())
        records: list[Sequence[Any]] = []
        while columns and (some := await cursor.fetchmany(_MANY)):
            connection.take(sum(map(_size, some)))
            records += some
        rows = len(records) if columns else max(0, cursor.rowcount)
        await cursor.close()
    parts = (("execute", executed_ns - began_ns), ("fetch", perf_counter_ns() - executed_ns))
    return SqlReply(columns, records, rows, parts)


def _size(record: Sequence[Any]) -> int:
    return _ROW + sum(len(value) for value in record if isinstance(value, str | bytes))


@contextmanager
def _understood() -> Iterator[None]:
    """Whatever asyncmy stumbles over is what the server said: it does not check what it takes apart.

    Raises:
        Fault: it was no answer.
    """
    try:
        yield
    except (Fault, MySQLError, OSError, EOFError):
        raise
    except Exception as error:
        if isinstance(error, MemoryError) and _memory_is_short():
            raise
        detail = f"what came is no answer: {type(error).__name__}: {safe_text(str(error), 200)}"
        raise Fault("protocol", detail, lost=True) from error


def _memory_is_short() -> bool:
    """Whether this process may have no more memory; else an answer named a length that no memory has."""
    try:
        bytearray(_ROOM_BYTES)
    except MemoryError:
        return True
    return False


def _fault(error: MySQLError, *, lost: bool = False) -> Fault:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    detail = str(error.args[1]) if len(error.args) > 1 else str(error)
    if number in _LOST:
        return Fault("closed", detail, lost=True)
    if number == 0:  # no server's: asyncmy itself could not take the answer apart
        return Fault("protocol", safe_text(detail, 300), lost=True)
    return refused(getattr(error, "sqlstate", None) or str(number), f"{number} {detail}", lost=lost)
