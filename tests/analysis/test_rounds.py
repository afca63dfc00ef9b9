"""Rounds and trends: spread as benchmark users know it, steadiness, jumps."""

from __future__ import annotations

import statistics
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from perftui.analysis.rounds import rounds_of, spread_of
from perftui.analysis.trend import trend
from perftui.model.errors import UsageError
from perftui.model.interval import TrustVerdict
from perftui.model.record import LatencyStats, Record, Status, Trust
from support.simulated_runs import Model, SimulatedRun, intervals_of, simulated_rounds, simulated_run

MODEL = Model(seconds=30, rate=200, round_spread=0.02, second_spread=0.03, memory=0.2)
BASE = simulated_run(MODEL, "base").record


def _record(
    p95: float, name: str, *, status: Status = "finished", trust: TrustVerdict = "valid", steered: bool = False,
    throughput: float = 100.0,
) -> Record:  # fmt: skip
    times = LatencyStats(count=5000, p50=p95 / 2, p95=p95, p99=p95 * 2, mean=p95 / 2, max=p95 * 3)
    total = msgspec.structs.replace(BASE.summary.total, response_time_ms=times, throughput_per_s=throughput)
    return msgspec.structs.replace(
        BASE, id=name, started_at=f"2026-01-01T00:{name[-2:]}:00Z", status=status, steered=steered,
        trust=Trust(verdict=trust), summary=msgspec.structs.replace(BASE.summary, total=total),
    )  # fmt: skip


def _records(*values: float) -> list[Record]:
    return [_record(value, f"run-{place:02}") for place, value in enumerate(values)]


def test_spread_is_that_of_the_statistics_module() -> None:
    values = [100.0, 104.0, 98.0, 101.0, 250.0]
    spread = spread_of(_records(*values), "response_time.p95")
    assert spread is not None
    assert spread.values == tuple(values)
    assert (spread.min, spread.max, spread.median) == (98.0, 250.0, 101.0)
    assert spread.mean == pytest.approx(statistics.fmean(values), rel=1e-5)
    assert spread.stddev == pytest.approx(statistics.stdev(values), rel=1e-5)
    assert spread.iqr == pytest.approx(4.0)
    assert spread.varies == pytest.approx(spread.stddev / spread.mean, rel=1e-5)
    assert spread.outliers == (4,)
    assert spread.unstable


def test_a_single_round_has_no_spread() -> None:
    spread = spread_of(_records(100.0), "response_time.p95")
    assert spread is not None
    assert (spread.stddev, spread.iqr, spread.varies, spread.outliers, spread.unstable) == (0.0, 0.0, 0.0, (), False)
    assert spread_of([*_records(100.0), BASE], "error_time.p95") is None


def test_equal_rounds_are_stable_and_steady() -> None:
    rounds = rounds_of(simulated_rounds(MODEL, "calm", 4))
    assert rounds.notes == ()
    assert [spread.metric for spread in rounds.metrics] == [
        "throughput", "response_time.p50", "response_time.p95", "response_time.p99", "response_time.mean", "error_rate",
    ]  # fmt: skip
    assert len(rounds.drifts) == 8
    assert all(drift.steady and drift.low <= drift.change <= drift.high for drift in rounds.drifts)


def test_rounds_that_disagree_are_unstable() -> None:
    rounds = rounds_of(simulated_rounds(replace(MODEL, round_spread=0.4), "wild", 5))
    assert any(note.startswith("response_time.p95 is unstable: varies by ") for note in rounds.notes)


def test_a_round_whose_second_half_is_slower_is_not_steady() -> None:
    generator = np.random.default_rng(2)
    fast, slow = (intervals_of(replace(MODEL, factor=factor), generator) for factor in (1.0, 1.5))
    drifting = SimulatedRun(msgspec.structs.replace(BASE, id="drifting"), [*fast[:15], *slow[15:]])
    rounds = rounds_of([drifting])
    assert [drift.steady for drift in rounds.drifts] == [False, False]
    assert rounds.drifts[0].change == pytest.approx(0.5, abs=0.15)
    assert rounds.notes[0].startswith("drifting was not steady: response_time.p50 ")


def test_a_slow_first_round_asks_for_a_longer_warm_up() -> None:
    cold = simulated_run(MODEL.with_factor(1.8), "cold")
    rounds = rounds_of([cold, *simulated_rounds(replace(MODEL, round_spread=0.005), "warm", 4)])
    assert any(
        note.startswith("the first round was slower: ") and note.endswith("a longer warm-up would help")
        for note in rounds.notes
    )


def test_operations_have_their_own_spread() -> None:
    rounds = rounds_of(simulated_rounds(replace(MODEL, operations=("list", "create")), "two", 3))
    assert {spread.operation for spread in rounds.metrics} == {"", "list", "create"}


def test_a_trend_flags_what_lies_beyond_the_spread_and_the_threshold() -> None:
    found = trend(_records(100, 102, 98, 101, 99, 100, 150, 101, 60, 110), baseline_id="run-02")
    assert [point.jump for point in found.points] == ["", "", "", "", "", "", "worse", "", "better", ""]
    assert found.metric == "response_time.p95"
    assert found.median == 100.5
    assert found.baseline == 98.0
    assert [point.run_id for point in found.points if point.is_baseline] == ["run-02"]
    assert found.points[4].median_before is None
    assert found.points[6].median_before == 100.0


def test_more_throughput_is_better() -> None:
    records = [_record(100, f"run-{place:02}", throughput=100.0 + place) for place in range(6)]
    found = trend(
        [*records, _record(100, "run-06", throughput=50.0), _record(100, "run-07", throughput=200.0)], "throughput"
    )
    assert [point.jump for point in found.points[-2:]] == ["worse", "better"]


def test_noisy_runs_are_not_flagged_for_their_noise() -> None:
    found = trend(_records(100, 150, 80, 130, 90, 120, 145, 85))
    assert {point.jump for point in found.points} == {""}


def test_a_trend_leaves_out_what_is_not_comparable_and_says_what_else_it_left_out() -> None:
    other = msgspec.structs.replace(
        _record(500, "run-03"),
        plan=msgspec.structs.replace(BASE.plan, load=msgspec.structs.replace(BASE.plan.load, warmup_s=9)),
    )
    records = [
        *_records(100, 101, 102), other, _record(999, "run-04", trust="invalid"), _record(999, "run-05", steered=True),
        _record(999, "run-06", status="aborted"), _record(100, "run-07", trust="degraded"),
    ]  # fmt: skip
    found = trend(list(reversed(records)))
    assert [point.run_id for point in found.points] == ["run-00", "run-01", "run-02", "run-07"]
    assert found.points[-1].trust == "degraded"
    assert found.skipped == (
        "1 other run, not comparable with run-07", "run-04: invalid", "run-05: steered by hand", "run-06: aborted",
    )  # fmt: skip


def test_a_trend_of_nothing_or_of_no_metric_is_an_error() -> None:
    with pytest.raises(UsageError, match="no runs"):
        trend([])
    with pytest.raises(UsageError, match="'speed' is not a metric"):
        trend([BASE], "speed")
    with pytest.raises(UsageError, match=r"'lst' is no operation of simulated; there are list"):
        trend([BASE], operation="lst")
