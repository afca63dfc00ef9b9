"""Sessions that users keep: each user has one of its own, also while it thinks, and nobody else gets it."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from perftui.engine.clients.lane import Lane
from perftui.engine.clients.operation import PreparedOperation
from perftui.engine.clients.task_client import TaskClient, TaskLane
from perftui.engine.clients.users import VirtualUser
from perftui.metrics.recorder import CellRecorder


class KeptLane(TaskLane):
    """A session and whose it is."""

    __slots__ = ("owner",)

    def __init__(self, pool: KeptClient) -> None:
        super().__init__(pool)
        self.owner: VirtualUser | None = None

    def assign(
        self,
        operation: PreparedOperation,
        cell: CellRecorder,
        request: Any,  # noqa: ANN401 - a table
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Take a request of its owner, or of a new one."""
        super().assign(operation, cell, request, intended_ns, user)
        self.owner = user


class KeptClient(TaskClient):
    """In users mode a session belongs to one user to the end, in rate mode to one journey."""

    def new_lane(self) -> KeptLane:
        """A session that is still to be opened."""
        return KeptLane(self)

    def start(
        self,
        lane: Lane | None,
        operation: PreparedOperation,
        cell: CellRecorder,
        intended_ns: int,
        user: VirtualUser | None,
    ) -> None:
        """Send on the user's own session, on one that is nobody's, or on a new one."""
        if lane is None and self.idle:
            lane = self._take(user)
            if lane is None and len(self.lanes) < self._most:
                others, self.idle = self.idle, []  # so that a new one is opened
                super().start(None, operation, cell, intended_ns, user)
                self.idle = others
                return
        super().start(lane, operation, cell, intended_ns, user)

    def _take(self, user: VirtualUser | None) -> KeptLane | None:
        """An idle session that this user may have."""
        wanted = self._key(user)
        free: KeptLane | None = None
        idle: list[KeptLane] = self.idle
        for lane in reversed(idle):
            key = self._key(lane.owner)
            if key == wanted:
                self.idle.remove(lane)
                return lane
            if key is None and free is None:
                free = lane
        if free is not None:
            self.idle.remove(free)
        return free

    def _key(self, user: VirtualUser | None) -> Hashable:
        """What tells owners apart; None: nobody."""
        if user is None:
            return None
        if self.plan.load.mode == "users":
            return user.place
        return user if user.journey is not None else None
