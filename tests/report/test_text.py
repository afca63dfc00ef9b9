"""The text summary: exact, honest about what is not known, never wider than 80 columns."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from perftui.metrics.trust import LIMIT
from perftui.model.interval import Counts, ErrorSample, TrustReason
from perftui.model.plan import Load, Operation, Plan, Stage, Target
from perftui.model.record import Bound, Finding, LatencyStats, Record, Stats, Trust
from perftui.report.tables import Column, cell_width, flow, table, wrap
from perftui.report.text import WIDTH, summary_text
from perftui.report.words import headline, load_text, number_text, percentile_text
from perftui.store.loading import LoadedRun


def changed(record: Record, **stats: Any) -> Record:
    total = replace(record.summary.total, **stats)
    return replace(record, summary=replace(record.summary, total=total))


def test_every_line_fits(shop: LoadedRun) -> None:
    record = replace(
        shop.record,
        label="很长的标签" * 30,
        plan=replace(shop.record.plan, target=replace(shop.record.plan.target, url="http://example.test/" + "x" * 300)),
        findings=(Finding(code="x", detail="word " * 60),),
        trust=Trust(
            verdict="invalid", reasons=(TrustReason(code="x", verdict="invalid", detail="late " * 50, at_s=3.0),)
        ),
    )
    record = changed(record, error_classes={f"http.{status}": status for status in range(400, 460)})
    users = replace(record.plan, load=Load(mode="users", stages=(Stage(duration_s=10, to=50),), start_level=50))
    for shown in (record, replace(record, plan=users)):
        assert not [line for line in summary_text(shown).splitlines() if cell_width(line) > WIDTH]


def test_counts_are_those_of_the_record(shop: LoadedRun) -> None:
    text = summary_text(shop.record)
    counts = shop.record.summary.total.counts
    assert counts.conserved
    assert f"{counts.scheduled:,} scheduled" in text
    assert f"{counts.ok:,} ok · {counts.errors:,} errors" in text
    assert "steered by hand" in text
    assert "http.503 34" in text


def test_percentiles_need_enough_values() -> None:
    few = LatencyStats(count=999, p50=1.0, p99=9.0, p99_9=99.0)
    stats = Stats(counts=Counts(scheduled=999, started=999, ok=999), response_time_ms=few)
    assert percentile_text(stats, few, "p50", 5.0) == "1.00"
    assert percentile_text(stats, few, "p99", 5.0) == "–"
    assert percentile_text(stats, replace(few, count=1000), "p99", 5.0) == "9.00"
    assert percentile_text(stats, replace(few, count=0), "p50", 5.0) == "–"


@pytest.mark.parametrize(("timeouts", "expected"), [(0, "9.00"), (40, "9.00"), (60, "≥5,000")])
def test_percentiles_beyond_the_timeout_are_bounds(timeouts: int, expected: str) -> None:
    times = LatencyStats(count=2000, p95=9.0)
    counts = Counts(scheduled=1000 + timeouts, started=1000 + timeouts, ok=1000, timeouts=timeouts)
    assert percentile_text(Stats(counts=counts, response_time_ms=times), times, "p95", 5.0) == expected


def test_users_mode_says_that_waiting_is_not_in_it(shop: LoadedRun) -> None:
    plan = replace(shop.record.plan, load=Load(mode="users", stages=(Stage(duration_s=10, to=50),), start_level=50))
    text = summary_text(replace(shop.record, plan=plan))
    assert "50 users for 10s" in text
    assert "closed loop" in text
    assert "start delay" not in text


def test_an_empty_run_has_a_summary() -> None:
    record = msgspec.convert(
        {
            "id": "x",
            "plan": {"name": "p", "target": {"url": "http://h"}, "load": {"stages": [{"duration_s": 1, "to": 1}]}},
        },
        Record,
    )
    text = summary_text(record)
    assert "0 scheduled in 0s: none ended" in text


@pytest.mark.parametrize(
    ("start", "levels", "mode", "expected"),
    [
        (100, [100], "rate", "100/s for 5s"),
        (0, [100], "rate", "0 → 100/s in 5s"),
        (1, [1], "users", "1 user for 5s"),
        (10, [10, 1000, 10], "users", "10 → 1,000 → 10 users in 15s"),
        (0, [1, 2, 3, 4, 5, 0], "rate", "0 → 5 → 0/s in 30s"),
        (0.5, [0.5], "rate", "0.5/s for 5s"),
    ],
)
def test_load_in_words(start: float, levels: list[float], mode: Any, expected: str) -> None:
    stages = tuple(Stage(duration_s=5, to=level) for level in levels)
    assert load_text(Load(mode=mode, start_level=start, stages=stages)) == expected


@pytest.mark.parametrize(
    ("url", "paths", "address"),
    [
        ("http://h:1/", ["/"], "http://h:1/"),
        ("http://h:1", ["/a?b=c"], "http://h:1/a?b=c"),
        ("http://h:1/v1/", ["/a"], "http://h:1/v1/a"),
        ("http://u:secret@h/", ["/a", "/b"], "http://h/"),
    ],
)
def test_an_address_has_the_path_where_all_requests_go_to_one(url: str, paths: list[str], address: str) -> None:
    operations = tuple(Operation(name=path, path=path) for path in paths)
    plan = Plan(
        name="shop", target=Target(url=url), load=Load(stages=(Stage(duration_s=5, to=1),)), operations=operations
    )
    assert plan.address == address


def test_journeys_are_named_in_the_load() -> None:
    assert (
        load_text(Load(start_level=2, stages=(Stage(duration_s=40, to=2),), rate_of="journeys"))
        == "2 journeys/s for 40s"
    )


def test_a_number_of_requests_is_named_in_the_load() -> None:
    load = Load(mode="users", start_level=5, stages=(Stage(duration_s=2, to=5),), max_requests=1200)
    assert load_text(load) == "5 users for 2s or 1,200 requests"


def test_headline_has_the_path_of_a_single_operation(shop: LoadedRun) -> None:
    plan = shop.record.plan
    assert headline(plan) == "shop · http://127.0.0.1:37591 · 150/s for 10s"
    single = replace(plan, operations=plan.operations[1:2])
    assert headline(single) == "shop · http://127.0.0.1:37591/slow?ms=30&jitter=20 · 150/s for 10s"


def test_notes_on_objectives_are_shown(shop: LoadedRun) -> None:
    result = replace(shop.record.objectives[1], detail="2.7 % misses < 1.0 %; at least the timeout")
    text = summary_text(replace(shop.record, objectives=(result,)))
    assert "· error_rate: at least the timeout" in text
    assert "misses" not in text


@pytest.mark.parametrize(("value", "expected"), [(0, "0.0"), (0.52, "0.5"), (99.94, "99.9"), (1234.5, "1,234")])
def test_numbers(value: float, expected: str) -> None:
    assert number_text(value) == expected


def test_tables_give_way_where_they_may() -> None:
    columns = [Column("name", least=6), Column("n", right=True)]
    lines = table(columns, [["a very long name", "12"], ["日本語テキスト", "3"]], width=14)
    assert lines == ["name         n", "a very lo…  12", "日本語テ…    3"]


def test_wrap_cuts_words_that_fit_no_line() -> None:
    assert wrap("ab cdefghijkl m", 6, "> ", "  ") == ["> ab", "  cdef", "  ghij", "  kl m"]


def test_flow_breaks_between_parts() -> None:
    assert flow(["alpha beta", "gamma", "delta"], 18, "* ", "  ") == ["* alpha beta", "  gamma · delta"]


def test_beside_a_number_stands_how_much_of_it_may_be_the_generators(shop: LoadedRun) -> None:
    bounds = {
        name: Bound(lower=value - 0.3, upper=value, share=0.01, verdict="sound")
        for name, value in (("p50", 10.0), ("p90", 20.0), ("p95", 29.9), ("p99", 40.0), ("mean", 12.0))
    }
    lines = summary_text(changed(shop.record, response_time_bounds=bounds)).splitlines()
    place = next(place for place, line in enumerate(lines) if line.lstrip().startswith("ours at most"))
    assert lines[place - 1].lstrip().startswith("response time")
    assert lines[place].split()[3:6] == ["≤0.300", "≤0.300", "≤0.300"]
    assert not any("ours at most" in line for line in summary_text(shop.record).splitlines())


def test_a_throughput_that_the_generator_limited_is_the_least(shop: LoadedRun) -> None:
    limit = TrustReason(code=LIMIT, verdict="degraded", detail="the generator was the limit, busy 98.0 % of the time")
    record = replace(shop.record, trust=Trust(verdict="degraded", reasons=(limit,)))
    assert f"≥{number_text(record.summary.total.throughput_per_s)}/s ok" in summary_text(record)


def test_the_longest_time_is_not_known_where_requests_ran_into_the_timeout(shop: LoadedRun) -> None:
    times = replace(shop.record.summary.total.service_time_ms, max=5_020.0)
    stats = replace(shop.record.summary.total, service_time_ms=times, counts=Counts(scheduled=9, ok=8, timeouts=1))
    assert percentile_text(stats, stats.service_time_ms, "max", 5.0) == "≥5,000"
    answered = replace(stats, counts=Counts(scheduled=9, ok=9))
    assert percentile_text(answered, answered.service_time_ms, "max", 5.0) == "5,020"


def test_a_failure_says_what_it_was_about(shop: LoadedRun) -> None:
    stats = replace(shop.record.summary.total, error_classes={"http.503": 9, "closed": 5, "check:json": 2})
    record = replace(shop.record, summary=replace(shop.record.summary, total=stats))
    samples = (
        ErrorSample(error_class="http.503", operation="list", at_s=1, detail="status 503", status=503),
        ErrorSample(error_class="check:json", operation="list", at_s=2, detail="the body is no JSON"),
        ErrorSample(error_class="check:json", operation="list", at_s=3, detail="another"),
        ErrorSample(error_class="closed", operation="list", at_s=3, detail="x" * 300),
    )
    text = summary_text(record, samples)
    assert f"{'':16}check:json: the body is no JSON\n" in text
    assert "another" not in text
    assert "503: " not in text
    assert not [line for line in text.splitlines() if cell_width(line) > WIDTH]
    assert "check:json: " not in summary_text(record)
