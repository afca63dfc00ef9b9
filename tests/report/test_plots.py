"""Plots for the terminal: exact in size, from zero, the same twice, quick."""

from __future__ import annotations

import math
import re

import pytest

from perftui.report.plots import Series, line_plot

WAVE = [(float(at), 100 + 10 * math.sin(at / 5)) for at in range(300)]


@pytest.mark.parametrize(("width", "height"), [(60, 10), (20, 4), (118, 24), (12, 3), (5, 2), (0, 0)])
@pytest.mark.parametrize("colour", [True, False])
def test_size_is_exact(width: int, height: int, *, colour: bool) -> None:
    drawn = line_plot([Series("ok", WAVE)], width, height, marks=(50, 100), legend=height > 4, colour=colour)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", drawn).split("\n") if height else []
    assert [len(line) for line in lines] == [width] * height
    assert colour or "\x1b" not in drawn


def test_axis_starts_at_zero_and_ends_above_the_highest() -> None:
    lines = line_plot([Series("ok", WAVE)], 60, 10, colour=False).split("\n")
    assert lines[0].startswith("  120┤")
    assert lines[-2].startswith("    0┤")
    assert lines[-1].split() == ["00:00", "02:29", "04:59"]


def test_a_spike_of_one_second_in_a_day_is_drawn() -> None:
    day = [(float(at), 5.0) for at in range(86_400)]
    day[40_000] = (40_000.0, 1000.0)
    lines = line_plot([Series("p99", day)], 60, 10, colour=False).split("\n")
    assert lines[0].strip("┤ 10") != ""


def test_gaps_stay_gaps() -> None:
    points = [(float(at), math.nan if 100 <= at < 200 else 50.0) for at in range(300)]
    row = next(
        line
        for line in line_plot([Series("p", points)], 60, 10, colour=False).split("\n")
        if "▀" in line or "▄" in line
    )
    assert "         " in row.strip()


def test_the_same_twice_and_nothing_left_over() -> None:
    first = line_plot([Series("ok", WAVE), Series("asked", [(0, 100.0), (299, 100.0)], "asked")], 60, 10)
    line_plot([Series("other", [(0, 1.0), (1, 9.0)], "bad")], 40, 8, marks=(0.5,))
    again = line_plot([Series("ok", WAVE), Series("asked", [(0, 100.0), (299, 100.0)], "asked")], 60, 10)
    assert first == again


@pytest.mark.parametrize("points", [[], [(0.0, 0.0)], [(3.0, math.nan)], [(1.0, 5.0)], [(0.0, 0.0), (9.0, 0.0)]])
def test_little_data_is_drawn(points: list[tuple[float, float]]) -> None:
    assert len(line_plot([Series("x", points)], 40, 6).split("\n")) == 6


def test_named_places_on_the_axis() -> None:
    ticks = ((0.3, "p50"), (1.0, "p90"), (2.0, "p99"))
    drawn = line_plot([Series("x", [(0.0, 1.0), (3.0, 9.0)])], 60, 8, x_ticks=ticks, colour=False)
    assert drawn.split("\n")[-1].split() == ["p50", "p90", "p99"]


def test_lines_that_hold_and_that_do_not_differ_without_colour_and_only_what_is_drawn_is_named() -> None:
    good, bad = Series("holds", [(0, 1), (5, 2)], "good"), Series("does not hold", [(5, 2), (9, 3)], "bad")
    both = line_plot([bad, good], 40, 8, colour=False, legend=True)
    assert "× does not hold  ▞ holds" in both.splitlines()[0]
    assert both.count("×") > 5
    alone = line_plot([Series("does not hold", [], "bad"), good], 40, 8, colour=False, legend=True)
    assert alone.splitlines()[0].split() == ["▞", "holds"]
