"""Closed mode: N users, each waits for its answer before its next request."""

from __future__ import annotations

import asyncio

from perftui.engine.clients.client import Asked, Client
from perftui.engine.clients.journey import PreparedJourney
from perftui.engine.clients.lane import Lane
from perftui.engine.clients.operation import PreparedOperation
from perftui.engine.clients.registry import way_of
from perftui.engine.clients.users import VirtualUser
from perftui.engine.load.arrivals import share
from perftui.engine.load.schedule import Schedule
from perftui.engine.worker.operations import Operations
from perftui.engine.worker.sending import UNLIMITED, Load

FIRST_BACKOFF_S = 0.05
LONGEST_BACKOFF_S = 1.0


class UsersLoad(Load):
    """Users at once."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, operations: Operations, schedule: Schedule, worker: int, workers: int
    ) -> None:
        super().__init__(loop, operations, schedule, worker, workers)
        self._users: list[VirtualUser] = []
        self._idle: list[VirtualUser] = []
        """Users that wait for their place to be wanted."""
        self.wanted = 0
        """Users with a lower place go on, the others stop after their answer."""
        self._phase_ends_ns = 0
        only_operations = all(isinstance(unit, PreparedOperation) for unit in operations.units)
        one_way = len({way_of(operation.plan) for operation in operations.all}) == 1
        self._is_plain = only_operations and one_way and self.plan.think_s[1] <= 0 and self.left == UNLIMITED
        """Whether a user's next request follows the answer at once, by the same client."""
        self._is_foreseen = self._is_plain and not any(operation.plan.captures for operation in operations.all)
        """Whether it does not even depend on the answer."""
        self._is_straight = False
        """Whether it may follow on the same lane: plain, and nobody waits for a place."""

    def tick(self, now_ns: int) -> None:
        """Let users set out or stop as the level says; end with the schedule."""
        if self.ended:
            return
        at_s = self.at_s(now_ns)
        if now_ns >= self._phase_ends_ns:
            self.operations.enter(self.phases.at(now_ns))
            self._phase_ends_ns = self.phases.next_change_ns(now_ns)
        if at_s >= self.schedule.end_s or self.left <= 0:
            self.end()
            return
        self.wanted = share(round(self.schedule.level_at(at_s)), self.worker, self.workers)
        while len(self._users) < self.wanted:
            user = self._new_user(len(self._users))
            self._users.append(user)
            self._idle.append(user)
        ready = [user for user in self._idle if user.place < self.wanted]
        if ready:
            self._idle = [user for user in self._idle if user.place >= self.wanted]
            self._set_out(ready)
        self._is_straight = self._is_plain and not self.clients.waiting

    def _new_user(self, place: int) -> VirtualUser:
        number = self.worker + self.workers * place
        return VirtualUser(place, self.operations.values.for_user(number), dict(self.operations.variables))

    def _set_out(self, ready: list[VirtualUser]) -> None:
        """Begin, spread over the think time: users that begin at once would stay in step and wait for each other."""
        for number, user in enumerate(ready):
            share_of_wait = (number + self.worker / self.workers) / len(ready)
            self._sleep(user, share_of_wait * self._think_s())

    def done(self, client: Client, lane: Lane | None, user: VirtualUser | None, failure: str | None) -> None:
        """A request ended: its user makes the next one."""
        if self._is_straight and failure is None and lane is not None and user.place < self.wanted:  # type: ignore[union-attr]  # here every request has a user
            operation: PreparedOperation = self.next_unit()  # type: ignore[assignment]  # plain: no journeys
            cell = operation.cell
            cell.scheduled += 1
            make = operation.next_request
            if make is not None:
                lane.send(operation, cell, make(), 0, user)
            else:
                client.start(lane, operation, cell, 0, user)
        else:
            assert user is not None
            self._done(client, lane, user, failure)

    def ahead(self, user: VirtualUser, most: int) -> list[Asked]:
        """The next requests of a user, if they can be told: see clients.client.Ahead."""
        if not self._is_foreseen or self.clients.waiting or user.place >= self.wanted:
            return []
        asked: list[Asked] = []
        for _ in range(most):
            operation: PreparedOperation = self.next_unit()  # type: ignore[assignment]  # foreseen: no journeys
            make = operation.next_request
            asked.append((operation, operation.cell, operation.request_for(user) if make is None else make()))
        return asked

    def _done(self, client: Client, lane: Lane | None, user: VirtualUser, failure: str | None) -> None:
        client.release(lane)
        if user.journey is not None:
            if self.go_on(user, failure):
                return
            user.leave()
        self._sleep(user, self._wait_s(user, failure))

    def _sleep(self, user: VirtualUser, wait_s: float) -> None:
        if wait_s > 0:
            self.sleeping += 1
            self.loop.call_later(wait_s, self._wake, user)
        else:
            self._next_unit(user)

    def _think_s(self) -> float:
        low, high = self.plan.think_s
        return self.random.uniform(low, high) if high > 0 else 0.0

    def _wait_s(self, user: VirtualUser, failure: str | None) -> float:
        """Think time; after a failed connection at least a growing pause, so that a dead target is not stormed."""
        wait_s = self._think_s()
        if failure is None or not failure.startswith(
            ("connect.", "tls.", "dns.", "proxy", "client.", "reset", "closed")
        ):
            user.backoff_s = 0.0
            return wait_s
        user.backoff_s = min(LONGEST_BACKOFF_S, user.backoff_s * 2 or FIRST_BACKOFF_S)
        return max(wait_s, user.backoff_s * self.random.uniform(0.5, 1.0))

    def _wake(self, user: VirtualUser) -> None:
        self.sleeping -= 1
        self._next_unit(user)

    def _next_unit(self, user: VirtualUser) -> None:
        if self.ended or user.place >= self.wanted or self.left <= 0:
            self._idle.append(user)
            return
        unit = self.next_unit()
        if isinstance(unit, PreparedJourney):  # not asked of operations: they are abstract, which makes it slow
            self.begin_journey(unit, user, 0)
        else:
            self.submit(unit, 0, user)

    def replan(self) -> None:
        """The schedule changed: the next tick sees it."""

    def end(self) -> None:
        """Make no more requests."""
        super().end()
        self.wanted = 0
        self._is_straight = False

    def intended(self, _due_ns: int) -> int:
        """Users have no intended times."""
        return 0

    def journey_over(self, user: VirtualUser) -> None:
        """The user goes on with something else."""
        user.leave()
        self._next_unit(user)
