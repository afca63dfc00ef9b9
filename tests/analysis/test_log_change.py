"""One change of logarithms: which interval decides, and that it is handed on."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.analysis.blocks import Estimate
from perftui.analysis.log_change import LogChange, Spread, log_change

MARGIN = math.log(1.2)
KNOWN = Spread(value=0.0, df=100.0, assumed=False)


def found(change: float, error: float) -> LogChange:
    """Between two rounds that are known that well."""
    before, after = (
        Estimate(log_value=value, error=error / math.sqrt(2), blocks=200, block_s=1) for value in (0.0, change)
    )
    return log_change([before], [after], confidence=0.99, margin=MARGIN, worse=1, spread=KNOWN)


@pytest.mark.parametrize(
    ("error", "verdict", "by_the_narrower"),
    [(0.05, "no_difference", False), (0.09, "no_difference", True), (0.15, "inconclusive", False)],
)
def test_nothing_differs_by_the_interval_that_shows_it(error: float, verdict: str, by_the_narrower: bool) -> None:  # noqa: FBT001 - of the table
    decided = found(0.0, error)
    assert (decided.verdict, decided.equivalence is not None) == (verdict, by_the_narrower)


@given(change=st.floats(-0.05, 0.05), error=st.floats(0.05, 0.12))
def test_the_narrower_interval_stands_where_the_other_does_not_show_it(change: float, error: float) -> None:
    decided = found(change, error)
    shown = decided.low > -MARGIN and decided.high < MARGIN
    assert (decided.equivalence is not None) == (decided.verdict == "no_difference" and not shown)
    if decided.equivalence is not None:
        low, high = decided.equivalence
        assert decided.low < low < high < decided.high
        assert low > -MARGIN
        assert high < MARGIN
