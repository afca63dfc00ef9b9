"""Open mode: requests start when the schedule says so, whatever the target does."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from time import perf_counter_ns

from perftui.engine.clients.client import Client
from perftui.engine.clients.journey import PreparedJourney
from perftui.engine.clients.lane import Lane
from perftui.engine.clients.users import VirtualUser
from perftui.engine.load.arrivals import Arrivals, share
from perftui.engine.load.pacer import open_pacer
from perftui.engine.load.schedule import Schedule
from perftui.engine.worker.operations import Operations
from perftui.engine.worker.sending import NS, UNLIMITED, Load
from perftui.model.plan import Phase

MOST_AT_ONCE = 256
"""Late arrivals sent before answers are looked at again."""
LEAST_SLEEP_NS = 100_000
"""From one look at the schedule to the next: above 10,000/s requests start in small bunches, at most 0.1 ms late. At
20,000/s this saves a third of the worker's processor time."""


class RateLoad(Load):
    """Arrivals per second."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, operations: Operations, schedule: Schedule, worker: int, workers: int
    ) -> None:
        super().__init__(loop, operations, schedule, worker, workers)
        of_requests = self.plan.rate_of == "requests"
        self._arrivals = Arrivals(schedule, worker, workers, operations.requests_per_unit if of_requests else 1.0)
        if self.left < UNLIMITED and self.plan.arrivals == "uniform" and not operations.has_journeys:
            # whose turn it is after the warm-up follows from the schedule
            warm = schedule.warm_count
            self.left = share(warm + self.plan.max_requests, worker, workers) - share(warm, worker, workers)
        self._arrivals.next_ns()  # the first ones are worked out before the start, not at it
        self._pacer = open_pacer(loop, self._due)
        self._phase_ends_ns = 0
        self._guests = 0
        """Journeys begun: each is another user's."""

    def start(self, origin_ns: int) -> None:
        """The schedule begins at this time of perf_counter_ns."""
        super().start(origin_ns)
        self._pacer.arm(origin_ns)

    def _due(self) -> None:
        """Start every arrival whose time has come, then sleep until the next."""
        arrivals, origin_ns = self._arrivals, self.origin_ns
        woke_ns = perf_counter_ns()
        for _ in range(MOST_AT_ONCE):
            due_ns = arrivals.next_ns()
            if due_ns is None or self.left <= 0:
                self._pacer.disarm()
                return
            intended_ns = origin_ns + due_ns
            if intended_ns > perf_counter_ns():
                self._pacer.arm(max(intended_ns, woke_ns + LEAST_SLEEP_NS))
                return
            if intended_ns < woke_ns - self.oldest_ns:
                self._skip(self.at_s(woke_ns - self.oldest_ns))
                continue
            arrivals.pop()
            if intended_ns >= self._phase_ends_ns:
                self.operations.enter(self.phases.at(intended_ns))
                self._phase_ends_ns = self.phases.next_change_ns(intended_ns)
            unit = self.next_unit()
            if isinstance(unit, PreparedJourney):
                number = self.worker + self.workers * self._guests
                self._guests += 1
                self.begin_journey(unit, VirtualUser(number, self.operations.values.for_user(number), {}), intended_ns)
                continue
            if intended_ns >= self.counted_from_ns:
                self.left -= 1
            cell = unit.cell
            cell.scheduled += 1
            client = unit.client
            if client.idle and unit.next_request is not None:
                client.idle.pop().send(unit, cell, unit.next_request(), intended_ns, None)
            else:
                client.submit(unit, cell, intended_ns, None)
        self._pacer.arm(perf_counter_ns())

    def done(self, client: Client, lane: Lane | None, user: VirtualUser | None, failure: str | None) -> None:
        """A request ended: its lane is for the next."""
        client.release(lane)
        if user is not None:
            self.go_on(user, failure)

    def tick(self, now_ns: int) -> None:
        """End with the schedule, or with the last request allowed. A backlog is not sent any more, but counted."""
        if self.ended:
            return
        if self.left > 0 and self.at_s(now_ns) < self.schedule.end_s:
            return
        if self.left > 0:
            self._due()  # what fell due in the last moment
            self._skip(self.schedule.end_s)
            self.clients.drop_waiting()
        self.end()

    def _skip(self, until_s: float) -> None:
        """What is due before a moment is not sent any more: too late, or the load is over."""
        start_s = 0.0
        for change_ns, phase in self._phase_ends:
            end_s = min(until_s, change_ns / NS)
            if end_s > start_s:
                count = min(self._arrivals.skip(end_s), self.left)
                if phase != "warmup" and self.left < UNLIMITED:
                    self.left -= count
                self.drop(count, phase)
            start_s = end_s

    @property
    def _phase_ends(self) -> list[tuple[int, Phase]]:
        """When each phase ends, in turn."""
        changes = self.schedule.phase_changes_ns()
        return [(end_ns, phase) for (_, phase), (end_ns, _) in pairwise(changes)]

    def replan(self) -> None:
        """The schedule changed: what is not yet due has another time."""
        self._arrivals.replan()
        self._pacer.arm(perf_counter_ns())

    def end(self) -> None:
        """Make no more requests."""
        super().end()
        self._pacer.close()

    def intended(self, due_ns: int) -> int:
        """Steps have intended times like arrivals."""
        return due_ns

    def journey_over(self, user: VirtualUser) -> None:
        """Nothing follows: the next journey comes with its own arrival."""
