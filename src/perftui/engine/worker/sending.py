"""What both modes of load have in common: choosing what comes next, journeys, limits, the end."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from random import Random
from time import perf_counter_ns

from perftui.engine.clients.client import Client
from perftui.engine.clients.journey import PreparedJourney
from perftui.engine.clients.lane import Lane
from perftui.engine.clients.operation import PreparedOperation
from perftui.engine.clients.users import VirtualUser
from perftui.engine.load.arrivals import share
from perftui.engine.load.mix import Split, endless
from perftui.engine.load.phases import PhaseClock
from perftui.engine.load.schedule import Schedule
from perftui.engine.worker.clients import Clients
from perftui.engine.worker.operations import Operations
from perftui.model.plan import Load as LoadPlan
from perftui.model.plan import Phase

UNLIMITED = 1 << 62
NS = 1_000_000_000


class Load(ABC):
    """Sends the requests of one worker. Subclasses decide when."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, operations: Operations, schedule: Schedule, worker: int, workers: int
    ) -> None:
        self.loop = loop
        self.operations = operations
        self.schedule = schedule
        self.worker = worker
        self.workers = workers
        self.plan: LoadPlan = schedule.load
        self.next_unit = endless(operations.units, operations.weights, self.plan.seed * workers + worker)
        self.random = Random(f"{self.plan.seed}/think/{worker}")
        self.left = share(self.plan.max_requests, worker, workers) if self.plan.max_requests else UNLIMITED
        """Requests that may still be made after the warm-up."""
        self._drops = Split(operations.weights)
        self.oldest_ns = UNLIMITED
        """What has been due for longer (the timeout) is not sent any more."""
        self.sleeping = 0
        """Users and journeys that wait before their next request."""
        self.ended = False
        """No request is made any more: drain."""
        self.clients: Clients
        self.phases: PhaseClock
        self.origin_ns = self.counted_from_ns = 0
        """Requests due from `counted_from_ns` on count for the plan's limit."""

    def start(self, origin_ns: int) -> None:
        """The schedule begins at this time of perf_counter_ns."""
        self.origin_ns = origin_ns
        self.counted_from_ns = origin_ns + round(self.plan.warmup_s * NS)
        self.phases = PhaseClock(self.schedule, origin_ns)

    @abstractmethod
    def tick(self, now_ns: int) -> None:
        """Called every few milliseconds and at every change of phase."""

    @abstractmethod
    def done(self, client: Client, lane: Lane | None, user: VirtualUser | None, failure: str | None) -> None:
        """A request ended. See clients.client.Done."""

    @abstractmethod
    def replan(self) -> None:
        """The schedule changed."""

    @property
    def finished(self) -> bool:
        """Whether nothing is due any more and nothing is on the way."""
        return self.ended and not self.clients.waiting and not self.clients.in_flight

    def end(self) -> None:
        """Make no more requests."""
        self.ended = True

    def at_s(self, now_ns: int) -> float:
        """Seconds since the origin."""
        return (now_ns - self.origin_ns) / NS

    def submit(self, operation: PreparedOperation, intended_ns: int, user: VirtualUser | None) -> None:
        """One request is due."""
        due_ns = intended_ns or perf_counter_ns()
        if due_ns >= self.counted_from_ns:
            self.left -= 1
        cell = operation.cells[self.phases.at(due_ns)]
        cell.scheduled += 1
        operation.client.submit(operation, cell, intended_ns, user)

    def drop(self, count: int, phase: Phase) -> None:
        """So many requests were due in a phase, and the generator did not get to them."""
        for unit, part in zip(self.operations.units, self._drops.of(count), strict=True):
            if part:
                operation = unit if isinstance(unit, PreparedOperation) else unit.steps[0]
                operation.cells[phase].record_drops("dropped.generator", part)

    def begin_journey(self, journey: PreparedJourney, user: VirtualUser, intended_ns: int) -> None:
        """A user sets out, perhaps after a wait before the first step."""
        user.begin(journey, self.operations.variables)
        self._step(user, journey.steps[0], intended_ns)

    def go_on(self, user: VirtualUser, failure: str | None) -> bool:
        """A step ended: take the next one; returns whether there is one."""
        if failure is not None or self.ended or self.left <= 0:
            return False
        step = user.next_step()
        if step is None:
            return False
        self._step(user, step, perf_counter_ns())
        return True

    def _step(self, user: VirtualUser, step: PreparedOperation, from_ns: int) -> None:
        low, high = step.plan.think_s
        if high <= 0:
            self.submit(step, self.intended(from_ns), user)
            return
        wait_s = self.random.uniform(low, high)
        self.sleeping += 1
        self.loop.call_later(wait_s, self._wake_step, user, step, from_ns + round(wait_s * NS))

    def _wake_step(self, user: VirtualUser, step: PreparedOperation, due_ns: int) -> None:
        self.sleeping -= 1
        if self.ended or self.left <= 0:
            self.journey_over(user)
        else:
            self.submit(step, self.intended(min(due_ns, perf_counter_ns())), user)

    @abstractmethod
    def intended(self, due_ns: int) -> int:
        """What is recorded as intended time of a step due at this moment: 0 in users mode."""

    @abstractmethod
    def journey_over(self, user: VirtualUser) -> None:
        """A journey ended, at its last step or before."""
