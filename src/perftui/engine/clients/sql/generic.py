"""Any other database through SQLAlchemy itself. Its own time is in the numbers, and the run says so."""

from __future__ import annotations

import asyncio
from time import perf_counter_ns
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from perftui.engine.clients.client import Addresses, Done, Sample
from perftui.engine.clients.own_thread import OwnThread
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.sql.reply import SqlReply, refused
from perftui.engine.clients.sql.statements import Request, url_of
from perftui.engine.clients.task_client import TaskClient
from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.model.text import safe_text


class Session:
    """A connection, used in its thread only."""

    def __init__(self, thread: OwnThread) -> None:
        self.thread = thread
        self.connection: Connection

    def run(self, request: Request) -> SqlReply:
        """One statement, or several, as a transaction."""
        with self.connection.begin():
            for statement, values in request:
                began_ns = perf_counter_ns()
                given = dict(zip(statement.names, values, strict=True))
                result = self.connection.execute(text(statement.source), given)
                executed_ns = perf_counter_ns()
                columns = tuple(result.keys()) if result.returns_rows else ()
                records = result.fetchall() if columns else []
                parts = (("execute", executed_ns - began_ns), ("fetch", perf_counter_ns() - executed_ns))
                rows = len(records) if columns else max(0, result.rowcount)
                reply = SqlReply(columns, records, rows, parts)
        return reply


class GenericClient(TaskClient):
    """Connections of an engine without a pool: the lanes are the pool."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        plan: Plan,
        addresses: Addresses,
        *,
        most: int,
        done: Done,
        sample: Sample,
    ) -> None:
        """As TaskClient.

        Raises:
            UsageError: the URL or its driver cannot be used.
        """
        super().__init__(loop, plan, addresses, most=most, done=done, sample=sample)
        url = url_of(plan.target)
        if url.get_dialect().is_async:
            raise UsageError(f"target.url: {url.drivername} is a driver for asyncio; take one that is not")
        try:
            self._engine = create_engine(url, poolclass=NullPool)
        except ImportError as error:
            package = safe_text(error.name or url.drivername, 40)
            raise UsageError(f"{url.drivername}:// needs a package: pip install {package}") from error
        except (SQLAlchemyError, ValueError, TypeError) as error:
            raise UsageError(f"target.url: {safe_text(str(error))}") from error

    async def open_session(self) -> Session:
        """Connect in a thread of its own."""
        session = Session(OwnThread(self.loop, "sql"))

        def connect() -> None:
            session.connection = self._engine.connect()

        try:
            await session.thread.run(connect)
        except SQLAlchemyError as error:
            session.thread.close()
            raise _fault(error) from error
        return session

    async def exchange(self, session: Session, request: Request) -> SqlReply:
        """One statement, or several as a transaction."""
        try:
            reply, ended_ns = await session.thread.run(lambda: session.run(request))
        except SQLAlchemyError as error:
            raise _fault(error) from error
        answer: SqlReply = reply
        answer.ended_ns = ended_ns
        return answer

    async def close_session(self, session: Session) -> None:
        """Close the connection when the thread has done what it is doing."""
        session.thread.close(session.connection.close)


def _fault(error: SQLAlchemyError) -> Fault:
    if not isinstance(error, DBAPIError):
        return refused(None, str(error))
    cause: Any = error.orig
    code = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    code = code or getattr(cause, "sqlite_errorname", None) or (cause.args[0] if cause and cause.args else None)
    return refused(str(code) if code else None, str(cause), lost=error.connection_invalidated)
