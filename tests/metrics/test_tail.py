"""What is kept of a long run: ever longer blocks, no count lost, few of them however long it goes on."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from perftui.metrics.series import IntervalView
from perftui.metrics.tail import MOST, Tail
from perftui.model.interval import Cell, Counts, Interval
from support.simulated_runs import histogram_data


def _minute(number: int) -> IntervalView:
    times = histogram_data(np.array([1000 + number, 2000]))
    cell = Cell(counts=Counts(scheduled=3, started=3, ok=2, errors=1), service_time=times, response_time=times)
    interval = Interval(at_s=60.0 * number, duration_s=60.0, phase="measure", asked=3, cells={"measure": {"a": cell}})
    return IntervalView(interval, "rate")


def test_the_older_the_longer_and_without_gaps() -> None:
    tail = Tail("rate", most=4)
    for number in range(61):
        tail.add(_minute(number))
    blocks = [view.interval for view in tail.blocks]
    assert blocks[0].at_s == 0
    assert all(before.at_s + before.duration_s == after.at_s for before, after in pairwise(blocks))
    assert blocks[-1].at_s + blocks[-1].duration_s == 61 * 60
    lengths = [block.duration_s / 60 for block in blocks]
    assert lengths == sorted(lengths, reverse=True)
    assert max(lengths.count(length) for length in set(lengths)) <= 4
    assert lengths[-1] == 1


def test_no_count_is_lost() -> None:
    tail = Tail("rate", most=4)
    for number in range(61):
        tail.add(_minute(number))
    assert sum((view.counts() for view in tail.blocks), Counts()) == Counts(
        scheduled=183, started=183, ok=122, errors=61
    )
    assert sum(view.time("response_time").count for view in tail.blocks) == 122
    assert sum(view.interval.asked for view in tail.blocks) == 183
    assert tail.blocks[0].time("service_time").min == 1.0


def test_a_week_is_not_much_more_than_a_day() -> None:
    tail = Tail("users", most=MOST)
    nothing = IntervalView(Interval(at_s=0, duration_s=60, phase="measure"), "users")
    sizes = []
    for _day in range(7):
        for _ in range(24 * 60):
            tail.add(nothing)
        sizes.append(len(tail.blocks))
    assert sizes[0] < 450
    assert sizes[-1] < 800
