"""What must not be concluded from two runs, although their numbers differ, or hardly do."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from perftui.analysis.comparison import compare
from perftui.model.record import Stats, Summary
from support.simulated_runs import Model, SimulatedRun, simulated_run
from support.simulated_runs import change_of as _of

MODEL = Model(seconds=12, rate=200, spread=0.05, round_spread=0.01, second_spread=0.01, memory=0.0)


def _changed(run: SimulatedRun, **fields: object) -> SimulatedRun:
    return SimulatedRun(msgspec.structs.replace(run.record, **fields), run.intervals)


def test_a_tail_that_moved_alone_is_not_called_equal() -> None:
    """Median and p95 are the same, p99 is three times as high: with few values nothing is said."""
    steady, tailed = MODEL, replace(MODEL, slow_share=0.03)
    few = compare([simulated_run(steady, "a")], [simulated_run(tailed, "b")])
    assert [_of(few, f"response_time.{name}").verdict for name in ("p50", "p95")] == ["no_difference"] * 2
    assert not _of(few, "response_time.p99").gated
    assert few.verdict == "inconclusive"
    [note] = few.notes
    assert note.startswith("response_time.p99 changed by +1")
    assert "too few values" in note
    back = compare([simulated_run(tailed, "b")], [simulated_run(steady, "a")])
    assert back.verdict == "inconclusive", "one way as the other"
    assert compare([simulated_run(steady, "a")], [simulated_run(steady, "c")]).verdict == "no_difference"
    many = [simulated_run(replace(model, rate=600), name) for model, name in ((steady, "a"), (tailed, "b"))]
    assert compare(many[:1], many[1:]).verdict == "regression"


@pytest.mark.parametrize("which", [0, 1])
def test_a_load_that_was_changed_by_hand_is_another_load(which: int) -> None:
    """A pause halves the throughput of users, and nobody got slower."""
    sides = [simulated_run(MODEL, name) for name in "ab"]
    sides[which] = _changed(sides[which], steered=True)
    comparison = compare(sides[:1], sides[1:])
    assert comparison.verdict == "not_comparable"
    assert comparison.reasons == (f"{sides[which].record.id} was steered by hand: its load was not that of its plan",)
    assert compare(sides[:1], sides[1:], force=True).metrics


def test_a_run_that_measured_nothing_is_of_no_older_version() -> None:
    before, nothing = simulated_run(MODEL, "a"), Summary(total=Stats())
    comparison = compare([_changed(before, summary=nothing)], [simulated_run(MODEL, "b")])
    assert comparison.reasons == (f"{before.record.id} measured nothing",)
    assert comparison.notes == ()
