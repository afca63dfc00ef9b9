"""The lanes of a client: which are idle, which requests wait for one, which are past their deadline."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from functools import partial
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.client import Addresses, Ahead, Done, Sample
from perftui.engine.clients.inbox import Inbox

if TYPE_CHECKING:
    from perftui.engine.clients.lane import Lane
    from perftui.engine.clients.operation import PreparedOperation
    from perftui.engine.clients.users import VirtualUser
    from perftui.metrics.recorder import CellRecorder

_LEAVE_S = 1.0
Waiting = tuple["PreparedOperation", "CellRecorder", int, "VirtualUser | None", int]
"""As submitted, and since when it waits."""


class Pool(ABC):
    """Lanes open and opening, idle and busy. A lane is busy from `submit` until its request ends."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, timeout_s: float, *, most: int, done: Done, sample: Sample
    ) -> None:
        """Nothing is opened yet.

        Args:
            loop: of the worker.
            timeout_s: deadline of a request.
            most: lanes at once; further requests wait with their intended time.
            done: see client.Done.
            sample: see client.Sample.
        """
        self.loop = loop
        self.done = done
        self.sample = sample
        self.timeout_ns = round(timeout_s * 1e9)
        self.inbox = Inbox(loop)
        self._most = most
        self.lanes: set[Lane] = set()
        self.idle: list[Any] = []
        self.queue: deque[Waiting] = deque()
        self._openings: set[asyncio.Task[None]] = set()
        self.opened = self.assigned = self.reconnects = 0
        self.ahead: Ahead | None = None
        self.further: Mapping[str, Addresses] = {}
        """Addresses of every target by name, for a client that goes to more than its own."""
        self.notes: list[str] = []
        """What is worth knowing once it is closed, such as a tear-down that failed."""

    @abstractmethod
    def new_lane(self) -> Lane:
        """A lane that is still to be opened."""

    @abstractmethod
    def retarget(self, addresses: Addresses) -> None:
        """New lanes go to these addresses."""

    @property
    def waiting(self) -> int:
        """Requests that wait for a lane."""
        return len(self.queue)

    @property
    def in_flight(self) -> int:
        """Requests on the way."""
        return len(self.lanes) - len(self.idle)

    @property
    def open_now(self) -> int:
        """Lanes that are open or opening."""
        return len(self.lanes)

    @property
    def has_room(self) -> bool:
        """Whether a request can go on its way now."""
        return bool(self.idle) or len(self.lanes) < self._most

    def submit(
        self, operation: PreparedOperation, cell: CellRecorder, intended_ns: int, user: VirtualUser | None
    ) -> None:
        """Send a request now if a lane is idle or may be opened; else it waits."""
        if self.has_room:
            self.start(None, operation, cell, intended_ns, user)
        else:
            self.queue.append((operation, cell, intended_ns, user, perf_counter_ns()))

    def release(self, lane: Lane | None) -> None:
        """A request ended: its lane, or the place of a closed one, is for the next that waits."""
        while self.queue and (lane is not None or self.has_room):
            operation, cell, intended_ns, user, since_ns = self.queue.popleft()
            if intended_ns and perf_counter_ns() - intended_ns > self.timeout_ns:
                self._drop(cell, user)
            else:
                if not intended_ns:  # else it is the start delay
                    cell.add_part("queue", perf_counter_ns() - since_ns)
                self.start(lane, operation, cell, intended_ns, user)
                return
        if lane is not None:
            self.idle.append(lane)

    def start(
        self,
        lane: Lane | None,
        operation: PreparedOperation,
        cell: CellRecorder,
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Send on this lane, an idle one or a new one, in this order."""
        try:
            request = operation.request_for(user)
        except (KeyError, ValueError) as error:
            self._refuse(lane, operation, cell, user, error)
            return
        if lane is None and self.idle:
            lane = self.idle.pop()
        if lane is not None:
            lane.send(operation, cell, request, intended_ns, user)
        else:
            self.assigned += 1
            lane = self.new_lane()
            lane.assign(operation, cell, request, intended_ns, user)
            self.open(lane)

    def _refuse(
        self,
        lane: Lane | None,
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
        self.loop.call_soon(self.done, self, lane, user, "client.capture")

    def open(self, lane: Lane) -> None:
        """Open a lane that holds a request."""
        self.lanes.add(lane)
        lane.opening = task = self.loop.create_task(lane.open())
        self._openings.add(task)
        task.add_done_callback(partial(self._opened, lane))

    def _opened(self, lane: Lane, task: asyncio.Task[None]) -> None:
        self._openings.discard(task)
        if task.cancelled():
            if lane.operation is not None:  # nobody here has given it up: what the driver calls cancels itself
                lane.fail("client.driver", "CancelledError: the request was cancelled by what carried it")
        elif (error := task.exception()) is not None:
            self.loop.call_exception_handler({"message": "opening a connection failed", "exception": error})

    def forget(self, lane: Lane) -> None:
        """The lane is closed or about to be."""
        if lane in self.lanes:
            self.lanes.remove(lane)
            if lane.operation is None and lane in self.idle:
                self.idle.remove(lane)

    def expire(self, now_ns: int) -> None:
        """Give up what is past its deadline: requests on the way as timeouts, waiting ones as dropped."""
        self.inbox.empty()  # an answer that is there was in time
        oldest_ns = now_ns - self.timeout_ns
        late = [busy for busy in self.lanes if busy.operation is not None and busy.started_ns < oldest_ns]
        for lane in late:
            lane.expire(now_ns)
        while self.queue and 0 < self.queue[0][2] < oldest_ns:
            _, cell, _, user, _ = self.queue.popleft()
            self._drop(cell, user)

    def _drop(self, cell: CellRecorder, user: VirtualUser | None) -> None:
        cell.record_drop("dropped.late")
        self.loop.call_soon(self.done, self, None, user, "dropped.late")

    def drop_waiting(self) -> None:
        """What waits for a lane is not sent any more: dropped."""
        while self.queue:
            _, cell, _, user, _ = self.queue.popleft()
            self._drop(cell, user)

    def cancel(self) -> None:
        """Give up everything, waiting and on the way, and close every lane."""
        self.inbox.empty()
        while self.queue:
            self.queue.popleft()[1].cancelled += 1
        for lane in list(self.lanes):
            lane.cancel()

    async def close(self) -> None:
        """Cancel everything and wait for the lanes that were opening, but not for one that will not be cancelled."""
        self.cancel()
        if self._openings:
            await asyncio.wait(self._openings, timeout=_LEAVE_S)
