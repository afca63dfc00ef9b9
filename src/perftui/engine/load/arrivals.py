"""The arrivals of one worker: its share of the schedule, in chunks.

Uniform: worker w of N owns the indices w, w + N, ... so the union is the exact schedule. Poisson: each worker draws its
own unit-rate stream from SeedSequence(seed).spawn(N) and maps it through the schedule, so the superposition is Poisson.
"""

from __future__ import annotations

import numpy as np

from perftui.engine.load.schedule import Schedule
from perftui.metrics.histogram import Float64s

CHUNK = 2048


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
        self._drawn = 0
        limit = schedule.load.max_requests
        self._limit = share(limit, worker, workers) if limit else None
        self._positions: Float64s = np.empty(0)
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

    def _refill(self) -> None:
        if self._next < len(self._positions):  # beyond the end as planned now; a later change may bring them back
            return
        count = CHUNK if self._limit is None else min(CHUNK, self._limit - self._drawn)
        if count <= 0:
            self._positions, self._times, self._next = np.empty(0), [], 0
            return
        if self._random is not None:
            steps = self._random.exponential(self._workers * self._spacing, count)
            self._positions = self._reached + np.cumsum(steps)
            self._reached = float(self._positions[-1])
        else:
            index = self._worker + self._workers * np.arange(self._drawn, self._drawn + count, dtype=np.int64)
            self._positions = index.astype(np.float64) * self._spacing
        self._drawn += count
        self._next = 0
        self._retime()

    def _retime(self) -> None:
        total = float(self._schedule.total)
        within = self._positions[self._positions < total]
        self._times = self._schedule.times_ns(within).tolist() if len(within) else []
