"""The arrivals of one worker: its share of the schedule, in chunks.

Uniform: worker w of N owns the indices w, w + N, ... so the union is the exact schedule. Poisson: each worker draws its
own unit-rate stream from SeedSequence(seed).spawn(N) and maps it through the schedule, so the superposition is Poisson.
"""

from __future__ import annotations

import math

import numpy as np

from perftui.engine.load.schedule import Schedule
from perftui.metrics.histogram import Float64s

CHUNK = 2048
_NONE: Float64s = np.empty(0)


def share(total: int, worker: int, workers: int) -> int:
    """The part of a whole number that falls to one worker; the parts add up to it."""
    return total // workers + (worker < total % workers)


class Arrivals:
    """Intended times (ns since the origin) of one worker, ascending."""

    def __init__(self, schedule: Schedule, worker: int, workers: int, requests_per_arrival: float = 1.0) -> None:
        self._schedule = schedule
        self._worker = worker
        self._workers = workers
        self._spacing = requests_per_arrival
        self._random: np.random.Generator | None = None
        if schedule.load.arrivals == "poisson":
            seeds = np.random.SeedSequence(schedule.load.seed).spawn(workers)
            self._random = np.random.default_rng(seeds[worker])
        self._reached = 0.0
        """Position up to which random arrivals are drawn."""
        self._drawn = 0
        """Arrivals drawn, of random ones those after the warm-up."""
        self._positions: Float64s = _NONE
        self._times: list[int] = []
        self._next = 0

    def next_ns(self) -> int | None:
        """When the next arrival is due; None when there is none left."""
        if self._next >= len(self._times):
            self._refill()
        return self._times[self._next] if self._next < len(self._times) else None

    def pop(self) -> None:
        """The next arrival was sent or queued."""
        self._next += 1

    def replan(self) -> None:
        """The schedule changed: arrivals not yet popped get their new times."""
        self._positions = self._positions[self._next :]
        self._next = 0
        self._retime()

    def skip(self, until_s: float) -> int:
        """Pass over what is due before a moment; how many that were. Counted, or for random ones drawn as a count."""
        boundary = self._schedule.arrivals_until(until_s)
        if self._random is None:
            due = share(self._count_until(until_s), self._worker, self._workers)
            place = len(self._positions) - (self._drawn - due)
        else:
            place = int(self._positions.searchsorted(boundary))
        if place <= self._next:
            return 0
        skipped = place - self._next
        if place < len(self._positions):
            self._next = place
            return skipped
        if self._random is None:
            self._drawn += place - len(self._positions)
        else:
            skipped = len(self._positions) - self._next + self._skip_random(boundary)
        self._positions, self._times, self._next = _NONE, [], 0
        return skipped

    def _count_until(self, until_s: float) -> int:
        """Arrivals of all workers due before a moment, uniform."""
        if self._spacing == 1.0:
            return self._schedule.count_until(until_s)
        return math.ceil(self._schedule.arrivals_until(until_s) / self._spacing - 1e-9)

    def _skip_random(self, boundary: float) -> int:
        """How many there are up to a position. What comes after an exponential wait does not remember when it began."""
        assert self._random is not None
        if boundary <= self._reached:
            return 0
        count = int(self._random.poisson((boundary - self._reached) / (self._workers * self._spacing)))
        self._reached = boundary
        return count

    def _refill(self) -> None:
        if self._next < len(self._positions):  # beyond the end as planned now; a later change may bring them back
            return
        self._positions = self._even() if self._random is None else self._random_ones(self._random)
        self._next = 0
        self._retime()

    def _even(self) -> Float64s:
        count = CHUNK
        if self._schedule.most is not None and self._spacing == 1.0:
            count = max(0, min(CHUNK, share(self._schedule.most, self._worker, self._workers) - self._drawn))
        index = self._worker + self._workers * np.arange(self._drawn, self._drawn + count, dtype=np.int64)
        self._drawn += count
        return index.astype(np.float64) * self._spacing

    def _random_ones(self, random: np.random.Generator) -> Float64s:
        limit = self._schedule.load.max_requests
        left = share(limit, self._worker, self._workers) - self._drawn if limit and self._spacing == 1.0 else CHUNK
        if left <= 0:
            return _NONE
        drawn = self._reached + np.cumsum(random.exponential(self._workers * self._spacing, CHUNK))
        warm = int(drawn.searchsorted(self._schedule.warm_count))
        drawn = drawn[: warm + left]
        self._drawn += len(drawn) - warm
        self._reached = float(drawn[-1])
        return drawn

    def _retime(self) -> None:
        total = float(self._schedule.total)
        within = self._positions[self._positions < total]
        self._times = self._schedule.times_ns(within).tolist() if len(within) else []
