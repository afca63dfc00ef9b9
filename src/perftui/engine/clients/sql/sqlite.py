"""SQLite by the standard library, a connection and a thread for each lane."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from time import perf_counter_ns
from typing import Any

from perftui.engine.clients.reply import Fault
from perftui.engine.clients.sql.reply import SqlReply, refused, together
from perftui.engine.clients.sql.statements import Request, Statement, url_of
from perftui.engine.clients.thread_client import ThreadClient
from perftui.model.errors import UsageError


class SqliteClient(ThreadClient):
    """Connections to one file."""

    def begin(self) -> None:
        """Read the URL.

        Raises:
            UsageError: it names no file.
        """
        super().begin()
        path = url_of(self.target).database or ""
        if path in {"", ":memory:"}:
            raise UsageError("target.url: names no file; write sqlite:///PATH (each connection has its own memory)")
        self._path = Path(path)
        name = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        self._name = f"file:{name}?mode=rw"

    def open_session(self) -> sqlite3.Connection:
        """Open the file, which must be there."""
        try:
            connection = sqlite3.connect(
                self._name, uri=True, timeout=self.timeout_ns / 1e9, isolation_level=None, check_same_thread=False
            )
            connection.execute("select 1 from sqlite_master").fetchall()
        except sqlite3.Error as error:
            if not self._path.exists():  # SQLite says of it what it says of files that cannot be read
                words = "there is no such file; a relative path begins where perftui was started"
                raise refused(getattr(error, "sqlite_errorname", None), words) from error
            raise _fault(error) from error
        return connection

    def exchange(self, session: sqlite3.Connection, request: Request, _lean: bool) -> SqlReply:  # noqa: FBT001 - as ThreadClient
        """One statement, or several as a transaction."""
        try:
            if len(request) == 1:
                return _run(session, *request[0])
            session.execute("begin")
            replies = [_run(session, statement, values) for statement, values in request]
            session.execute("commit")
        except sqlite3.Error as error:
            if session.in_transaction:
                session.execute("rollback")
            raise _fault(error) from error
        return together(replies)

    def interrupt(self, session: sqlite3.Connection) -> None:
        """Stop what it is doing."""
        with suppress(sqlite3.ProgrammingError):  # it is closed
            session.interrupt()

    def close_session(self, session: sqlite3.Connection) -> None:
        """Close the file."""
        session.close()


def _run(connection: sqlite3.Connection, statement: Statement, values: Sequence[Any]) -> SqlReply:
    began_ns = perf_counter_ns()
    cursor = connection.execute(statement.sql, values)
    executed_ns = perf_counter_ns()
    columns = tuple(column[0] for column in cursor.description or ())
    records = cursor.fetchall() if columns else []
    parts = (("execute", executed_ns - began_ns), ("fetch", perf_counter_ns() - executed_ns))
    return SqlReply(columns, records, len(records) if columns else max(0, cursor.rowcount), parts)


def _fault(error: sqlite3.Error) -> Fault:
    return refused(getattr(error, "sqlite_errorname", None), str(error))
