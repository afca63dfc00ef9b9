"""The picture of a search: both curves, its levels, the knee, at any size."""

from __future__ import annotations

import pytest

from perftui.model.search import Search, SearchStep
from perftui.tui.widgets.cells import content
from perftui.tui.widgets.search_curve import draw_search

pytestmark = pytest.mark.quick


def step(level: float, *, holds: bool = True, p95_ms: float = 10.0) -> SearchStep:
    why = "" if holds else "response_time.p95 900 ms misses < 500 ms"
    return SearchStep(
        level=level, kind="rise", holds=holds, why=why, throughput_per_s=min(level, 300.0), p95_ms=p95_ms, p50_ms=5.0
    )


STEPS = (step(100.0), step(200.0, p95_ms=12.0), step(400.0, holds=False, p95_ms=900.0), step(280.0, p95_ms=40.0))
SEARCH = Search(mode="rate", answer=280.0, above=400.0, knee=200.0, steps=STEPS)


def lines_of(search: Search, width: int, height: int) -> list[str]:
    return [content(line).plain for line in draw_search(search, width, height).lines]


@pytest.mark.parametrize(("width", "height"), [(76, 0), (76, 20), (116, 30), (76, 11)])
def test_curves_stand_above_a_line_for_each_level(width: int, height: int) -> None:
    lines = lines_of(SEARCH, width, height)
    assert all(len(line) <= width for line in lines)
    assert height == 0 or len(lines) <= height
    assert "ok/s" in lines[0]
    assert "p95, ms" in lines[0]
    levels = [line.split()[0] for line in lines if line.rstrip().endswith(("✓", "ms")) and line.split()[0].isdigit()]
    assert levels == ["100", "200", "280", "400"]
    assert any("✗  response_time.p95 900 ms" in line for line in lines)
    drawing = draw_search(SEARCH, width, height)
    assert content(drawing.status).plain == "holds up to 280/s · not at 400/s · knee 200/s"


def test_where_room_is_short_the_newest_levels_stay() -> None:
    lines = lines_of(SEARCH, 40, 3)
    assert [line.split()[0] for line in lines] == ["level", "280", "400"]


def test_one_level_is_no_curve_and_none_says_so() -> None:
    one = Search(mode="users", answer=5.0, steps=(step(5.0),))
    assert lines_of(one, 76, 20)[0].split()[0] == "level"
    assert lines_of(Search(mode="rate", answer=0.0), 76, 20) == ["no level was judged yet"]


def test_a_curve_that_did_not_bend_has_no_knee() -> None:
    rising = Search(mode="rate", answer=400.0, limited_by="ceiling", steps=tuple(map(step, (100.0, 200.0, 400.0))))
    assert content(draw_search(rising, 76, 20).status).plain == "holds up to 400/s · no knee up to 400/s"
