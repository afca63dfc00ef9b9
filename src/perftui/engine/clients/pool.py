"""The connections of a worker: which are idle, which requests wait for one, which are past their deadline."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from itertools import count
from time import perf_counter_ns
from typing import TYPE_CHECKING

import msgspec

from perftui.engine.clients.failures import connect_error
from perftui.engine.clients.http.connection import Connection

if TYPE_CHECKING:
    from perftui.engine.clients.http.operation import PreparedOperation
    from perftui.engine.clients.users import VirtualUser
    from perftui.metrics.recorder import CellRecorder

Done = Callable[["Connection | None", "VirtualUser | None", "str | None"], None]
"""Called at the end of every request: the connection if it can carry another one, the user, the error class if any."""
Sample = Callable[["PreparedOperation", str, str, "Connection | None", int], None]
"""Called at the end of every failed request: operation, error class, detail, connection, elapsed ns."""
Waiting = tuple["PreparedOperation", "CellRecorder", int, "VirtualUser | None"]


class PoolSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What a pool needs to know about target and plan."""

    addresses: tuple[tuple[str, int], ...]
    """Used in turn."""
    unix_socket: str = ""
    timeout_s: float
    keep_alive: bool = True
    most_connections: int
    """At once; further requests wait with their intended time."""


class Pool:
    """Connections open and opening, idle and busy. A connection is busy from `submit` until `done`."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        settings: PoolSettings,
        connect: Callable[[Pool], Connection],
        done: Done,
        sample: Sample,
    ) -> None:
        self._loop = loop
        self._settings = settings
        self._connect = connect
        self.done = done
        self.sample = sample
        self.keep_alive = settings.keep_alive
        self.timeout_ns = round(settings.timeout_s * 1e9)
        self.addresses = settings.addresses
        self._turn = count()
        self.connections: set[Connection] = set()
        self.idle: list[Connection] = []
        self.waiting: deque[Waiting] = deque()
        self._openings: set[asyncio.Task[None]] = set()
        self.opened = 0
        """Connections opened since the last frame; the frame resets it, like the next two."""
        self.assigned = 0
        """Requests that a new connection was opened for."""
        self.reconnects = 0

    @property
    def in_flight(self) -> int:
        """Requests on the way."""
        return len(self.connections) - len(self.idle)

    @property
    def has_room(self) -> bool:
        """Whether a request can go on its way now."""
        return bool(self.idle) or len(self.connections) < self._settings.most_connections

    def submit(
        self, operation: PreparedOperation, cell: CellRecorder, intended_ns: int, user: VirtualUser | None
    ) -> None:
        """Send a request now if a connection is idle or may be opened; else it waits."""
        if self.has_room:
            self._start(None, operation, cell, intended_ns, user)
        else:
            self.waiting.append((operation, cell, intended_ns, user))

    def release(self, connection: Connection | None) -> None:
        """A request ended: its connection, or the place of a closed one, is for the next that waits."""
        while self.waiting and (connection is not None or self.has_room):
            operation, cell, intended_ns, user = self.waiting.popleft()
            if intended_ns and perf_counter_ns() - intended_ns > self.timeout_ns:
                self._drop(cell, user)
            else:
                self._start(connection, operation, cell, intended_ns, user)
                return
        if connection is not None:
            self.idle.append(connection)

    def _start(
        self,
        connection: Connection | None,
        operation: PreparedOperation,
        cell: CellRecorder,
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Send on this connection, an idle one or a new one, in this order."""
        try:
            data = operation.data_for(user)
        except (KeyError, ValueError) as error:
            self._refuse(connection, operation, cell, user, error)
            return
        if connection is None and self.idle:
            connection = self.idle.pop()
        if connection is not None:
            connection.send(operation, cell, data, intended_ns, user)
        else:
            self.assigned += 1
            connection = self._connect(self)
            connection.assign(operation, cell, data, intended_ns, user)
            self._open(connection)

    def _refuse(
        self,
        connection: Connection | None,
        operation: PreparedOperation,
        cell: CellRecorder,
        user: VirtualUser | None,
        error: Exception,
    ) -> None:
        """The request cannot be made: its values are missing or do not fit. Never sent, the generator's fault."""
        cell.started += 1
        cell.record_error("client.capture", 0)
        detail = f"no value for ${{{error.args[0]}}}" if isinstance(error, KeyError) else str(error)
        self.sample(operation, "client.capture", detail, None, 0)
        # Not at once: whoever submits may submit again when a request ends, and that must not nest.
        self._loop.call_soon(self.done, connection, user, "client.capture")

    def resend(self, lost: Connection) -> None:
        """Send the request of a lost connection again, on a new one."""
        self.reconnects += 1
        self.move(lost)

    def move(self, left: Connection) -> None:
        """Give the request of a connection that cannot carry it to a new one."""
        connection = self._connect(self)
        connection.take_over(left)
        left.leave()
        self._open(connection)

    def _open(self, connection: Connection) -> None:
        self.connections.add(connection)
        connection.opening = task = self._loop.create_task(self._dial(connection))
        self._openings.add(task)
        task.add_done_callback(self._opened)

    def _opened(self, task: asyncio.Task[None]) -> None:
        self._openings.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            self._loop.call_exception_handler({"message": "opening a connection failed", "exception": error})

    async def _dial(self, connection: Connection) -> None:
        """Open a connection: to the socket, or to the next address and, where that refuses, to the ones after it."""
        problem: OSError | None = None
        try:
            if self._settings.unix_socket:
                await self._loop.create_unix_connection(lambda: connection, self._settings.unix_socket)
                return
            first = next(self._turn)
            for offset in range(len(self.addresses)):
                host, port = self.addresses[(first + offset) % len(self.addresses)]
                try:
                    await self._loop.create_connection(lambda: connection, host, port)
                except OSError as error:
                    problem = problem or error
                else:
                    return
        except OSError as error:
            problem = error
        connection.fail(*connect_error(problem or OSError("the target has no address")))

    def forget(self, connection: Connection) -> None:
        """The connection is closed or about to be."""
        if connection in self.connections:
            self.connections.remove(connection)
            if connection.operation is None and connection in self.idle:
                self.idle.remove(connection)

    def expire(self, now_ns: int) -> None:
        """Give up what is past its deadline: requests on the way as timeouts, waiting ones as dropped."""
        oldest_ns = now_ns - self.timeout_ns
        late = [busy for busy in self.connections if busy.operation is not None and busy.started_ns < oldest_ns]
        for connection in late:
            connection.expire(now_ns)
        while self.waiting and 0 < self.waiting[0][2] < oldest_ns:
            _, cell, _, user = self.waiting.popleft()
            self._drop(cell, user)

    def _drop(self, cell: CellRecorder, user: VirtualUser | None) -> None:
        cell.record_drop("dropped.late")
        self._loop.call_soon(self.done, None, user, "dropped.late")

    def cancel(self) -> None:
        """Give up everything, waiting and on the way, and close every connection."""
        while self.waiting:
            self.waiting.popleft()[1].cancelled += 1
        for connection in list(self.connections):
            connection.cancel()

    async def close(self) -> None:
        """Cancel everything and wait for the openings to end."""
        self.cancel()
        await asyncio.gather(*self._openings, return_exceptions=True)
