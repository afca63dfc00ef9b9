"""The times of a result: what may be the generator's stands beside them, and what is not sound recedes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from perftui.model.record import Bound
from perftui.tui.screens.result_load import read_result
from perftui.tui.widgets.cells import content
from perftui.tui.widgets.result_picture import ResultPicture
from perftui.tui.widgets.result_tables import draw_percentiles, draw_short_times

pytestmark = pytest.mark.quick


@pytest.fixture
def blurred(finished: Callable[[str], Path]) -> ResultPicture:
    """A run whose p95 is mostly the generator's."""
    picture = read_result(finished("read"))
    bounds = {
        "p50": Bound(lower=2.0, upper=2.1, share=0.05, verdict="sound"),
        "p95": Bound(lower=1.0, upper=9.0, share=0.9, verdict="unusable"),
    }
    replace = msgspec.structs.replace
    summary = picture.record.summary
    summary = replace(summary, total=replace(summary.total, response_time_bounds=bounds))
    run = replace(picture.run, record=replace(picture.record, summary=summary))
    return dataclasses.replace(picture, run=run)


@pytest.mark.parametrize("width", [40, 46, 47, 50, 52, 53, 60, 80, 116])
def test_the_table_of_a_wide_terminal(blurred: ResultPicture, width: int) -> None:
    """Half of a terminal of 120 columns has room for it (47 cells)."""
    lines = [content(line).plain for line in draw_percentiles(blurred, width, 13).lines]
    assert all(len(line) <= max(width, 44) for line in lines)
    assert {len(line) for line in lines} == {len(lines[0])}
    p95 = next(line for line in lines if line.startswith("p95"))
    assert ("≤8.00" in p95) == (width >= 47)


@pytest.mark.parametrize("width", [68, 76, 78, 98])
def test_the_table_of_a_small_terminal(blurred: ResultPicture, width: int) -> None:
    titles, response, *_, ours = (content(line) for line in draw_short_times(blurred, width, 6).lines)
    assert ours.plain.split() == ["ours", "at", "most", "≤0.100", "≤8.00"]
    assert all(len(line.plain) <= width for line in (titles, response, ours))
    end = titles.plain.index("p95") + len("p95")
    receding = [span for span in response.spans if span.style == "$quiet"]
    assert any(span.start < end <= span.end for span in receding)
    end = titles.plain.index("p50") + len("p50")
    assert not any(span.start < end <= span.end for span in receding)
