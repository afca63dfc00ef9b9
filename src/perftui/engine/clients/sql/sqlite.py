"""SQLite by the standard library, a connection and a thread for each lane."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from time import perf_counter_ns
from typing import Any

from perftui.engine.clients.client import Addresses, Done, Sample
from perftui.engine.clients.own_thread import OwnThread
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.sql.reply import SqlReply, refused
from perftui.engine.clients.sql.statements import Request, Statement, url_of
from perftui.engine.clients.task_client import TaskClient
from perftui.model.errors import UsageError
from perftui.model.plan import Plan


class Session:
    """A connection, used in its thread only."""

    def __init__(self, thread: OwnThread) -> None:
        self.thread = thread
        self.connection: sqlite3.Connection

    def open(self, path: str, timeout_s: float) -> None:
        """Open the file, which must be there."""
        name = path.replace("%", "%25").replace("?", "%3f").replace("#", "%23")
        self.connection = sqlite3.connect(
            f"file:{name}?mode=rw", uri=True, timeout=timeout_s, isolation_level=None, check_same_thread=False
        )
        self.connection.execute("select 1 from sqlite_master").fetchall()

    def run(self, request: Request) -> SqlReply:
        """One statement, or several as a transaction."""
        if len(request) == 1:
            return self._run(*request[0])
        self.connection.execute("begin")
        try:
            replies = [self._run(statement, values) for statement, values in request]
            self.connection.execute("commit")
        except sqlite3.Error:
            if self.connection.in_transaction:
                self.connection.execute("rollback")
            raise
        parts = [dict(reply.parts) for reply in replies]
        replies[-1].parts = tuple((name, sum(part[name] for part in parts)) for name in ("execute", "fetch"))
        return replies[-1]

    def _run(self, statement: Statement, values: Sequence[Any]) -> SqlReply:
        began_ns = perf_counter_ns()
        cursor = self.connection.execute(statement.sql, tuple(values))
        executed_ns = perf_counter_ns()
        columns = tuple(column[0] for column in cursor.description or ())
        records = cursor.fetchall() if columns else []
        parts = (("execute", executed_ns - began_ns), ("fetch", perf_counter_ns() - executed_ns))
        return SqlReply(columns, records, len(records) if columns else max(0, cursor.rowcount), parts)

    def close(self) -> None:
        """Close the file."""
        self.connection.close()


class SqliteClient(TaskClient):
    """Connections to one file."""

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
            UsageError: the URL names no file.
        """
        super().__init__(loop, plan, addresses, most=most, done=done, sample=sample)
        self._path = url_of(plan.target).database or ""
        if self._path in {"", ":memory:"}:
            raise UsageError("target.url: names no file; write sqlite:///PATH (each connection has its own memory)")

    async def open_session(self) -> Session:
        """Open the file in a thread of its own."""
        session = Session(OwnThread(self.loop, "sqlite"))
        try:
            await session.thread.run(lambda: session.open(self._path, self.timeout_ns / 1e9))
        except sqlite3.Error as error:
            session.thread.close()
            raise _fault(error) from error
        return session

    async def exchange(self, session: Session, request: Request) -> SqlReply:
        """One statement, or several as a transaction."""
        try:
            reply, ended_ns = await session.thread.run(lambda: session.run(request))
        except sqlite3.Error as error:
            raise _fault(error) from error
        answer: SqlReply = reply
        answer.ended_ns = ended_ns
        return answer

    async def close_session(self, session: Session) -> None:
        """Stop what it is doing, and close the file."""
        session.connection.interrupt()
        session.thread.close(session.close)


def _fault(error: sqlite3.Error) -> Fault:
    return refused(getattr(error, "sqlite_errorname", None), str(error))
