"""What the generator may have added stands beside the number, and dims one that is not sound."""

from __future__ import annotations

import pytest

from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.model.record import Bound, LatencyStats, Stats, Summary
from perftui.tui.widgets.bounds import ours_text, weighed
from perftui.tui.widgets.cells import content
from perftui.tui.widgets.percentiles import draw_response
from perftui.tui.widgets.picture import LivePicture

pytestmark = pytest.mark.quick

STATS = Stats(
    response_time_ms=LatencyStats(count=5000, p50=10.0, p90=20.0, p95=29.9, p99=40.0, p99_9=50.0, max=60.0),
    response_time_bounds={
        "p50": Bound(lower=9.9, upper=10.0, share=0.01, verdict="sound"),
        "p95": Bound(lower=20.0, upper=29.9, share=0.33, verdict="blurred"),
        "p99": Bound(lower=1.0, upper=40.0, share=0.97, verdict="unusable"),
    },
)


def test_the_bound_is_what_may_be_ours() -> None:
    assert ours_text(STATS, "p50").plain == "≤0.100"
    assert ours_text(STATS, "p99").plain == "≤39.0"
    assert ours_text(STATS, "p90").plain == ""


def test_only_sound_numbers_stand_out() -> None:
    assert not weighed("10", STATS, "p50").spans
    assert weighed("29.9", STATS, "p95").spans
    assert not weighed("20", STATS, "p90").spans


@pytest.mark.parametrize("width", [27, 29, 33, 50, 80])
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
    assert ("≤9.90" in p95) == (29 <= width < 43)
