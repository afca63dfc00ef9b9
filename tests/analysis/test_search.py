"""The search for a level: how few steps, how close, and what it makes of contradictions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from perftui.analysis.search import LevelSearch, generator_limit, kept_up, knee_of, values_needed
from perftui.model.interval import TrustReason
from perftui.model.plan import Mode, Objective
from perftui.model.record import Trust
from perftui.model.search import SearchStep
from support.simulated_runs import Model, simulated_run


def _run(search: LevelSearch, limit: float) -> int:
    steps = 0
    while (level := search.next_level()) is not None:
        search.tell(level, holds=level <= limit)
        steps += 1
        assert steps < 60
    return steps


@given(limit=st.floats(1.0, 50_000), start=st.floats(1.0, 1_000))
def test_a_rate_is_found_to_the_precision_in_few_steps(limit: float, start: float) -> None:
    search = LevelSearch(start, 100_000, "rate", 0.05)
    steps = _run(search, limit)
    assert search.fails is not None
    assert search.holds <= limit < search.fails
    # three digits of a level are all that is tried
    assert search.fails / search.holds <= 1.06
    assert steps <= 25


@given(limit=st.integers(0, 4000), start=st.integers(1, 100))
def test_users_come_whole(limit: int, start: int) -> None:
    search = LevelSearch(start, 5_000, "users", 0.02)
    _run(search, limit)
    assert search.holds <= limit
    assert search.holds == int(search.holds)
    if limit < 50:
        assert search.holds == limit
        assert search.fails == limit + 1


@pytest.mark.parametrize(("mode", "most"), [("rate", 500.0), ("users", 37.0)])
def test_nothing_above_the_most_is_tried(mode: Mode, most: float) -> None:
    search = LevelSearch(10, most, mode, 0.05)
    _run(search, 10_000)
    assert (search.holds, search.fails) == (most, None)


def test_a_confirmation_that_fails_takes_the_answer_back() -> None:
    search = LevelSearch(10, 1_000, "rate", 0.05)
    _run(search, 100)
    search.tell(search.holds, holds=False)
    assert search.holds == 0
    assert search.fails is not None
    assert search.fails <= 100


def test_requests_that_an_objective_needs() -> None:
    assert values_needed([]) == 30
    assert values_needed([Objective(metric="response_time.p95", target="< 1s")]) == 60
    assert values_needed([Objective(metric="response_time.p99", target="< 1s")]) == 300


def test_requests_that_pile_up_are_seen() -> None:
    run = simulated_run(Model(seconds=6, rate=100), "a")
    assert kept_up(run.record, run.intervals) == 1
    behind = [replace(interval, asked=120.0) for interval in run.intervals]
    assert kept_up(run.record, behind) == pytest.approx(100 / 120)


def test_a_generator_that_cannot_do_more() -> None:
    record = simulated_run(Model(seconds=1), "a").record
    assert generator_limit(record) == ""
    late = TrustReason(code="start_delay", verdict="invalid", detail="late")
    full = TrustReason(code="worker_cpu", verdict="invalid", detail="worker 0 used 97 % of a core")
    assert generator_limit(replace(record, trust=Trust(verdict="invalid", reasons=(late,)))) == ""
    assert generator_limit(replace(record, trust=Trust(verdict="invalid", reasons=(late, full)))) == full.detail


def test_the_knee_is_where_throughput_for_its_time_is_best() -> None:
    curve = [(10, 10, 20), (50, 50, 21), (100, 100, 30), (150, 110, 200), (200, 105, 900)]
    steps = [
        SearchStep(level=level, kind="rise", holds=True, throughput_per_s=ok, p95_ms=p95) for level, ok, p95 in curve
    ]
    assert knee_of(steps) == 100
    assert knee_of(steps[:3]) is None, "throughput still grew at the highest level that was tried"
    assert knee_of(steps[:2]) is None
