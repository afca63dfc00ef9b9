"""The plot over time: columns, asked and baseline lines, marks on the axis."""

from __future__ import annotations

import pytest

from perftui.report.axes import round_up
from perftui.tui.widgets.chart import Line, Tick, chart_rows, columns, time_axis

pytestmark = pytest.mark.quick


@pytest.mark.parametrize(
    ("value", "top"), [(0, 1), (0.9, 1), (1, 1), (101, 120), (119, 120), (9_500, 10_000), (0.013, 0.015)]
)
def test_axis_ends_at_the_next_round_number(value: float, top: float) -> None:
    assert round_up(value) == pytest.approx(top)


def test_columns_are_means_of_their_seconds() -> None:
    points = [(float(second), float(second)) for second in range(100)]
    assert columns(points, 0, 100, 10) == [4.5 + 10 * place for place in range(10)]


def test_a_point_covers_its_second_on_a_wide_plot() -> None:
    assert columns([(0, 5), (1, 7)], 0, 4, 8) == [5, 5, 7, 7, None, None, None, None]


def test_a_pause_is_a_gap() -> None:
    held = columns([(0, 5), (1, 5), (2, 5), (8, 5), (9, 5)], 0, 10, 10)
    assert held[5] is None
    assert held[9] == 5


def test_points_outside_the_axis_are_not_drawn() -> None:
    assert columns([(-5, 1), (50, 1)], 0, 10, 5) == [None] * 5


def test_heights_are_exact_to_an_eighth_of_a_row() -> None:
    rows = chart_rows([100, 50, 12.5, 0, None], (), 4, 100, "$series-1")
    assert [row.plain for row in rows] == ["█    ", "█    ", "██   ", "██▄  "]


def test_the_asked_line_stands_where_nothing_was_attained() -> None:
    rows = chart_rows([100, None], (([100, 100], Line((), "┈", "bold")),), 2, 100, "$series-1")
    assert rows[0].plain == "┈┈"
    assert rows[1].plain == "█ "


def test_a_small_value_is_seen() -> None:
    assert chart_rows([0.01], (), 2, 100, "$series-1")[1].plain == "▁"


def test_marks_stand_at_their_time() -> None:
    axis, labels = time_axis(0, 60, 60, (Tick(0, "├", label="00:00"), Tick(30, "◆"), Tick(60, "┤", label="01:00")))
    assert axis.plain[0] == "├"
    assert axis.plain[30] == "◆"
    assert axis.plain[59] == "┤"
    assert labels.plain.startswith("00:00")
    assert labels.plain.endswith("01:00")


def test_labels_never_overlap() -> None:
    ticks = [Tick(float(second), "┬", label=f"00:{second:02d}") for second in range(20)]
    _, labels = time_axis(0, 20, 30, ticks)
    assert {len(word) for word in labels.plain.split()} == {5}
