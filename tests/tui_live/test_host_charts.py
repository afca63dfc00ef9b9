"""The panel of the machine alone: what was sampled of target, machine and workers, over the run."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from perftui.tui.screens.live_picture import Look, take_picture
from perftui.tui.screens.result_load import read_run
from perftui.tui.widgets.cells import content
from perftui.tui.widgets.host import draw_host
from perftui.tui.widgets.picture import LivePicture

pytestmark = pytest.mark.quick


@pytest.fixture
def picture(finished: Callable[[str], Path]) -> LivePicture:
    """A run whose target was found: its newest second says more of it than the recording does."""
    run, timeline = read_run(finished("steered"))
    picture = take_picture(timeline, Look(), plan=run.record.plan)
    host = msgspec.structs.replace(picture.interval.host, target_threads=1, target_open_files=12)
    return dataclasses.replace(picture, interval=msgspec.structs.replace(picture.interval, host=host))


@pytest.mark.parametrize("width", [40, 76, 116, 196])
@pytest.mark.parametrize("height", [10, 12, 18, 30, 44])
def test_what_is_left_of_the_panel_shows_the_run(picture: LivePicture, width: int, height: int) -> None:
    lines = [content(line).plain for line in draw_host(picture, width, height).lines]
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines[4:])
    assert any(line.startswith("target cpu") and "top " in line for line in lines)
    assert lines[-1].split()[0] == "00:00"
    if height >= 18:
        assert any(line.startswith("connections") for line in lines)
        assert any(line.startswith("loop lag") and line.endswith(" ms") for line in lines)


def test_a_small_panel_has_its_numbers_only(picture: LivePicture) -> None:
    lines = [content(line).plain for line in draw_host(picture, 76, 4).lines]
    assert len(lines) == 4
    assert lines[3].endswith("  1 thread  12 files")
    assert not any("top " in line for line in lines)
