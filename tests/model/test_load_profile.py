"""The profile: the one meaning of stages, for the schedule, the screens, the guard and the summary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.engine.load.schedule import Schedule
from perftui.model.load_profile import measure_spans, peak, planned_arrivals, planned_level_at
from perftui.model.plan import Load, Stage

LEVELS = st.integers(0, 500).map(float)
STAGES = st.lists(st.builds(Stage, duration_s=st.integers(0, 60).map(float), to=LEVELS), min_size=1, max_size=5).filter(
    lambda stages: any(stage.duration_s for stage in stages)
)
LOADS = st.builds(
    Load, stages=STAGES.map(tuple), start_level=LEVELS, warmup_s=st.sampled_from([0.0, 2.5]), mode=st.just("rate")
)


@pytest.mark.parametrize(("at_s", "level"), [(0, 20), (4.9, 20), (10, 110), (15, 200), (20, 200), (27.5, 125), (31, 0)])
def test_the_level_the_plan_asks_for(at_s: float, level: float) -> None:
    stages = (Stage(duration_s=10, to=200), Stage(duration_s=10, to=200), Stage(duration_s=5, to=50))
    load = Load(stages=stages, start_level=20, warmup_s=5)

    assert planned_level_at(load, at_s) == pytest.approx(level)


@pytest.mark.parametrize(("at_s", "level"), [(0, 0), (5, 25), (10, 50), (19.99, 99.95)])
def test_a_ramp_from_0_is_a_ramp(at_s: float, level: float) -> None:
    load = Load(stages=(Stage(duration_s=20, to=100),))

    assert planned_level_at(load, at_s) == pytest.approx(level)
    assert planned_arrivals(load) == pytest.approx(1000)


@given(LOADS, st.floats(0, 310))
def test_the_schedule_and_everybody_else_agree(load: Load, at_s: float) -> None:
    schedule = Schedule(load)

    assert planned_level_at(load, at_s) == pytest.approx(schedule.level_at(at_s))
    assert planned_arrivals(load) == pytest.approx(float(schedule.total))
    assert planned_level_at(load, at_s) <= max(peak(load), load.stages[0].to)
    assert all(schedule.phase_at(start) == "measure" for start, _ in measure_spans(load))
