"""A run that is going on against its baseline: as far as it is, and no surer than at its end."""

from __future__ import annotations

import numpy as np
import pytest

from perftui.analysis.changes import ALPHA
from perftui.analysis.live_comparison import MOST_S, LiveComparison, RunSoFar, looks
from perftui.model.comparison import Comparison
from perftui.model.journal import Header
from perftui.model.plan import Load, Stage
from perftui.model.record import Environment
from perftui.tui.widgets.against import against_cell, against_status, rank
from perftui.tui.widgets.cells import content
from perftui.tui.widgets.picture import Against
from support.home import Home
from support.place import at_home
from support.simulated_runs import Model, intervals_of, plan_of

_OPERATIONS = ("list", "report", "cart")
_MODEL = Model(rate=300, seconds=30, operations=_OPERATIONS, round_spread=0.0)


def _so_far(model: Model, seed: int, name: str, *, report: float = 1.0) -> RunSoFar:
    """A run whose reports take `report` times as long."""
    usual = intervals_of(model, np.random.default_rng(seed))
    slow = intervals_of(model.with_factor(report), np.random.default_rng(seed))
    for fast, late in zip(usual, slow, strict=True):
        fast.cells["measure"]["report"] = late.cells["measure"]["report"]
    header = Header(
        id=name, plan=plan_of(model), started_at="2026-01-01T00:00:00Z", environment=Environment(host_id="here")
    )
    return RunSoFar(header=header, intervals=usual)


@pytest.fixture(autouse=True)
def _no_saved_runs(home: Home, monkeypatch: pytest.MonkeyPatch) -> object:
    with at_home(home, monkeypatch) as place:
        yield place


def _look(run: RunSoFar, baseline: RunSoFar) -> Comparison:
    return LiveComparison(baseline, run.header).look(run)


def test_the_operation_that_is_slower_is_told_while_the_run_goes_on_and_the_others_are_not() -> None:
    run = _so_far(_MODEL, 2, "run", report=1.9).until(12.0)
    found = _look(run, _so_far(_MODEL, 1, "baseline"))
    against = Against(found, 12.0)
    assert found.verdict == "regression"
    assert min(_OPERATIONS, key=lambda name: rank(against, name)) == "report"
    assert content(against_cell(against, "report")).plain.startswith("p50 +")
    assert content(against_cell(against, "report")).plain.endswith(" % ✗")
    assert {content(against_cell(against, name)).plain for name in ("list", "cart")} <= {"as before", "not sure yet"}
    assert "at 00:12" in against_status(against)


def test_equal_runs_are_told_apart_at_no_look() -> None:
    baseline = _so_far(_MODEL, 1, "baseline")
    for moment in looks(_MODEL_LOAD):
        found = _look(_so_far(_MODEL, 3, "run").until(moment), baseline)
        assert found.verdict in {"no_difference", "inconclusive"}


_MODEL_LOAD = plan_of(_MODEL).load


def test_the_baseline_counts_only_as_far_as_the_run_is() -> None:
    later_slow = _so_far(_MODEL, 1, "baseline")
    for interval in later_slow.intervals[12:]:
        interval.cells["measure"].clear()
    run = _so_far(_MODEL, 1, "run").until(12.0)
    changes = {(change.operation, change.metric): change for change in _look(run, later_slow).metrics}
    assert changes["", "response_time.p50"].change == 0.0
    assert changes["", "response_time.p50"].n_baseline == changes["", "response_time.p50"].n_run == 12 * 300


def test_the_chance_to_err_is_shared_out_over_all_looks() -> None:
    run = _so_far(_MODEL, 2, "run")
    (confidence,) = {change.confidence for change in _look(run, run).metrics if change.gated}
    gated = 5 + 3 * len(_OPERATIONS)
    assert 1 - confidence == pytest.approx(ALPHA / gated / len(looks(run.header.plan.load)), rel=1e-3)


@pytest.mark.parametrize(
    ("seconds", "warmup_s", "expected"),
    [
        (5.0, 1.0, [6.0]),
        (10.0, 0.0, [10.0]),
        (30.0, 2.0, [12.0, 17.0, 24.5]),
    ],
)
def test_looks_come_whenever_the_run_has_grown_by_half(seconds: float, warmup_s: float, expected: list[float]) -> None:
    load = Load(mode="rate", warmup_s=warmup_s, start_level=1, stages=(Stage(duration_s=seconds, to=1),))
    assert looks(load) == expected


def test_a_run_of_a_day_is_compared_as_long_as_its_seconds_are_kept() -> None:
    load = Load(mode="rate", start_level=1, stages=(Stage(duration_s=86400.0, to=1),))
    assert looks(load)[-1] <= MOST_S
    assert len(looks(load)) < 15


def test_what_is_not_comparable_says_why() -> None:
    other = Model(rate=300, seconds=30, operations=("list", "report"), round_spread=0.0)
    found = _look(_so_far(_MODEL, 2, "run"), _so_far(other, 1, "baseline"))
    assert against_status(Against(found, 30.0)).startswith("not comparable with the baseline · operation 'cart'")
    assert "from 00:12 on" in against_status(Against(at_s=12.0))
