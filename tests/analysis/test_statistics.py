"""Quantiles, blocks and shares against published numbers and against brute force."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.analysis.blocks import Seconds, block_length, draw_weights, memory_s, ratio
from perftui.analysis.proportions import Share, newcombe, share_of, wilson
from perftui.analysis.student import normal_quantile, t_below, t_quantile
from support.simulated_runs import histogram_data


@pytest.mark.parametrize(
    ("p", "df", "expected"),
    [
        (0.975, 1, 12.706), (0.975, 2, 4.303), (0.975, 3, 3.182), (0.975, 4, 2.776), (0.995, 1, 63.657),
        (0.995, 2, 9.925), (0.995, 3, 5.841), (0.995, 4, 4.604), (0.995, 9, 3.250), (0.95, 30, 1.697),
        (0.995, 120, 2.617), (0.995, math.inf, 2.576),
    ],
)  # fmt: skip
def test_student_quantiles_are_those_of_the_tables(p: float, df: float, expected: float) -> None:
    assert t_quantile(p, df) == pytest.approx(expected, abs=6e-4)
    assert t_quantile(1 - p, df) == pytest.approx(-expected, abs=6e-4)


@given(st.floats(0.001, 0.999), st.floats(1, 500))
def test_the_quantile_inverts_the_distribution(p: float, df: float) -> None:
    assert t_below(t_quantile(p, df), df) == pytest.approx(p, abs=1e-7)


def test_wilson_and_newcombe_as_published() -> None:
    """Newcombe 1998, interval for 81 of 263; and the difference of 56/70 and 48/80."""
    z = normal_quantile(0.975)
    assert wilson(Share(81, 263), z) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    difference, low, high = newcombe(Share(48, 80), Share(56, 70), z)
    assert (difference, low, high) == pytest.approx((0.2, 0.0524, 0.3339), abs=1e-4)
    assert wilson(Share(0, 0), z) == (0.0, 1.0)


@given(st.integers(0, 50), st.integers(0, 50), st.integers(50, 500), st.integers(50, 500))
def test_a_difference_of_shares_swaps_with_its_sides(a: int, b: int, n: int, m: int) -> None:
    change, low, high = newcombe(Share(a, n), Share(b, m), 2.0)
    assert newcombe(Share(b, m), Share(a, n), 2.0) == pytest.approx((-change, -high, -low))
    assert low <= change <= high


def test_failures_in_bursts_are_worth_fewer_trials() -> None:
    trials = np.full(100, 100.0)
    spread_out, bursts = np.full(100, 2.0), np.zeros(100)
    bursts[50:52] = 100.0
    even = share_of([(spread_out, trials)])
    burst = share_of([(bursts, trials)])
    assert even.p == burst.p == 0.02
    assert even.clustering == 1.0
    assert burst.clustering == pytest.approx(99.0, rel=0.05)
    assert burst.effective == pytest.approx(101, rel=0.05)


def test_rounds_that_differ_are_worth_fewer_trials() -> None:
    trials = np.full(50, 100.0)
    good, bad = np.full(50, 1.0), np.full(50, 5.0)
    assert share_of([(good, trials), (bad, trials)]).clustering > 20


def test_memory_of_a_series() -> None:
    generator = np.random.default_rng(4)
    white = generator.standard_normal(4000)
    remembering = np.zeros(4000)
    for place in range(1, 4000):
        remembering[place] = 0.6 * remembering[place - 1] + white[place]
    assert memory_s(white) == pytest.approx(1.0, abs=0.15)
    assert memory_s(remembering) == pytest.approx(4.0, rel=0.2)
    assert memory_s(np.ones(50)) == 1.0
    assert block_length(white[:400]) in {2, 3}
    assert block_length(np.zeros(86_400)) == 216


def test_draws_are_the_same_everywhere() -> None:
    weights = draw_weights("run/response_time/", 15)
    assert weights[:2].astype(int).tolist() == draw_weights("run/response_time/", 15)[:2].astype(int).tolist()
    assert weights.sum(axis=1).tolist() == [15.0] * len(weights)
    assert not np.array_equal(weights, draw_weights("run/service_time/", 15))


def _seconds(times_ms: list[list[float]]) -> Seconds:
    packed = [(at, histogram_data((np.array(held) * 1e3).astype(np.int64))) for at, held in enumerate(times_ms)]
    return Seconds.of(packed, len(times_ms))


@pytest.mark.slow
def test_the_error_of_a_quantile_is_that_of_repeating_the_run() -> None:
    """The bootstrap of one run against the spread of 120 runs of the same kind."""
    generator = np.random.default_rng(7)

    def run() -> Seconds:
        levels = 1 + 0.1 * generator.standard_normal(60)
        return _seconds([(20 * level * np.exp(0.4 * generator.standard_normal(100))).tolist() for level in levels])

    runs = [run() for _ in range(120)]
    for q in (0.5, 0.95, 0.99):
        estimates = [one.quantile(q, f"run {number}") for number, one in enumerate(runs)]
        true_error = float(np.std([estimate.log_value for estimate in estimates]))
        assert float(np.mean([estimate.error for estimate in estimates])) == pytest.approx(true_error, rel=0.2)


def test_quantiles_of_parts_and_of_all_together() -> None:
    seconds = _seconds([[10.0] * 10, [20.0] * 10, [30.0] * 10, []])
    assert seconds.quantile_us(0.5) == pytest.approx(20_000, rel=1e-3)
    assert seconds.part(0, 1).quantile_us(0.5) == pytest.approx(10_000, rel=1e-3)
    assert seconds.part(2, 4).total == 10
    both = Seconds.together([seconds, _seconds([[40.0] * 60, [], [], []])], 4)
    assert both.total == 90
    assert both.quantile_us(0.9) == pytest.approx(40_000, rel=1e-3)
    assert both.sums_us.tolist() == [10 * 10_000 + 60 * 40_000, 200_000, 300_000, 0]
    assert Seconds.together([], 4).quantile_us(0.5) == 0.0


def test_a_mean_has_the_error_of_its_blocks() -> None:
    generator = np.random.default_rng(8)
    estimates = [ratio(generator.normal(100, 10, 60), np.ones(60)) for _ in range(200)]
    assert float(np.mean([e.error for e in estimates])) == pytest.approx(0.1 / math.sqrt(60), rel=0.15)
    assert {estimate.block_s for estimate in estimates} <= {2, 3, 4, 5, 6}
