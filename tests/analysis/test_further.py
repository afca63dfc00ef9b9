"""What only some protocols measure, compared: round trips, messages, bytes of pages, hits."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest

from perftui.analysis.comparability import differences
from perftui.analysis.comparison import compare
from perftui.model.comparison import MetricChange
from perftui.model.plan import Operation, Target
from perftui.model.record import Record
from perftui.report.comparison import change_text, comparison_text
from support.simulated_runs import Model, change_of, plan_of, simulated_rounds, simulated_run

MODEL = Model(seconds=10, rate=600, mode="users", round_spread=0.02, own=("round_trip", "first_paint"), hit_share=0.8)
FEW = replace(MODEL, rate=3, seconds=20, spread=0.05)
ROWS = (
    "round_trip.mean", "round_trip.p50", "round_trip.p95", "first_paint.p50", "messages_received", "page_bytes",
    "hit_time.p50", "miss_time.p95", "hit_rate",
)  # fmt: skip


def _rows(changes: tuple[MetricChange, ...], operation: str = "") -> dict[str, MetricChange]:
    return {change.metric: change for change in changes if change.operation == operation}


def test_what_got_slower_and_heavier_is_a_regression() -> None:
    found = compare(simulated_rounds(MODEL, "a", 3), simulated_rounds(MODEL.with_factor(1.5), "b", 3))
    rows = _rows(found.metrics)
    assert set(ROWS) <= set(rows)
    for metric in ("round_trip.p50", "round_trip.p95", "first_paint.p50", "page_bytes", "hit_time.p50"):
        assert (rows[metric].verdict, rows[metric].gated) == ("regression", True), metric
        assert rows[metric].change == pytest.approx(0.5, abs=0.15)
    assert rows["hit_rate"].verdict == rows["messages_received"].verdict == "no_difference"
    assert "1.0 MB → 1.5 MB" in comparison_text(found)


def test_equal_runs_are_equal_in_all_of_it() -> None:
    found = compare(simulated_rounds(MODEL, "c", 4), simulated_rounds(MODEL, "d", 4))
    rows = _rows(found.metrics)
    assert {metric: rows[metric].verdict for metric in ROWS} == dict.fromkeys(ROWS, "no_difference")
    assert found.verdict == "no_difference"


def test_fewer_hits_are_a_regression_and_more_an_improvement() -> None:
    many, fewer = simulated_rounds(MODEL, "e", 3), simulated_rounds(replace(MODEL, hit_share=0.6), "f", 3)
    worse = change_of(compare(many, fewer), "hit_rate")
    assert worse.verdict == "regression"
    assert worse.change == pytest.approx(-0.2, abs=0.01)
    assert change_of(compare(fewer, many), "hit_rate").verdict == "improvement"


def test_fewer_messages_are_a_regression_where_users_set_the_pace_and_the_asked_rate_says_so_where_it_does() -> None:
    half = replace(MODEL, error_rate=0.5)
    assert (
        change_of(compare(simulated_rounds(MODEL, "g", 3), simulated_rounds(half, "h", 3)), "messages_received").verdict
        == "regression"
    )
    asked = replace(MODEL, mode="rate")
    row = change_of(compare(simulated_rounds(asked, "i", 3), simulated_rounds(asked, "j", 3)), "messages_received")
    assert (row.gated, row.reason) == (False, "set by the asked rate; attained decides")


def test_of_few_visits_the_mean_decides_and_can_leave_the_verdict_open() -> None:
    found = compare([simulated_run(FEW, "k")], [simulated_run(FEW.with_factor(1.6), "l")])
    assert change_of(found, "first_paint.mean").verdict == found.verdict == "regression"
    assert not change_of(found, "first_paint.p50").gated
    assert "first_paint.p95" not in _rows(found.metrics)
    wild = replace(FEW, spread=0.9, second_spread=0.5)
    unsure = compare([simulated_run(wild, "m")], [simulated_run(wild.with_factor(1.1), "n")])
    assert change_of(unsure, "first_paint.mean").verdict == unsure.verdict == "inconclusive"


def test_only_what_both_sides_have_is_compared() -> None:
    plain = replace(MODEL, own=(), hit_share=-1.0)
    for sides in ((MODEL, plain), (plain, MODEL), (plain, plain)):
        found = compare(*(simulated_rounds(side, f"o {place}", 2) for place, side in enumerate(sides)))
        assert not set(ROWS) & set(_rows(found.metrics))


def test_operations_have_rows_of_what_they_share() -> None:
    two = replace(MODEL, operations=("chat", "page"))
    found = compare(simulated_rounds(two, "p", 3), simulated_rounds(two.with_factor(2), "q", 3))
    assert change_of(found, "round_trip.p95", "chat").verdict == "regression"
    alone = compare(simulated_rounds(MODEL, "p", 3), simulated_rounds(MODEL, "q", 3))
    assert {change.operation for change in alone.metrics} == {""}


def test_another_statement_is_another_operation() -> None:
    def record(sql: str) -> Record:
        operation = Operation(name="one", driver="sql", request={"sql": sql})
        plan = msgspec.structs.replace(plan_of(MODEL), operations=(operation,))
        return Record(id="a", status="finished", plan=plan)

    assert differences(record("select 1"), record("select 1")) == ([], [])
    (difference,), _ = differences(record("select 1"), record("select 2"))
    assert difference.startswith("operation 'one': sql weight 1, content ")


def test_of_a_target_that_only_one_of_them_has_only_what_it_has_is_told() -> None:
    plan = plan_of(MODEL)
    more = Operation(name="more", path="/", target="shop")
    shop = Target(url="http://127.0.0.1:81")
    two = msgspec.structs.replace(plan, targets={"shop": shop}, operations=(*plan.operations, more))
    hard, _ = differences(*(Record(id="a", status="finished", plan=each) for each in (plan, two)))
    assert "target (shop): none → http://localhost" in hard
    assert not [line for line in hard if line.endswith("none → none")]


@pytest.mark.parametrize(
    ("change", "text"), [(0.005, "+0.50 pp"), (-0.3533, "-35.3 pp"), (1.0, "+100 pp"), (-0.0999, "-9.99 pp")]
)
def test_changes_of_fractions_are_short(change: float, text: str) -> None:
    assert change_text(change, "fraction") == text
