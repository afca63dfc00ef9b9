"""How late the worker's loop is: a timer due every 5 ms notes it, since answers wait just as long to be looked at.

Each is due at a moment of its own within its 5 ms (multiples of the golden ratio, the evenest there are): on a grid
they would fall together with the arrivals of an even schedule, delay them, and see nothing of what happens between.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from time import perf_counter_ns

import numpy as np
from msgspec import Struct

from perftui.engine.load.pacer import open_pacer
from perftui.metrics.sparse import Sparse
from perftui.model.interval import HistogramData

EVERY_NS = 5_000_000
_STEP_NS = round(EVERY_NS * (5**0.5 - 1) / 2)
_LONG_NS = 100_000_000
_MOST_AT_ONCE = 20_000
"""Ticks noted one by one after the loop was held up (100 s); a longer time is noted as so long."""


class Lags(Struct, frozen=True, kw_only=True):
    """How late the loop was since the last take."""

    histogram: HistogramData = HistogramData()
    p99_ms: float = 0.0
    max_ms: float = 0.0
    over_100ms: int = 0
    """How often it was held up so long."""


class LagTimer:
    """Notes how late it is called, for every moment at which it was due."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, answers: Callable[[], int] | None, in_flight: Callable[[], int]
    ) -> None:
        """Not yet running.

        Args:
            loop: whose lag it is.
            answers: how many there were since the last cut. Given in users mode, where answers come when the loop is
                busiest, and stop coming while it stands still: lateness counts as often as there were answers to be
                late. None: every moment counts the same.
            in_flight: requests on the way, whose answers may wait.
        """
        self._pacer = open_pacer(loop, self._woke)
        self._answers = answers
        self._in_flight = in_flight
        self._begun_ns = self._number = self._due_ns = 0
        self._seen = 0
        self._late_ns: list[int] = []
        self._weights: list[int] = []
        self._longest_ns = self._over = 0

    def start(self, origin_ns: int) -> None:
        """Be due from this time of perf_counter_ns on."""
        self._begun_ns = origin_ns
        self._due_ns = self._due(0)
        self._pacer.arm(self._due_ns)

    def _due(self, number: int) -> int:
        return self._begun_ns + number * EVERY_NS + number * _STEP_NS % EVERY_NS

    def _woke(self) -> None:
        now_ns = perf_counter_ns()
        late_ns = now_ns - self._due_ns
        if late_ns < 0:  # loop timers may be early
            self._pacer.arm(self._due_ns)
            return
        if self._answers is None:
            self._note_each(now_ns)
        else:
            self._note_weighted(now_ns, late_ns, self._answers())
        self._longest_ns = max(self._longest_ns, late_ns)
        self._over += late_ns > _LONG_NS
        self._pacer.arm(self._due_ns)

    def _note_each(self, now_ns: int) -> None:
        """Every moment that has passed was one at which an answer might have come."""
        for _ in range(_MOST_AT_ONCE):
            self._late_ns.append(now_ns - self._due_ns)
            self._number += 1
            self._due_ns = self._due(self._number)
            if self._due_ns > now_ns:
                return
        self._skip(now_ns)

    def _note_weighted(self, now_ns: int, late_ns: int, answers: int) -> None:
        """The answers of the time since the last call; if that was long, those on the way have waited all of it."""
        weight = answers - self._seen if answers >= self._seen else answers
        self._seen = answers
        self._skip(now_ns)
        if late_ns > EVERY_NS:
            weight += self._in_flight()
        if weight > 0:
            self._late_ns.append(late_ns)
            self._weights.append(weight)

    def _skip(self, now_ns: int) -> None:
        self._number = max(self._number + 1, (now_ns - self._begun_ns) // EVERY_NS)
        while self._due(self._number) <= now_ns:
            self._number += 1
        self._due_ns = self._due(self._number)

    def take(self) -> Lags:
        """What was noted since the last take."""
        if not self._late_ns:
            return Lags()
        late_us = np.array(self._late_ns, dtype=np.int64) // 1000
        times = Sparse.counted(late_us, np.array(self._weights, dtype=np.int64) if self._weights else None)
        taken = Lags(
            histogram=times.data,
            p99_ms=times.quantiles_us((0.99,))[0] / 1e3,
            max_ms=self._longest_ns / 1e6,
            over_100ms=self._over,
        )
        self._late_ns.clear()
        self._weights.clear()
        self._longest_ns = self._over = 0
        return taken

    def close(self) -> None:
        """Never note anything again."""
        self._pacer.close()
