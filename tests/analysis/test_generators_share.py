"""What the generator itself added to the times of one side, and what of a change is left beside it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from perftui.analysis.comparison import compare
from support.simulated_runs import Model, change_of, simulated_run

_STEADY = Model(seconds=12, rate=200, spread=0.02, round_spread=0.01, second_spread=0.01, memory=0.0)
_HOG = replace(_STEADY, late_share=1.0, late_ms=3.0)
_BUSY = replace(_STEADY, late_share=0.1, late_ms=4.0)


def test_what_only_the_generator_added_is_no_regression() -> None:
    """Quiet before, hogged after: p50 and p95 are far higher, and every bit of it is the generator's."""
    for number in range(8):
        before, after = simulated_run(_STEADY, f"quiet {number}"), simulated_run(_HOG, f"hogged {number}")
        comparison = compare([before], [after])
        assert comparison.verdict != "regression"
        p95 = change_of(comparison, "response_time.p95")
        assert p95.change > 0.2
        assert p95.low < 0
        assert "may be the generator's, which was later in the run" in p95.reason
    back = compare([after], [before])
    assert back.verdict != "improvement"


def test_more_than_the_generators_difference_is_a_regression() -> None:
    """A tenth of the answers is late in the run: its p95 says nothing, its median does."""
    comparison = compare([simulated_run(_STEADY, "still")], [simulated_run(_BUSY.with_factor(1.3), "busy")])
    assert change_of(comparison, "response_time.p50").verdict == "regression"
    assert comparison.verdict == "regression"


def test_a_change_of_39_per_cent_on_a_machine_with_two_late_requests_is_a_regression() -> None:
    """2,400 requests of 20 or 28 ms, two of them started 3.7 ms late: the verdict a reader sees at once."""
    model = replace(_STEADY, late_share=0.001, late_ms=3.7, median_ms=20.0)
    comparison = compare([simulated_run(model, "v1")], [simulated_run(model.with_factor(1.387), "v2")])
    p50 = change_of(comparison, "response_time.p50")
    assert comparison.verdict == p50.verdict == "regression"
    assert p50.low > 0.2


def test_twelve_seconds_on_a_machine_that_is_hogged_find_thirty_per_cent() -> None:
    found = Counter(
        compare([simulated_run(_HOG, f"hog {n}")], [simulated_run(_HOG.with_factor(1.3), f"hog+ {n}")]).verdict
        for n in range(8)
    )
    assert found == {"regression": 8}
