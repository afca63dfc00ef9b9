"""MySQL and MariaDB by asyncmy's own connection."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from time import perf_counter_ns
from typing import Any

import asyncmy
from asyncmy.cursors import SSCursor
from asyncmy.errors import MySQLError

from perftui.engine.clients.failures import connect_error
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.sql.connecting import ConnectOptions
from perftui.engine.clients.sql.reply import SqlReply, refused, together
from perftui.engine.clients.sql.statements import Request, Statement
from perftui.engine.clients.task_client import TaskClient

_LOST = {2006, 2013, 2014, 2055}


class MysqlClient(TaskClient):
    """Connections of asyncmy. Values are quoted by the driver, never by us."""

    def begin(self) -> None:
        """Read the URL and the certificates.

        Raises:
            UsageError: one cannot be used.
        """
        self._options = ConnectOptions(self)

    async def open_session(self) -> Any:  # noqa: ANN401 - asyncmy's connection
        """Connect to the next address."""
        options = self._options.next()
        try:
            return await asyncmy.connect(**options, autocommit=True, connect_timeout=max(1, self.timeout_ns // 10**9))
        except MySQLError as error:
            if isinstance(error.__cause__, OSError):
                raise Fault(*connect_error(error.__cause__), lost=True) from error
            raise _fault(error, lost=True) from error

    async def exchange(self, session: Any, request: Request) -> SqlReply:  # noqa: ANN401 - asyncmy's connection
        """One statement, or several as a transaction."""
        try:
            if len(request) == 1:
                return await _run(session, *request[0])
            await session.begin()
            try:
                replies = [await _run(session, statement, values) for statement, values in request]
            except MySQLError:
                await session.rollback()
                raise
            await session.commit()
        except MySQLError as error:
            raise _fault(error) from error
        except (asyncio.IncompleteReadError, ConnectionError) as error:
            raise Fault("closed", "the server closed the connection", lost=True) from error
        return together(replies)

    async def close_session(self, session: Any) -> None:  # noqa: ANN401 - asyncmy's connection
        """Drop the connection."""
        session.close()


async def _run(connection: Any, statement: Statement, values: Sequence[Any]) -> SqlReply:  # noqa: ANN401 - asyncmy's
    began_ns = perf_counter_ns()
    async with connection.cursor(SSCursor) as cursor:  # one that does not read all rows before `execute` is over
        await cursor.execute(statement.sql, tuple(values))
        executed_ns = perf_counter_ns()
        columns = tuple(column[0] for column in cursor.description or ())
        records = await cursor.fetchall() if columns else ()
        rows = len(records) if columns else max(0, cursor.rowcount)
    parts = (("execute", executed_ns - began_ns), ("fetch", perf_counter_ns() - executed_ns))
    return SqlReply(columns, records, rows, parts)


def _fault(error: MySQLError, *, lost: bool = False) -> Fault:
    number = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    detail = str(error.args[1]) if len(error.args) > 1 else str(error)
    if number in _LOST:
        return Fault("closed", detail, lost=True)
    return refused(getattr(error, "sqlstate", None) or str(number), f"{number} {detail}", lost=lost or number == 0)
