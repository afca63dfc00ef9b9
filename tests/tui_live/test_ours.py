"""What the generator may have added has a column beside the percentiles wherever there is room."""

from __future__ import annotations

import pytest

from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.model.record import Bound, LatencyStats, Stats, Summary
from perftui.tui.widgets.cells import content
from perftui.tui.widgets.percentiles import draw_response
from perftui.tui.widgets.picture import LivePicture

pytestmark = pytest.mark.quick

STATS = Stats(
    response_time_ms=LatencyStats(count=5000, p50=10.0, p90=20.0, p95=29.9, p99=40.0, p99_9=50.0, max=60.0),
    response_time_bounds={"p95": Bound(lower=20.0, upper=29.9, share=0.33, verdict="blurred")},
)


@pytest.mark.parametrize("width", [22, 27, 29, 33, 37, 42, 50, 60, 80, 120])
def test_it_is_shown_where_there_is_room_and_the_numbers_keep_theirs(width: int) -> None:
    plan = Plan(
        name="p",
        target=Target(url="http://127.0.0.1"),
        load=Load(stages=(Stage(duration_s=9, to=1),), start_level=1),
        operations=(Operation(name="a", path="/"),),
    )
    picture = LivePicture(plan=plan, state="running", run=Summary(total=STATS), window=Summary(total=STATS))
    lines = [content(line).plain for line in draw_response(picture, width, 13).lines]
    assert all(len(line) <= width for line in lines)
    p95 = next(line for line in lines if line.startswith("p95"))
    assert p95.count("29.9") == 2
    assert ("≤9.90" in p95) == (width in {29, 33, 37, 50, 60, 80, 120})
