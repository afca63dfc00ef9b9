"""Lanes that are connections carrying bytes: TCP or Unix, plain or with TLS (tls.py)."""

from __future__ import annotations

import asyncio
import ssl
from abc import abstractmethod
from collections.abc import Callable
from time import perf_counter_ns
from typing import TYPE_CHECKING

from perftui.engine.clients.failures import connect_error
from perftui.engine.clients.inbox import FEW, MOST_PIECES
from perftui.engine.clients.lane import Lane

if TYPE_CHECKING:
    from perftui.engine.clients.pool import Pool


class StreamLane(Lane, asyncio.Protocol):
    """A connection. Its pool has a `dialler`; requests are bytes."""

    __slots__ = (
        "_began_ns", "_decrypt", "_encrypt", "_incoming", "_outgoing", "_ready", "_tls", "_unread", "connect_ns",
        "first_ns", "tls_ns", "transport", "write",
    )  # fmt: skip

    # only of those with TLS
    _began_ns: int
    _decrypt: Callable[[int], bytes]
    _encrypt: Callable[[bytes], int]
    _incoming: ssl.MemoryBIO
    _outgoing: ssl.MemoryBIO
    _ready: bool
    _tls: ssl.SSLObject

    write: Callable[[bytes], None]
    """Hands bytes to an open connection. A function that is kept: a method around it would cost every request."""

    def __init__(self, pool: Pool) -> None:
        super().__init__(pool)
        self._unread = pool.inbox.pieces
        self.transport: asyncio.Transport | None = None
        self.first_ns = 0
        """When the first bytes of the answer came."""
        self.connect_ns = self.tls_ns = 0

    async def open(self) -> None:
        """Connect; `connection_made` sends the request that waits."""
        try:
            await self.pool.dialler.dial(lambda: self)
        except OSError as error:
            self.fail(*connect_error(error))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The connection is open."""
        self.transport = transport  # type: ignore[assignment]  # what streams get is always a Transport
        self.write = self.writing_to(transport)  # type: ignore[arg-type]  # as above
        self.pool.opened += 1
        self.connect_ns = perf_counter_ns() - self.started_ns
        if self.operation is None:
            self.close()
        else:
            self.established()

    def data_received(self, data: bytes) -> None:
        """Bytes came: note when. What they say is looked at in `take`, of many when all have read.

        Written out here and not in the inbox: a call from here to there would cost every answer.
        """
        came_ns = perf_counter_ns()
        unread = self._unread
        if not unread:
            pool = self.pool
            if len(pool.lanes) - len(pool.idle) < FEW:
                self.take(data, came_ns)
                return
            pool.inbox.ring()
        elif len(unread) >= MOST_PIECES:
            self.pool.inbox.empty()
        unread.append((self, data, came_ns))

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection ended, after all that came."""
        self.pool.inbox.empty()
        self.lost(exc)

    @abstractmethod
    def take(self, data: bytes, now_ns: int) -> None:
        """Bytes of an answer, and when they came; perhaps the rest of one that has been given up meanwhile."""

    def lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - a protocol says what it means for the request
        """The connection ended."""
        self.pool.forget(self)

    def established(self) -> None:
        """The connection can carry requests: send the one that waited."""
        self.cell.sent += len(self.request)
        self.write(self.request)

    def writing_to(self, transport: asyncio.Transport) -> Callable[[bytes], None]:
        """What `write` is on a connection with this transport."""
        return transport.write

    def _record_ok(self, service_ns: int, end_ns: int) -> None:
        """Count a good answer; it may be the first one of this connection, or have come in several reads."""
        cell, first_ns = self.cell, self.first_ns
        if self.served and first_ns == end_ns:
            cell.plain.append(service_ns)
            if self.intended_ns:
                cell.plain_delays.append(self._delay_ns)
            return
        cell.others.append(service_ns)
        if self.intended_ns:
            cell.other_delays.append(self._delay_ns)
        cell.transfers.append(end_ns - first_ns)
        first_ns -= self.started_ns
        if not self.served:
            cell.add_part("connect", self.connect_ns)
            if self.tls_ns:
                cell.add_part("tls", self.tls_ns)
            first_ns -= self.connect_ns + self.tls_ns
        cell.first_bytes.append(first_ns)

    def waiting_for(self) -> str:
        """The error class of a deadline that passes now."""
        return "connect.timeout" if self.transport is None else "timeout"

    def close(self) -> None:
        """Close without waiting for the peer."""
        self.pool.forget(self)
        if self.transport is not None:
            self.transport.abort()
        elif self.opening is not None:
            self.opening.cancel()
