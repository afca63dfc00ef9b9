"""One connection to PostgreSQL: asyncpg opens it, then it carries our messages. The hot path."""

from __future__ import annotations

from struct import Struct
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.exchange import MOST_ANSWER_BYTES, ExchangeLane
from perftui.engine.clients.failures import connect_error
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.sql.postgresql_wire import (
    NO_COPY,
    ROLLBACK,
    Columns,
    Step,
    WireReply,
    WireRequest,
    changed_rows,
    columns_of,
    error_of,
)
from perftui.engine.clients.sql.reply import refused
from perftui.metrics.recorder import CellRecorder
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from perftui.engine.clients.pool import Pool
    from perftui.engine.clients.sql.operation import SqlOperation
    from perftui.engine.clients.users import VirtualUser

_ROW, _BOUND, _COMPLETE, _READY, _ERROR, _EMPTY = b"D2CZEI"
_SILENT = frozenset(b"NSA13tcdH")
"""Messages in which nothing is looked up: notices, parameters, what was prepared, data that is copied out."""
_UNASKED = frozenset(b"NSA")
_ROWS, _NO_ROWS = b"Tn"
_STALE = frozenset({"26000", "0A000", "42P05"})
"""SQLSTATE of a connection whose prepared statements are not what we think."""
_COPY_IN = frozenset(b"GW")
_MOST_UNASKED = 100_000
"""Bytes of notices between two requests."""
_MOST_ROWS = 1_000_000
"""Kept for checks and captures: each costs more memory than its bytes."""
_HEAD = Struct("!Bi")
"""Kind and length of a message."""
_NO_COLUMNS = Columns((), ())


class PostgresqlConnection(ExchangeLane):
    """A connection. A request is one question, or several that follow each other: see postgresql_wire.py."""

    __slots__ = (
        "_bound", "_failure", "_held", "_lost", "_missing", "_name", "_pieces", "_prepared", "_rest", "_rolls_back",
        "_row_count", "_rows", "_stale", "_tag", "_told",
    )  # fmt: skip

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self._held: Any = None
        """asyncpg's connection."""
        self._prepared: dict[bytes, Columns] = {}
        """Columns of the statements that this connection knows, by their names."""
        self._pieces: list[bytes] = []
        """Of a message whose end is to come."""
        self._missing = 0
        """Bytes of it that must still come before it is worth a look."""
        # of the request
        self._rest: tuple[Step, ...] = ()
        """Questions that are still to be asked."""
        self._told = WireReply(_NO_COLUMNS, (), 0)
        """What the last statement answered."""
        self._failure: tuple[str, str] | None = None
        self._lost = self._rolls_back = self._stale = False
        # of the question
        self._name: bytes | None = None
        """Of the statement; None: BEGIN and the like."""
        self._bound = False
        self._tag = b""
        """What was done, as the server says."""
        self._rows: list[bytes] = []
        self._row_count = 0

    async def open(self) -> None:
        """Let asyncpg connect, then take its transport over."""
        try:
            self._held = held = await self.pool.connect()
        except Fault as fault:
            self.fail(*fault.said)
            return
        except OSError as error:
            self.fail(*connect_error(error))
            return
        transport = held._transport  # noqa: SLF001 - asyncpg has no other door
        transport.set_protocol(self)
        self.connection_made(transport)

    def established(self) -> None:
        """Send the request that waits."""
        self._ask_first(self.request)

    def send(
        self,
        operation: SqlOperation,  # type: ignore[override]  # a client has operations of its own driver only
        cell: CellRecorder,
        request: WireRequest,  # type: ignore[override]  # the same
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Send a request on this open and idle connection."""
        self.assign(operation, cell, request, intended_ns, user)
        self._ask_first(request)

    def _ask_first(self, request: WireRequest) -> None:
        self._failure = None
        self._lost = self._rolls_back = False
        self._rest = request.rest
        self._ask(request.first)

    def _ask(self, step: Step) -> None:
        wire, name, prepare = step
        self._name = name
        self._bound = name is None
        self._tag = b""
        self._row_count = 0
        if self._rows:
            self._rows = []
        if name is not None and name not in self._prepared:
            wire = prepare + wire
        self.cell.sent += len(wire)
        self.write(wire)

    def take(self, data: bytes, now_ns: int) -> None:
        """Bytes of an answer, or of what a server says unasked."""
        if self.operation is None:
            self._hear(data)
            return
        if not self._received:
            self.first_ns = now_ns
        self._received += len(data)
        if self._received > MOST_ANSWER_BYTES:
            self.fail("body_too_large", f"more than {MOST_ANSWER_BYTES >> 20} MiB of an answer")
            return
        if self._pieces:
            self._pieces.append(data)
            self._missing -= len(data)
            if self._missing > 0:
                return
            data = b"".join(self._pieces)
        try:
            self._read(data, now_ns)
        except ValueError as error:
            self.fail("protocol", safe_text(str(error), 120))

    def _read(self, data: bytes, now_ns: int) -> None:
        """Read message by message.

        Raises:
            ValueError: one of them is none, or answers something else.
        """
        at, size, lean, head = 0, len(data), self.operation.lean, _HEAD.unpack_from
        while size - at >= 5:
            kind, length = head(data, at)
            end = at + 1 + length
            if not 4 <= length <= MOST_ANSWER_BYTES:
                raise ValueError(f"a message of {length:,} bytes")
            if end > size:
                self._keep(data[at:], end - size)
                return
            if kind == _ROW:
                if not self._bound or self._tag:
                    raise ValueError("a row that nobody asked for")
                self._row_count += 1
                if lean:
                    at = end
                    continue
                self._rows.append(data[at + 5 : end])
                if self._row_count > _MOST_ROWS:
                    self.fail("body_too_large", f"more than {_MOST_ROWS:,} rows that somebody looks into")
            elif kind == _BOUND:
                self._bound = True
            elif kind in {_COMPLETE, _EMPTY}:
                self._tag = data[at + 5 : end - 1] or b"-"
            elif kind == _READY:
                self._keep(data[end:], 0)
                self._end(now_ns, keeps=end == size or data[end] in _UNASKED)
                return
            elif kind not in _SILENT:
                self._take_other(kind, data[at + 5 : end])
            if self.operation is None:  # given up
                return
            at = end
        self._keep(data[at:], 5 - (size - at))

    def _keep(self, begun: bytes, missing: int) -> None:
        """Keep the start of a message until so much more of it is there."""
        self._pieces = [begun] if begun else []
        self._missing = missing if begun else 0

    def _hear(self, data: bytes) -> None:
        """What a server says unasked: a notice may be, all else means that the next answer could not be trusted."""
        if data[0] in _UNASKED and not self._pieces:
            self._pieces = [data]
        elif not self._pieces or sum(map(len, self._pieces)) > _MOST_UNASKED:
            self.close()
        else:
            self._pieces.append(data)

    def _take_other(self, kind: int, body: bytes) -> None:
        if kind == _ERROR:
            self._lost, code, message = error_of(body)
            self._failure = self._failure or refused(code, f"{code} {message}").said
            self._stale = self._stale or code in _STALE
            if self._lost:  # nothing follows
                self._finish(self._told, self._failure, perf_counter_ns(), keeps=False)
        elif kind in {_ROWS, _NO_ROWS} and self._name is not None:
            self._prepared[self._name] = columns_of(body) if kind == _ROWS else _NO_COLUMNS
        elif kind in _COPY_IN:
            self.write(NO_COPY)
        else:
            raise ValueError(f"a message of the kind {bytes((kind,))!r}")

    def _end(self, now_ns: int, *, keeps: bool) -> None:
        """One question is answered: ask the next, or the request is over.

        Raises:
            ValueError: it is not.
        """
        if self._failure is not None:
            if self.request.rest and not self._rolls_back and keeps:
                self._rolls_back = True
                self._ask(Step(ROLLBACK))
            else:
                self._finish(WireReply(_NO_COLUMNS, (), 0), self._failure, now_ns, keeps=keeps and not self._stale)
            return
        if not (self._bound and self._tag):
            raise ValueError("the end of an answer that never came")
        name, operation = self._name, self.operation
        if name is not None:
            columns = self._prepared.get(name, _NO_COLUMNS)
            if operation.lean and not self._rest and self.served and keeps:
                self._finish_lean(now_ns)
                return
            rows = self._row_count if columns.names else changed_rows(self._tag)
            self._told = WireReply(columns, self._rows, rows)
        if not self._rest:
            self._finish(self._told, None, now_ns, keeps=keeps)
            return
        if not keeps:
            raise ValueError("more than one answer")
        step, self._rest = self._rest[0], self._rest[1:]
        self._ask(step)

    def _finish_lean(self, now_ns: int) -> None:
        """The only answer, which nobody looks into."""
        self.cell.received += self._received
        self._record_ok(now_ns - self.started_ns, now_ns)
        self.served += 1
        self._received = 0
        self.operation = None
        self.done(self.pool, self, self.user, None)

    def _record_ok(self, service_ns: int, end_ns: int) -> None:
        """Count a good answer. Of several, all is execution."""
        cell = self.cell
        cell.others.append(service_ns)
        if self.intended_ns:
            cell.other_delays.append(self._delay_ns)
        first_ns = end_ns if self.request.rest else self.first_ns
        execute_ns = first_ns - self.started_ns
        if not self.served:
            cell.add_part("connect", self.connect_ns)
            execute_ns = max(0, execute_ns - self.connect_ns)
        cell.add_part("execute", execute_ns)
        cell.add_part("fetch", end_ns - first_ns)

    def expire(self, now_ns: int) -> None:
        """The request in flight is past its deadline: the server need not go on with it."""
        self._stop_server()
        super().expire(now_ns)

    def cancel(self) -> None:
        """The run ends."""
        self._stop_server()
        super().cancel()

    def _stop_server(self) -> None:
        if self.operation is not None and self._held is not None:
            self.pool.stop(self._held)

    def lost(self, exc: Exception | None) -> None:
        """The connection ended."""
        super().lost(exc)
        self._let_go()

    def close(self) -> None:
        """Close without waiting for the server."""
        super().close()
        self._let_go()

    def _let_go(self) -> None:
        held, self._held = self._held, None
        if held is not None:
            held.terminate()
