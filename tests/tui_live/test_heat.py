"""The heat map: what it must let one see, and what a second of it costs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color, ColorSystem
from textual.theme import Theme

from perftui.metrics.density import EDGES_US, added_up, density_of, quantiles_us
from perftui.metrics.heat import LEVELS, Column, HeatMap, Interval, columns_of, heat_map, tick_times, time_label
from perftui.metrics.sparse import Sparse
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.tui.themes import THEMES
from perftui.tui.widgets.heat import draw_heat
from perftui.tui.widgets.picture import LivePicture, Palette

TIMES = st.lists(st.integers(min_value=20, max_value=3_000_000_000), min_size=1, max_size=200)


def second(at_s: float, *times_ms: float, each: int = 10) -> Interval:
    values = np.array([round(time * 1e3) for time in times_ms for _ in range(each)], dtype=np.int64)
    return at_s, 1.0, density_of(Sparse.counted(values))


def drawn(answers: Sequence[Interval], width: int, rows: int, end_s: float) -> HeatMap:
    found = heat_map(columns_of(answers, 0.0, end_s, width), rows)
    assert found is not None
    return found


def filled(levels: Sequence[int]) -> list[int]:
    return [row for row, level in enumerate(levels) if level]


@given(TIMES)
def test_every_answer_is_on_the_map(times: list[int]) -> None:
    histogram = Sparse.counted(np.array(times, dtype=np.int64))
    density = added_up([density_of(histogram)])
    assert density.sum() == len(times)
    found = heat_map([Column(1.0, density)], 40)
    assert found is not None
    assert found.high_us * 1.0001 >= max(times)
    assert 1 <= max(found.levels[0]) <= LEVELS


@given(TIMES)
def test_lines_are_where_the_percentiles_are(times: list[int]) -> None:
    histogram = Sparse.counted(np.array(times, dtype=np.int64))
    exact = histogram.quantiles_us((0.5, 0.95))
    for shown, true in zip(quantiles_us(added_up([density_of(histogram)]), (0.5, 0.95)), exact, strict=True):
        assert shown == pytest.approx(max(true, EDGES_US[0]), rel=0.04)


@pytest.mark.parametrize("rows", [14, 18, 50])
def test_three_modes_are_three_bands(rows: int) -> None:
    rng = np.random.default_rng(7)
    answers = []
    for at_s in range(60):
        times = np.concatenate([rng.normal(ms, ms * 0.02, count) for ms, count in ((50, 60), (80, 30), (250, 10))])
        answers.append((float(at_s), 1.0, density_of(Sparse.counted((times * 1e3).astype(np.int64)))))
    found = drawn(answers, 60, rows, 60.0)
    for levels in found.levels:
        bands = np.diff(np.concatenate(([0], (np.array(levels) > 0).astype(int), [0])))
        assert (bands == 1).sum() == 3


def test_a_stall_is_a_column() -> None:
    steady = [second(float(at_s), 5.0) for at_s in range(20)]
    steady[10] = second(10.0, *(5.0 + 100.0 * step for step in range(10)), each=1)
    found = drawn(steady, 20, 20, 20.0)
    heights = [len(filled(levels)) for levels in found.levels]
    assert heights[10] >= 5
    assert max(heights[:10] + heights[11:]) <= 2


def test_a_drift_is_a_slope() -> None:
    found = drawn([second(float(at_s), 5.0 * 1.05**at_s) for at_s in range(40)], 40, 24, 40.0)
    middles = [sum(filled(levels)) / len(filled(levels)) for levels in found.levels]
    assert middles == sorted(middles)
    assert middles[-1] - middles[0] >= 12


def test_long_runs_add_seconds_up_and_keep_their_brightness() -> None:
    """Sixty columns of ten seconds each are as bright as sixty of one: it is answers per second that is shown."""
    short = drawn([second(float(at_s), 5.0) for at_s in range(60)], 60, 20, 60.0)
    long = drawn([second(float(at_s), 5.0) for at_s in range(600)], 60, 20, 600.0)
    assert [max(levels) for levels in long.levels] == [max(levels) for levels in short.levels]


def test_a_second_may_fill_several_columns() -> None:
    columns = columns_of([second(0.0, 5.0), second(1.0, 50.0)], 0.0, 2.0, 7)
    assert None not in columns
    assert [round(column.lines_us()["p50"] / 1e3) for column in columns if column] == [5, 5, 5, 50, 50, 50, 50]


def test_nothing_answered_is_no_map() -> None:
    assert heat_map(columns_of([], 0.0, 10.0, 10), 10) is None
    assert columns_of([], 0.0, 0.0, 0) == []


def test_an_objective_is_shown_unless_it_is_far_away() -> None:
    columns = columns_of([second(0.0, 10.0)], 0.0, 1.0, 1)
    near, far = heat_map(columns, 20, shown_us=30e3), heat_map(columns, 20, shown_us=30e6)
    assert near is not None
    assert far is not None
    assert 0 <= near.row_of(30e3) < 20
    assert far.high_us < 1e6


def test_axis_labels_are_round_and_few() -> None:
    assert [time_label(us) for us in tick_times(3e3, 2e6, 9)] == [
        "5",
        "10",
        "20",
        "50",
        "100",
        "200",
        "500",
        "1 s",
        "2 s",
    ]
    assert [time_label(us) for us in tick_times(3e3, 2e6, 4)] == ["10", "100", "1 s"]
    assert len(tick_times(10.0, 3.6e9, 3)) <= 3


def picture(palette: Palette = "full", *, lines_only: bool = False) -> LivePicture:
    load = Load(stages=(Stage(duration_s=60, to=10),), start_level=10)
    plan = Plan(name="p", target=Target(url="http://127.0.0.1"), load=load, operations=(Operation(name="a", path="/"),))
    answers = [second(float(at_s), *(50.0,) * 6, *(80.0,) * 3, 250.0, each=12) for at_s in range(30)]
    return LivePicture(
        plan=plan, state="running", axis_s=(0.0, 60.0), densities=answers, palette=palette, lines_only=lines_only
    )


@pytest.mark.parametrize("palette", ["full", "16", "none"])
@pytest.mark.parametrize(("width", "height"), [(76, 20), (44, 10), (12, 5), (110, 0)])
def test_every_line_has_the_width_of_the_panel(palette: Palette, width: int, height: int) -> None:
    lines = draw_heat(picture(palette), width, height).lines
    assert len(lines) == (height or len(lines))
    assert {line.cell_length for line in lines if not isinstance(line, str)} <= {width, width - 5, max(width, 12)}


def test_without_colour_shades_tell_many_from_few() -> None:
    text = "\n".join(str(line) for line in draw_heat(picture("none"), 76, 20).lines)
    assert {"█", "▓"} & set(text)
    assert "▀" not in text
    assert {"─", "┈"} <= set(text)


def test_lines_alone_have_no_map_behind_them() -> None:
    lines = draw_heat(picture(lines_only=True), 76, 20).lines
    styles = {str(span.style) for line in lines if not isinstance(line, str) for span in line.spans}
    assert not any("heat" in style for style in styles)
    assert {"$line-p50", "$line-p99"} <= styles


def test_bright_places_keep_their_lines_visible() -> None:
    lines = draw_heat(picture(), 76, 20).lines
    styles = {str(span.style) for line in lines if not isinstance(line, str) for span in line.spans}
    assert any(style.startswith("$background on $heat-") for style in styles)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_sixteen_colours_are_seen_on_the_ground_of_their_theme(theme: Theme) -> None:
    """Many answers look other than few, and neither looks like nothing."""

    def shown(colour: str | None) -> int | None:
        return Color.parse(colour or "").downgrade(ColorSystem.STANDARD).number

    levels = [shown(theme.variables[f"heat-of-16-{level}"]) for level in range(1, LEVELS + 1)]
    assert shown(theme.background) not in levels
    assert len(set(levels)) == 4
