"""Results of ab, bombardier, hey's text, JMeter, k6's lines, Gatling, pytest-benchmark, and all forms of wrk2."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from perftui.analysis.comparison import compare
from perftui.cli.main import main
from perftui.model.errors import UsageError
from perftui.model.interval import Counts
from perftui.store import foreign
from perftui.store.loading import LoadedRun
from support.mutation import with_a_part_replaced
from support.tool_results import (
    AB,
    BOMBARDIER,
    BOMBARDIER_JSON,
    EVERY,
    GATLING,
    GATLING_JSON,
    GATLING_OLD,
    HEY,
    JTL,
    JTL_HEAD,
    JTL_XML,
    K6,
    PYTEST,
    WRK2,
    benchmark,
    gatling_stats,
)


def read(tmp_path: Path, content: str | dict[str, Any], name: str = "result") -> LoadedRun:
    """A result as a run."""
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return foreign.read(path)


@pytest.mark.parametrize(
    ("name", "tool", "counts", "seconds"),
    [
        ("ab", "ab", Counts(scheduled=200, started=200, ok=178, errors=22), 2.5),
        ("hey", "hey", Counts(scheduled=210, started=210, ok=195, errors=12, timeouts=3), 2.0),
        ("bombardier", "bombardier", Counts(scheduled=1005, started=1005, ok=980, errors=19, timeouts=6), 10.0),
        ("bombardier JSON", "bombardier", Counts(scheduled=1005, started=1005, ok=980, errors=19, timeouts=6), 10.0),
        ("JTL", "jmeter", Counts(scheduled=403, started=403, ok=400, errors=2, timeouts=1), 6.02),
        ("JTL XML", "jmeter", Counts(scheduled=4, started=4, ok=3, errors=1), 1.509),
        ("k6", "k6", Counts(scheduled=302, started=302, ok=300, errors=1, timeouts=1), 3.22),
        ("k6 CSV", "k6", Counts(scheduled=300, started=300, ok=300), 2.03),
        ("Gatling", "gatling", Counts(scheduled=202, started=202, ok=200, errors=1, timeouts=1), 2.1),
        ("Gatling JSON", "gatling", Counts(scheduled=1000, started=1000, ok=950, errors=50), 10.0),
        ("Gatling global", "gatling", Counts(scheduled=1000, started=1000, ok=950, errors=50), 10.0),
        ("pytest-benchmark", "pytest-benchmark", Counts(scheduled=500, started=500, ok=500), 10.0),
        ("wrk2", "wrk2", Counts(scheduled=1000, started=1000, ok=1000), 10.0),
    ],
)
def test_counts_of_each_tool(tmp_path: Path, name: str, tool: str, counts: Counts, seconds: float) -> None:
    record = read(tmp_path, EVERY[name]).record
    assert record.plan.name == tool
    assert record.summary.total.counts == counts
    assert counts.conserved
    assert record.summary.duration_s == pytest.approx(seconds, rel=0.01)


def test_times_of_the_texts(tmp_path: Path) -> None:
    ab = read(tmp_path, AB).record.summary.total
    assert (ab.service_time_ms.min, ab.service_time_ms.p50, ab.service_time_ms.p99, ab.service_time_ms.max) == (
        1,
        4,
        31,
        46,
    )
    assert ab.error_classes == {"status": 20, "receive": 1, "exceptions": 1}
    hey = read(tmp_path, HEY).record.summary.total
    assert (hey.service_time_ms.p50, hey.service_time_ms.p99) == pytest.approx((3.6, 10.9))
    assert hey.error_classes["http.503"] == 5
    bombardier = read(tmp_path, BOMBARDIER).record.summary.total.service_time_ms
    assert (bombardier.mean, bombardier.max, bombardier.p95, bombardier.p99) == (2.77, 1050.0, 0.5, 8000.0)
    assert read(tmp_path, BOMBARDIER_JSON).record.summary.total.service_time_ms.p95 == 5.0


def test_times_of_every_request(tmp_path: Path) -> None:
    jtl = read(tmp_path, JTL)
    assert list(jtl.record.summary.operations) == ["Buy, now", "Home"]
    assert jtl.record.summary.operations["Buy, now"].service_time_ms.p50 == pytest.approx(24, rel=0.01)
    assert jtl.record.summary.total.error_classes == {
        "http.503": 1, "assertion: expected to contain /x/": 1, "timeout": 1,
    }  # fmt: skip
    assert jtl.record.plan.load.start_level == 7
    assert len(jtl.intervals) == 7
    assert sum(cell.counts.scheduled for one in jtl.intervals for cell in one.cells["measure"].values()) == 403
    xml = read(tmp_path, JTL_XML).record.summary
    assert list(xml.operations) == ["Home", "Cart", "Pay", "Query"]
    assert xml.total.error_classes == {"http.500": 1}
    k6 = read(tmp_path, K6).record.summary
    assert list(k6.operations) == ["GET http://h/items"]
    assert k6.total.error_classes == {"http.503": 1, "timeout": 1}
    gatling = read(tmp_path, GATLING).record
    assert gatling.summary.total.error_classes == {"http.503": 1, "timeout": 1}
    assert gatling.plan.load.start_level == 2
    old = read(tmp_path, GATLING_OLD).record.summary
    assert old.total.counts.ok == 1


def test_a_jtl_with_other_delimiters(tmp_path: Path) -> None:
    text = "timeStamp;elapsed;label;success\n1700000000000;20;a,b;true\n1700000000100;30;a,b;false\n"
    for delimiter in ";\t|":
        summary = read(tmp_path, text.replace(";", delimiter)).record.summary
        assert list(summary.operations) == ["a,b"]
        assert (summary.total.counts.ok, summary.total.counts.errors) == (1, 1)


def test_operations_of_summaries(tmp_path: Path) -> None:
    assert list(read(tmp_path, GATLING_JSON).record.summary.operations) == ["Home", "Buy"]
    times = read(tmp_path, GATLING_JSON).record.summary.total.service_time_ms
    assert (times.p50, times.p75, times.p95, times.p99, times.max) == (18, 22, 40, 80, 250)
    both = {**PYTEST, "benchmarks": [benchmark("test_a"), benchmark("test_b")]}
    summary = read(tmp_path, both).record.summary
    assert list(summary.operations) == ["tests/t.py::test_a", "tests/t.py::test_b"]
    assert summary.operations["tests/t.py::test_b"].service_time_ms.p50 == 18.0
    assert (summary.total.counts.ok, summary.total.service_time_ms.p50) == (1000, 0.0)
    with_data = {**PYTEST, "benchmarks": [benchmark("test_a", [0.01] * 99 + [0.5])]}
    assert read(tmp_path, with_data).record.summary.total.service_time_ms.p99 == pytest.approx(10, rel=0.01)


@pytest.mark.parametrize(
    "calibration", ["mean lat.: 1.001ms, rate sampling interval: 10ms", "mean lat.: 9747 usec, rate"]
)
def test_wrk2_without_latency_is_known_by_its_calibration(tmp_path: Path, calibration: str) -> None:
    text = WRK2.replace("mean lat.: 1.001ms, rate sampling interval: 10ms", calibration)
    total = read(tmp_path, text).record.summary.total
    assert (total.response_time_ms.mean, total.response_time_ms.max) == (2000.0, 4000.0)
    assert total.service_time_ms.count == 0


def test_short_runs_of_wrk2_are_known_by_their_head(tmp_path: Path) -> None:
    text = "\n".join(line for line in WRK2.splitlines() if "calibration" not in line).replace("Max   +/-", "99%   +/-")
    total = read(tmp_path, text).record.summary.total
    assert (total.response_time_ms.p99, total.response_time_ms.max, total.service_time_ms.count) == (4000.0, 0.0, 0)


@pytest.mark.parametrize(
    ("name", "lack"),
    [
        ("ab", "ab: 7 answers of another length than the first, failures to ab, are not counted as failed"),
        ("ab", "ab: times are whole milliseconds"),
        ("bombardier", "bombardier: its times hold failed requests too"),
        ("hey", "hey: no p99.9, stddev of the times"),
        ("JTL", "jmeter: 1 transactions are left out: they are sums of samples"),
        ("k6", "k6: 4 dropped iterations are not among its requests"),
        ("k6 CSV", "k6: its clock has whole seconds"),
        ("Gatling JSON", "gatling: not which errors"),
        ("pytest-benchmark", "pytest-benchmark: a round is counted as a request"),
        ("wrk2", "wrk2: not the asked rate"),
    ],
)
def test_what_a_tool_does_not_tell_is_said(tmp_path: Path, name: str, lack: str) -> None:
    assert lack in read(tmp_path, EVERY[name]).foreign_lacks


@pytest.mark.parametrize("name", EVERY)
def test_each_can_be_one_side_of_compare(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    read(tmp_path, EVERY[name], "a")
    comparison = compare([read(tmp_path, EVERY[name], "a")], [read(tmp_path, EVERY[name], "b")])
    assert {"throughput", "error_rate"} <= {change.metric for change in comparison.metrics}
    assert main(["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--warn-only"]) == 0
    assert "no time series" in capsys.readouterr().out or name in {
        "JTL",
        "JTL XML",
        "k6",
        "k6 CSV",
        "Gatling",
        "Gatling 2",
    }


DAMAGED = {
    "ab cut off": AB.partition("Complete requests")[0] + "Time taken for tests: 1 seconds",
    "bombardier cut off": BOMBARDIER.partition("  HTTP codes")[0] + "HTTP codes:",
    "hey without a total": HEY.replace("Total:", "Sum:"),
    "JTL with words": JTL.replace("1700000000010", "soon"),
    "JTL of a year": JTL.replace("1700000000010", "1600000000000"),
    "JTL with a negative time": JTL.replace(",21,", ",-21,"),
    "JTL without samples": JTL_HEAD,
    "JTL XML cut off": JTL_XML[:300],
    "JTL XML with entities": JTL_XML.replace(
        "<testResults", '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>\n<testResults'
    ),
    "JTL XML that reads a file": JTL_XML.replace(
        "<testResults", '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>\n<testResults'
    ),
    "JTL XML too deep": "<testResults>" + "<sample>" * 100_000,
    "JTL XML without a time": JTL_XML.replace(' ts="1700000000000"', ""),
    "k6 with a word": K6.replace('"value": 21', '"value": "x"'),
    "k6 without requests": K6.splitlines()[0],
    "Gatling cut off": GATLING + "REQUEST\t\tHome\t17",
    "Gatling binary": "\x00\x00\x00\x053.12.0 io.gatling.Simulation",
    "no benchmarks": json.dumps({**PYTEST, "benchmarks": []}),
    "benchmark with a word": json.dumps(PYTEST).replace("0.02", '"fast"'),
    "more failures than requests": json.dumps(gatling_stats(10, 50)),
    "negative count": json.dumps(BOMBARDIER_JSON).replace('"req5xx": 10', '"req5xx": -10'),
    "infinite": json.dumps(BOMBARDIER_JSON).replace("10.0", "1e400"),
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=DAMAGED.keys())
def test_what_is_damaged_is_refused_in_words(tmp_path: Path, content: str) -> None:
    path = tmp_path / "result"
    path.write_text(content)
    with pytest.raises(UsageError) as refused:
        foreign.read(path)
    [problem] = refused.value.problems
    assert problem.startswith(f"{path}: ")
    assert len(problem) < 500


@settings(max_examples=50, deadline=None)
@given(
    with_a_part_replaced(
        [content if isinstance(content, str) else json.dumps(content) for content in EVERY.values()],
        "{}[]<>,.:;\"'\\\n\t -\x00é019eEan",
    )
)
def test_a_nearly_right_one_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "nearly"
    path.write_text(text)
    try:
        record = foreign.read(path).record
    except UsageError:
        return
    assert record.summary.total.counts.conserved
