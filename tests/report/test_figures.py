"""Figures of the HTML report: gaps, marks, axes, and the values below the pointer."""

from __future__ import annotations

import json
import math
from itertools import pairwise

import numpy as np
import pytest

from perftui.metrics.density import Density, density_of
from perftui.metrics.heat import LEVELS
from perftui.metrics.sparse import Sparse
from perftui.report.svg import Figure, Line, line_figure, placed_marks, x_scale
from perftui.report.svg_heat import heat_figure

LETTER = 6.2


def figure_of(*points: tuple[float, float], whole: bool = False) -> Figure:
    found = line_figure("T", [Line(label="l", points=points)], unit="u", whole=whole)
    assert found is not None
    return found


def test_a_line_breaks_where_nothing_was_measured() -> None:
    drawn = figure_of((0, 1.0), (1, 2.0), (2, math.nan), (3, 1.0), (4, 3.0))
    assert len(drawn.lines[0].pieces) == 2


def test_a_single_second_is_drawn_as_a_dot() -> None:
    drawn = figure_of((0, 1.0), (1, math.nan), (2, 2.0), (3, 1.0))
    first = drawn.lines[0].pieces[0].split()
    assert len(first) == 2
    assert first[0] == first[1]


@pytest.mark.parametrize("highest", [1, 2, 3, 4, 5, 7, 9, 31, 1000])
def test_axes_of_counts_have_no_fractions(highest: int) -> None:
    drawn = figure_of((0, 0.0), (1, float(highest)), whole=True)
    labels = [label for _, label in drawn.y_ticks]
    assert len(labels) > 1
    assert all("." not in label for label in labels)
    assert len(set(labels)) == len(labels)


def test_words_of_marks_are_not_printed_over_each_other() -> None:
    marks = [(float(at), f"deployed release {at}") for at in range(0, 60, 3)]
    placed, rows = placed_marks(marks, x_scale(0.0, 60.0))
    assert len(placed) == len(marks)
    assert rows <= 3
    spans: dict[float, list[tuple[float, float]]] = {}
    for mark in placed:
        if not mark.label:
            continue
        wide, x = len(mark.label) * LETTER, float(mark.x)
        left = x - {"start": 0.0, "middle": wide / 2, "end": wide}[mark.anchor]
        spans.setdefault(mark.y, []).append((left, left + wide))
    assert spans
    for row in spans.values():
        ordered = sorted(row)
        assert all(before[1] < after[0] for before, after in pairwise(ordered))
        assert ordered[0][0] >= 0
        assert ordered[-1][1] <= 720


def test_hover_says_the_value_of_every_line() -> None:
    lines = [Line(label="ok", points=((0, 1.0), (1, 2.5))), Line(label="asked", points=((1, 3.0),))]
    found = line_figure("T", lines, unit="u")
    assert found is not None
    hover = json.loads(found.hover)
    assert hover["names"] == ["00:00", "00:01"]
    assert hover["lines"] == [["ok", ["1", "2.5"]], ["asked", [None, "3"]]]
    assert len(hover["xs"]) == 2


def test_heat_map_has_a_path_for_each_level_and_a_gap_where_nothing_was_answered() -> None:
    def second(at_s: float, *times_ms: int) -> tuple[float, float, Density]:
        return at_s, 1.0, density_of(Sparse.counted(np.array([ms * 1000 for ms in times_ms], dtype=np.int64)))

    answers = [second(at_s, *[50] * 100, 250) for at_s in range(60) if not 20 <= at_s < 25]
    found = heat_figure(answers, 60.0, marks=[(20.0, "down")], goal_ms=100.0)
    assert found is not None
    assert found.heat is not None
    assert len(found.heat.levels) == LEVELS
    drawn = "".join(found.heat.levels)
    assert "M19 " in drawn
    assert not any(f"M{place} " in drawn for place in range(20, 25))
    assert [len(line.pieces) for line in found.lines] == [2, 2, 2]
    assert found.limit_y
    assert json.loads(found.hover)["lines"][-1][1][22] is None


def test_nothing_answered_is_no_figure() -> None:
    assert heat_figure([], 10.0) is None
    assert line_figure("T", [Line(label="l", points=((0, math.nan),))], unit="u") is None
