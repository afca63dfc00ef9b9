"""The picture of a run at a moment, from its recording."""

from __future__ import annotations

import pytest

from perftui.metrics.timeline import Timeline
from perftui.model.journal import Header
from perftui.tui.screens.live_picture import Look, take_picture
from perftui.tui.widgets.chart import columns
from perftui.tui.widgets.picture import LivePicture
from support.recorded_runs import lines_until

pytestmark = pytest.mark.quick


def picture_at(name: str, at_s: float) -> LivePicture:
    """A recorded run as it was at a moment."""
    timeline = Timeline()
    for line in lines_until(name, at_s):
        timeline.add(line)
    assert isinstance(timeline.header, Header)
    return take_picture(timeline, Look(), plan=timeline.header.plan)


@pytest.mark.parametrize("at_s", [3.0, 12.0, 25.0, 33.0])
@pytest.mark.parametrize("width", [50, 72, 190])
def test_the_asked_line_has_no_gaps(at_s: float, width: int) -> None:
    """Past and planned seconds are one line, however few of either there are and however wide the plot is."""
    picture = picture_at("read", at_s)
    assert None not in columns(picture.asked, *picture.axis_s, width)
