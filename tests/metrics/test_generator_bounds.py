"""What the generator may have added: the true value always lies inside, and the interval is as narrow as it can be."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from perftui.metrics.generator_bounds import (
    OWN_CODE_US,
    Generator,
    bounds,
    comonotone,
    excess,
    lower_us,
    number_verdict,
)
from perftui.metrics.sparse import Sparse
from support.bound_cases import REQUESTS, Request, check, rank


@pytest.mark.slow
@given(REQUESTS)
@settings(max_examples=120, deadline=None)
def test_the_true_quantile_lies_inside_whatever_the_generator_did(held: list[Request]) -> None:
    """Ten thousand of them: benchmarks/bounds.py."""
    check(held)


@given(st.lists(st.integers(2_000, 5_000_000), min_size=5, max_size=60), st.integers(0, 1_900))
def test_a_lag_that_is_always_the_same_is_taken_off_and_no_more(times: list[int], lag: int) -> None:
    true = np.array(times, dtype=np.int64)
    service = Sparse.counted(true + lag)
    found = lower_us(service, Sparse.counted(np.full(50, lag)), (0.5, 0.95))
    for q, lower in zip((0.5, 0.95), found, strict=True):
        assert rank(true, q) * 0.998 - 3 - OWN_CODE_US <= lower <= rank(true, q)


def test_a_rare_stall_widens_the_tail_and_leaves_the_median() -> None:
    generator = np.random.default_rng(1)
    true = generator.normal(20_000, 400, 2_400).astype(np.int64)
    lag = np.where(generator.random(2_400) < 0.02, 150_000, 60)
    found = bounds(Sparse.counted(true + lag).stats(), Sparse.counted(true + lag), Generator(Sparse.counted(lag)))
    assert found["p50"].verdict == found["p95"].verdict == "sound"
    assert found["p95"].share < 0.02
    assert found["p99"].verdict == "unusable"
    assert found["p99"].lower <= rank(true, 0.99) / 1e3


def test_without_lag_nothing_is_claimed() -> None:
    service = Sparse.counted(np.full(10, 1_000))
    assert bounds(service.stats(), service, Generator(Sparse())) == {}
    assert lower_us(service, Sparse(), (0.5,)) == [0.0]


def test_at_full_speed_no_number_is_the_target_s() -> None:
    service = Sparse.counted(np.full(10, 1_000))
    found = bounds(service.stats(), service, Generator(Sparse.counted(np.full(10, 1)), is_limit=True))
    assert {bound.verdict for bound in found.values()} == {"unusable"}


@pytest.mark.parametrize(
    ("name", "lower", "upper", "verdict"),
    [
        ("p50", 9.5, 10.0, "sound"), ("p95", 9.35, 10.0, "blurred"), ("mean", 0.0, 0.6, "sound"),
        ("p50", 0.0, 0.61, "blurred"), ("p90", 95.0, 100.0, "sound"), ("p95", 94.9, 100.0, "blurred"),
        ("p75", 75.0, 100.0, "blurred"), ("p50", 74.9, 100.0, "unusable"), ("p50", 0.0, 2.0, "blurred"),
        ("p50", 0.0, 2.1, "unusable"),
        # of the tail, twice as much; what is unusable is the same
        ("p99", 90.0, 100.0, "sound"), ("p99_9", 89.9, 100.0, "blurred"), ("p99", 0.0, 1.0, "sound"),
        ("p99", 0.0, 1.1, "blurred"), ("p99", 74.9, 100.0, "unusable"), ("p99_9", 0.0, 2.1, "unusable"),
    ],
)  # fmt: skip
def test_limits_of_a_number(name: str, lower: float, upper: float, verdict: str) -> None:
    assert number_verdict(name, lower, upper) == verdict


def test_excess_is_what_one_added_beyond_the_other() -> None:
    quiet, busy = Sparse.counted(np.full(100, 50)), Sparse.counted(np.array([50] * 90 + [5_000] * 10))
    more = excess(comonotone([busy]), comonotone([quiet]))
    assert more.beyond[0] == pytest.approx(0.1, abs=0.01)
    assert more.steps_us[-1] == pytest.approx(4_950, rel=0.01)
    assert more.beyond[-1] == 0
    none = excess(comonotone([quiet]), comonotone([busy]))
    assert none.beyond.max() == none.steps_us.max() == 0
    together = comonotone([busy, busy])
    assert together[0] == pytest.approx(100, rel=0.01)
    assert together[-1] == pytest.approx(10_000, rel=0.01)
