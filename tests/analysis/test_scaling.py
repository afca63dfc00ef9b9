"""The scalability law: known parameters come back, within their intervals, and never below nothing."""

from __future__ import annotations

import math

import numpy as np
import pytest

from perftui.analysis.scaling import Law, Observed, fit, scaling_of

LEVELS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)


@pytest.mark.parametrize("law", [Law(100, 0.05, 0.001), Law(1000, 0.2, 0), Law(10, 0, 0.01), Law(50, 0, 0)])
def test_parameters_of_exact_data_come_back(law: Law) -> None:
    found = fit(LEVELS, [law.throughput(level) for level in LEVELS])
    assert found == pytest.approx(law, rel=1e-6, abs=1e-9)


def test_costs_are_never_negative() -> None:
    better_than_linear = [level**1.2 for level in LEVELS]
    found = fit(LEVELS, better_than_linear)
    assert (found.contention, found.coherency) == (0, 0)


def test_intervals_hold_the_truth_nine_times_in_ten() -> None:
    law = Law(100, 0.05, 0.002)
    random = np.random.default_rng(1)
    held = []
    for _ in range(20):
        noisy = [Observed(at, list(law.throughput(at) * random.normal(1, 0.03, 30))) for at in LEVELS]
        found = scaling_of("users", noisy)
        assert found.contention is not None
        assert found.coherency is not None
        assert found.peak is not None
        assert found.contention.value == pytest.approx(0.05, rel=0.3)
        assert found.peak.value == pytest.approx(math.sqrt(0.95 / 0.002), rel=0.1)
        held += [found.contention.low <= 0.05 <= found.contention.high,
                 found.coherency.low <= 0.002 <= found.coherency.high]  # fmt: skip
    assert sum(held) >= 34


def test_efficiency_and_its_verdicts() -> None:
    found = scaling_of("workers", [Observed(1, [100.0] * 4), Observed(2, [150.0] * 4), Observed(4, [240.0] * 4),
                                   Observed(8, [300.0] * 4)])  # fmt: skip
    assert [level.efficiency for level in found.levels] == [1, 0.75, 0.6, 0.375]
    assert [level.verdict for level in found.levels] == ["pass", "pass", "warn", "fail"]
    assert found.verdict == "fail"


def test_two_levels_make_no_law() -> None:
    found = scaling_of("users", [Observed(1, [10.0] * 5), Observed(2, [19.0] * 5)])
    assert (found.contention, found.peak, found.verdict) == (None, None, "pass")


@pytest.mark.parametrize("seconds", [2, 3, 5])
def test_few_seconds_have_wide_intervals_and_not_none(seconds: int) -> None:
    random = np.random.default_rng(3)
    law = Law(100, 0.2, 0)
    noisy = [Observed(at, list(law.throughput(at) * random.normal(1, 0.05, seconds))) for at in LEVELS]
    found = scaling_of("users", noisy).contention
    assert found is not None
    assert found.high - found.low > 0.01
