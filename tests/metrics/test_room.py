"""What a screen holds of a run that goes on for hours is what was measured, and little beside it."""

from __future__ import annotations

import numpy as np
import pytest

from perftui.metrics.interval_merge import merge_intervals
from perftui.metrics.series import IntervalView
from perftui.metrics.timeline import BLOCK, Timeline
from support.held import held_bytes
from support.simulated_runs import Model, intervals_of, plan_of

KEEP = 2 * BLOCK
MODEL = Model(seconds=4 * BLOCK, rate=60, operations=("list", "show", "search"), error_rate=0.2)
INTERVALS = intervals_of(MODEL, np.random.default_rng(1))
WINDOW_S = 60
MOST_OF_A_MINUTE = 0.2
"""Of what was measured."""
MOST_OF_A_SECOND = 2000
"""Bytes; the newest two minutes have their totals as well."""


def look(timeline: Timeline) -> None:
    """Ask what a screen asks about all of the run."""
    timeline.window(WINDOW_S, only=())
    timeline.densities()
    for metric in ("throughput", "errors_per_s", "level", "asked"):
        timeline.series(metric)


def test_a_minute_that_was_drawn_is_its_numbers_and_little_beside_them() -> None:
    view = IntervalView(merge_intervals(INTERVALS[:BLOCK]), MODEL.mode)
    view.density()
    view.value("throughput")
    view.value("errors_per_s")
    measured = held_bytes(view.interval)
    assert measured > 5000
    assert held_bytes(view, without=view.interval) < MOST_OF_A_MINUTE * measured


def test_seconds_that_were_drawn_take_little_more_room_than_others() -> None:
    drawn, alone = Timeline(plan_of(MODEL), KEEP), Timeline(plan_of(MODEL), KEEP)
    for place, interval in enumerate(INTERVALS):
        drawn.add(interval)
        alone.add(interval)
        if place % (WINDOW_S // 2) == 0:
            look(drawn)
    beside = held_bytes(drawn) - held_bytes(alone)
    assert 0 < beside / len(drawn.intervals) < MOST_OF_A_SECOND
    assert drawn.window(3 * BLOCK, only=()).total.counts.scheduled == 3 * BLOCK * MODEL.rate


@pytest.mark.parametrize(
    "metric", ["throughput", "errors_per_s", "error_rate", "response_time.p99", "service_time.p50", "timeout_rate"]
)
def test_a_number_of_all_operations_is_the_same_with_the_total_and_without(metric: str) -> None:
    with_it, without = (IntervalView(INTERVALS[0], MODEL.mode) for _ in range(2))
    assert with_it.total.counts.scheduled == MODEL.rate
    assert with_it.value(metric) == without.value(metric) is not None
    assert with_it.failed() == without.failed() > 0
    assert with_it.density().counts.tolist() == without.density().counts.tolist()
