"""The simplest client: `open_session` and `exchange`. Pool, clock, deadline, recording and errors are inherited.

One long-lived task carries all requests of a lane, one after the other: a task for each would cost more than twice as
much. A driver is a subclass of TaskClient, and `DRIVER = TaskDriver(...)` of task_driver.py behind the entry point.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Coroutine
from time import perf_counter_ns
from typing import Any

from perftui.engine.clients.failures import connect_error, words_of
from perftui.engine.clients.operation import PreparedOperation
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.reply_lane import ReplyLane
from perftui.engine.clients.response import Response
from perftui.engine.clients.target_pool import SessionPool
from perftui.engine.clients.users import VirtualUser
from perftui.metrics.recorder import CellRecorder
from perftui.model.text import safe_text


class TaskLane(ReplyLane):
    """A session of a TaskClient and the task that carries its requests."""

    __slots__ = ("_wake", "is_direct", "session")

    def __init__(self, pool: TaskClient) -> None:
        super().__init__(pool)
        self.is_direct = False
        """Whether the request in flight goes past the task: the driver's own way on an open session."""
        self.session: Any = None
        self._wake: asyncio.Future[None] | None = None

    async def open(self) -> None:
        """Open a session, then carry requests until it is closed."""
        pool: TaskClient = self.pool
        try:
            try:
                self.session = await pool.open_session_for(self.request)
            except Fault as fault:
                self.fail(fault.error_class, fault.detail)
                return
            except OSError as error:
                self.fail(*connect_error(error))
                return
            except Exception as error:  # noqa: BLE001 - the driver's own mistake ends this request, not the worker
                self.fail("client.driver", words_of(error))
                return
            self.is_open = True
            if pool.session_connects:
                pool.opened += 1
                self._opened_ns = perf_counter_ns() - self.started_ns
            while self in pool.lanes:
                if self.operation is None or self.is_direct:
                    self._wake = pool.loop.create_future()
                    await self._wake
                    self._wake = None
                await self._carry(pool)
        finally:
            pool.forget(self)
            if self.session is not None:
                await pool.close_session(self.session)

    async def _carry(self, pool: TaskClient) -> None:
        """The request in flight, to its end."""
        operation = self.operation
        self._answer = None
        try:
            response = await pool.carry(self)
        except Fault as fault:
            self._answer = fault.response
            self._finish(operation, None, fault.said, keeps=not fault.lost)
        except OSError as error:
            self._finish(operation, None, ("reset", safe_text(str(error))), keeps=False)
        except Exception as error:  # noqa: BLE001 - the driver's own mistake ends this request, not the worker
            self._finish(operation, None, ("client.driver", words_of(error)), keeps=False)
        else:
            self._finish(operation, response, None, keeps=True)

    def send(
        self,
        operation: PreparedOperation,
        cell: CellRecorder,
        request: Any,  # noqa: ANN401 - a table
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Send a request on this open and idle session."""
        self.assign(operation, cell, request, intended_ns, user)
        if self._wake is not None and not self._wake.done():
            self._wake.set_result(None)

    def close(self) -> None:
        """End the task, and with it the session."""
        self.pool.forget(self)
        if self.opening is not None and self.opening is not asyncio.current_task(self.pool.loop):
            self.opening.cancel()


class TaskClient(SessionPool):
    """A pool of sessions. A driver writes `open_session`, `exchange`, and `close_session` if there is much to close.

    `plan`, `target` and `addresses` are at hand; `begin` is the place to make what sessions share.
    """

    session_connects = True
    """Whether a session is a connection, or makes its own later."""

    @abstractmethod
    async def open_session(self) -> Any:  # noqa: ANN401 - whatever the driver needs
        """A new session: a connection, a handle, or None where nothing is needed.

        Raises:
            Fault: it cannot be opened.
            OSError: the same, from the system.
        """

    async def open_session_for(self, request: Any) -> Any:  # noqa: ANN401, ARG002 - of the driver
        """The same for a driver whose sessions depend on the first request."""
        return await self.open_session()

    def carry(self, lane: TaskLane) -> Coroutine[Any, Any, Response]:
        """The request of a lane, to its end. For a driver that counts something of its own in the lane's cell."""
        return self.exchange(lane.session, lane.request)

    @abstractmethod
    async def exchange(self, session: Any, request: Any) -> Response:  # noqa: ANN401 - of the driver
        """Send one request and return its complete answer. Cancelled at the deadline; the session is then closed.

        Raises:
            Fault: the request failed.
            OSError: the connection broke.
        """

    async def close_session(self, session: Any) -> None:  # noqa: ANN401 - of the driver; nothing to do by default
        """Close a session without waiting for the peer."""

    def new_lane(self) -> TaskLane:
        """A session that is still to be opened."""
        return TaskLane(self)

    async def try_session(self, request: Any) -> None:  # noqa: ANN401 - of the driver
        """As SessionPool."""
        await self.close_session(await self.open_session_for(request))
