"""What the timer in the worker's loop notes: every moment that the loop stood still, and how many answers waited."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from perftui.engine.worker.lag import EVERY_NS, Lags, LagTimer
from perftui.metrics.sparse import Sparse


def noted(
    hold_s: float, *, answers: Callable[[], int] | None = None, in_flight: int = 0, loop_s: float = 0.5
) -> tuple[Lags, Sparse]:
    """What a loop notes that is held up once."""

    async def run() -> Lags:
        loop = asyncio.get_running_loop()
        timer = LagTimer(loop, answers, lambda: in_flight)
        timer.start(time.perf_counter_ns())
        await asyncio.sleep(loop_s / 2)
        time.sleep(hold_s)  # noqa: ASYNC251 - the loop is to stand still
        await asyncio.sleep(loop_s / 2)
        taken = timer.take()
        assert timer.take() == Lags()
        timer.close()
        return taken

    taken = asyncio.run(run())
    return taken, Sparse.of(taken.histogram)


def test_every_moment_of_a_stall_is_late_by_what_was_left_of_it() -> None:
    taken, lags = noted(0.2)
    expected = 0.7 * 1e9 / EVERY_NS
    assert lags.total == pytest.approx(expected, rel=0.25)
    assert taken.over_100ms >= 1
    assert taken.max_ms > 190
    # 40 moments in the stall, late by 200 ms down to nothing: half of them by more than 100 ms
    late = sum(lags.count_between([100_000, 1e9]))
    assert 15 <= late <= 30


def test_a_loop_that_is_free_is_hardly_late() -> None:
    _, lags = noted(0.0)
    assert lags.quantiles_us((0.1,))[0] < 2_000


def test_users_that_wait_for_their_answers_make_few_late_ones() -> None:
    """A thousand answers before and after, and three requests on the way while the loop stood still."""
    counted = iter(range(0, 10**9, 10))
    taken, lags = noted(0.2, answers=lambda: next(counted), in_flight=3)
    assert taken.over_100ms >= 1
    assert sum(lags.count_between([150_000, 1e9])) == 13
    assert lags.total > 300


def test_moments_without_answers_do_not_count() -> None:
    _, lags = noted(0.0, answers=lambda: 7)
    assert lags.total == 7
