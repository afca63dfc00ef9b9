"""Any other database through SQLAlchemy itself. Its own time is in the numbers, and the run says so."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter_ns
from typing import Any

from sqlalchemy import create_engine, text
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.pool import NullPool

from perftui.engine.clients.reply import Fault
from perftui.engine.clients.sql.connecting import check_still_there
from perftui.engine.clients.sql.reply import SqlReply, refused, together
from perftui.engine.clients.sql.statements import Request, Statement, url_of
from perftui.engine.clients.thread_client import ThreadClient
from perftui.model.errors import UsageError
from perftui.model.text import safe_text


class GenericClient(ThreadClient):
    """Connections of an engine without a pool: the lanes are the pool."""

    def begin(self) -> None:
        """Make the engine.

        Raises:
            UsageError: the URL or its driver cannot be used.
        """
        super().begin()
        url = url_of(self.target)
        if url.get_dialect().is_async:
            raise UsageError(f"target.url: {url.drivername} is a driver for asyncio; take one that is not")
        try:
            self._engine = create_engine(url, poolclass=NullPool)
        except ImportError as error:
            package = safe_text(error.name or url.drivername, 40)
            raise UsageError(f"{url.drivername}:// needs a package: pip install {package}") from error
        except (SQLAlchemyError, ValueError, TypeError) as error:
            raise UsageError(f"target.url: {safe_text(str(error))}") from error

    def open_session(self) -> Connection:
        """Connect."""
        check_still_there(self._engine.url.host or "", self.addresses)
        try:
            return self._engine.connect()
        except SQLAlchemyError as error:
            raise _fault(error) from error

    def exchange(self, session: Connection, request: Request, _lean: bool) -> SqlReply:  # noqa: FBT001 - as ThreadClient
        """One statement, or several, as a transaction."""
        try:
            with session.begin():
                return together([_run(session, statement, values) for statement, values in request])
        except SQLAlchemyError as error:
            raise _fault(error) from error

    def close_session(self, session: Connection) -> None:
        """Close the connection."""
        session.close()


def _run(connection: Connection, statement: Statement, values: Sequence[Any]) -> SqlReply:
    began_ns = perf_counter_ns()
    given = dict(zip(statement.names, values, strict=True))
    result = connection.execute(text(statement.source), given)
    executed_ns = perf_counter_ns()
    columns = tuple(result.keys()) if result.returns_rows else ()
    records = result.fetchall() if columns else []
    parts = (("execute", executed_ns - began_ns), ("fetch", perf_counter_ns() - executed_ns))
    return SqlReply(columns, records, len(records) if columns else max(0, result.rowcount), parts)


def _fault(error: SQLAlchemyError) -> Fault:
    if not isinstance(error, DBAPIError):
        return refused(None, str(error))
    cause: Any = error.orig
    code = getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)
    code = code or getattr(cause, "sqlite_errorname", None) or (cause.args[0] if cause and cause.args else None)
    return refused(str(code) if code else None, str(cause), lost=error.connection_invalidated)
