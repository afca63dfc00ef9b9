"""The comparison, calibrated by simulation: reduced here, in full in tests/benchmarks."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pytest

from perftui.analysis.comparison import compare
from support.simulated_runs import Model, SimulatedRun, simulated_run

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("simulated rounds")]

MODEL = Model(seconds=30, rate=200, round_spread=0.05, second_spread=0.05, memory=0.4)
PAIRS = 16


@cache
def _round(factor: float, seed: str) -> SimulatedRun:
    return simulated_run(MODEL.with_factor(factor), seed)


def _rounds(factor: float, name: str, rounds: int) -> list[SimulatedRun]:
    """What one test has drawn another one uses: half of the time goes into drawing."""
    return [_round(factor, f"{name}.{number}") for number in range(rounds)]


def _pairs(factor: float, rounds: int) -> Counter[str]:
    found: Counter[str] = Counter()
    for number in range(PAIRS):
        before = _rounds(1.0, f"{number} before", rounds)
        after = _rounds(factor, f"{number} after {factor}", rounds)
        found[compare(before, after).verdict] += 1
    return found


def test_equal_runs_are_not_called_worse() -> None:
    found = _pairs(1.0, 3)
    assert found["regression"] <= 1
    assert found["no_difference"] >= 0.75 * PAIRS


def test_forty_per_cent_are_found() -> None:
    assert _pairs(1.4, 5)["regression"] >= 0.9 * PAIRS


def test_five_per_cent_are_not_called_worse() -> None:
    assert _pairs(1.05, 5)["regression"] <= 1


def test_single_rounds_find_forty_per_cent_more_often_than_not_and_nothing_where_nothing_is() -> None:
    assert _pairs(1.4, 1)["regression"] >= 0.6 * PAIRS
    assert _pairs(1.0, 1)["regression"] <= 2


def test_runs_of_ten_minutes_are_compared() -> None:
    model = Model(seconds=600, rate=600, operations=("list", "show", "create"))
    before, after = simulated_run(model, "long a"), simulated_run(model, "long b")
    comparison = compare([before], [after])
    assert len(comparison.metrics) == 22
    assert np.isfinite([change.low for change in comparison.metrics]).all()
