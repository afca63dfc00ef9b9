"""Lines of blocks: from zero, no peak lost, steady from second to second."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.tui.widgets.trend import bar, grouped, trend, trend_rows

pytestmark = pytest.mark.quick

VALUES = st.lists(st.none() | st.floats(0, 1e6), max_size=80)


@given(VALUES, st.integers(0, 60), st.integers(0, 10_000))
def test_as_wide_as_asked(values: list[float | None], width: int, last: int) -> None:
    assert len(trend(values, width, last=last)) == width
    assert all(len(line) == width for line in trend_rows(values, width, 3, last=last))


def test_starts_at_zero() -> None:
    """98 to 100 look alike; zero and the smallest value do not."""
    assert len(set(trend([98, 99, 100], 3))) <= 2
    assert trend([0, 1, 1000], 3) == "▁▂▇"
    assert trend([0, 0], 2) == "▁▁"


def test_gaps_stay_gaps() -> None:
    assert trend([5, None, 5], 3) == "▇ ▇"
    assert trend([], 4) == "    "


def test_fewer_values_than_cells_stand_on_the_right() -> None:
    assert trend([1], 3) == "  ▇"


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=80), st.integers(1, 60), st.integers(0, 1000))
def test_no_peak_is_lost(values: list[float], width: int, last: int) -> None:
    size = -(-len(values) // width)
    assert max(value for value in grouped(values, size, last) if value is not None) == max(values)


@pytest.mark.parametrize("second", range(6))
def test_groups_move_but_do_not_change(second: int) -> None:
    """A second later the whole groups hold the same values: the line moves to the left, it does not flicker."""
    values: list[float | None] = [float(number * 5 % 7) for number in range(30)]
    last = second + 19
    groups = grouped(values[second : last + 1], 3, last)
    whole = [max(value for value in values[3 * place : 3 * place + 3] if value is not None) for place in range(10)]
    first = second // 3
    assert groups[1:-1] == whole[first + 1 : first + len(groups) - 1]


def test_bars_have_eighths() -> None:
    assert bar(0, 4) == "    "
    assert bar(1, 4) == "████"
    assert bar(2, 4) == "████"
    assert bar(0.5, 1) == "▌"
