"""The picture of a scaling test: curves, levels and the law, at any size."""

from __future__ import annotations

import pytest

from perftui.analysis.scaling import Law, Observed, scaling_of
from perftui.model.scaling import Scaling
from perftui.tui.widgets.cells import content
from perftui.tui.widgets.scaling_curve import draw_scaling

pytestmark = pytest.mark.quick

LAW = Law(100.0, 0.05, 0.01)
SCALING = scaling_of(
    "users", [Observed(level, [LAW.throughput(level)] * 8, p95_ms=10.0 * level) for level in (1, 2, 4, 8, 16)]
)


def lines_of(scaling: Scaling, width: int, height: int) -> list[str]:
    return [content(line).plain for line in draw_scaling(scaling, width, height).lines]


@pytest.mark.parametrize(("width", "height"), [(76, 0), (76, 20), (116, 30), (76, 14)])
def test_curves_stand_above_a_line_for_each_level_and_the_law(width: int, height: int) -> None:
    lines = lines_of(SCALING, width, height)
    assert all(len(line) <= width for line in lines)
    assert height == 0 or len(lines) <= height
    assert "the law" in lines[0]
    assert "70 % wanted" in lines[0]
    levels = [line.split()[0] for line in lines if line.rstrip().endswith(("✓", "!", "✗"))]
    assert levels[:4] == ["1", "2", "4", "8"]
    status = content(draw_scaling(SCALING, width, height).status).plain
    assert status == "24 % efficient at 16 · peak at 9.75"
    if not height:
        assert any("contention 5.0 % (5.0 % to 5.0 %)" in line for line in lines)


def test_one_level_is_no_curve_and_none_says_so() -> None:
    assert lines_of(Scaling(of="workers", levels=()), 76, 20) == ["no level was measured yet"]
    one = lines_of(scaling_of("workers", [Observed(1, [50.0] * 4)]), 76, 20)
    assert one[0].split()[0] == "workers"
    assert "too few levels for a law" in one[-1]


def test_a_level_without_answers_has_no_law() -> None:
    silent = scaling_of("rate", [Observed(level, [0.0] * 4) for level in (1, 2, 4)])
    assert "no law goes through a level without ok answers" in lines_of(silent, 76, 20)[-1]
