"""Each export read by a parser of its own format."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import re
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import msgspec
import pytest
from msgspec.structs import replace

from perftui.analysis.regressions import with_regression
from perftui.model.comparison import Comparison
from perftui.model.errors import UsageError
from perftui.model.record import Record
from perftui.report.csv_export import guarded_cell
from perftui.report.formats import export, render
from perftui.report.result import result
from perftui.report.schema import export_schema
from perftui.store.loading import LoadedRun, load_file
from support.conservation import assert_conserved

SCHEMA = jsonschema.Draft202012Validator(export_schema())


def test_json_keeps_the_schema_and_loads_back(shop: LoadedRun, tmp_path: Path) -> None:
    text = export(shop, "json")
    SCHEMA.validate(msgspec.json.decode(text))
    file = tmp_path / "elsewhere.json"
    file.write_text(text)
    again = load_file(file)
    assert again.record == shop.record
    assert_conserved(again.record)
    assert again.events == shop.events
    assert again.error_samples == shop.error_samples
    assert len(again.intervals) == len(shop.intervals)
    assert again.intervals == shop.intervals


def test_json_of_a_comparison_keeps_the_schema(comparison: Comparison) -> None:
    SCHEMA.validate(msgspec.json.decode(render(comparison, "json")))


@pytest.mark.parametrize("key", ["status", "plan", "summary", "kind"])
def test_schema_refuses_what_is_wrong(shop: LoadedRun, key: str) -> None:
    document = msgspec.json.decode(export(shop, "json"))
    document[key] = 7
    assert not SCHEMA.is_valid(document)


def test_damaged_histogram_is_refused(shop: LoadedRun, tmp_path: Path) -> None:
    text = export(shop, "json")
    start = text.index('"hdr_v2":"') + 40
    file = tmp_path / "damaged.json"
    file.write_text(text[:start] + ("A" if text[start] != "A" else "B") + text[start + 1 :])
    with pytest.raises(UsageError, match="damaged"):
        load_file(file)


def test_toml_has_the_keys_of_the_record(shop: LoadedRun) -> None:
    read = tomllib.loads(export(shop, "toml"))
    assert msgspec.convert(read, Record) == shop.record
    counts = read["summary"]["total"]["counts"]
    assert counts["scheduled"] == sum(counts[name] for name in counts if name not in {"scheduled", "started"})


def test_csv_has_one_row_per_operation(shop: LoadedRun) -> None:
    rows = list(csv.DictReader(io.StringIO(export(shop, "csv"))))
    assert [row["operation"] for row in rows] == ["total", "list items", "slow page", "broken corner"]
    assert (
        sum(int(row["scheduled"]) for row in rows[1:])
        == int(rows[0]["scheduled"])
        == shop.record.summary.total.counts.scheduled
    )
    assert float(rows[0]["response_time_p95_ms"]) == shop.record.summary.total.response_time_ms.p95
    assert rows[3]["error_classes"] == "http.503=34"
    assert (rows[1]["error_time_count"], rows[1]["error_time_p95_ms"]) == ("0", ""), "no values are no times of 0 ms"


def test_series_adds_up(shop: LoadedRun) -> None:
    rows = [row for row in csv.DictReader(io.StringIO(export(shop, "series"))) if row["operation"] == "total"]
    assert len(rows) == len(shop.intervals)
    for name in ("scheduled", "ok", "errors"):
        assert sum(int(row[name]) for row in rows) == getattr(shop.record.whole_run, name)


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-2", "@SUM(A1)", "\tx"])
def test_no_cell_is_a_formula(cell: str, shop: LoadedRun) -> None:
    assert guarded_cell(cell) == f"'{cell}"
    hostile = replace(shop, record=replace(shop.record, label=cell))
    rows = list(csv.reader(io.StringIO(export(hostile, "csv"), newline="")))
    assert rows[1][1] == f"'{cell}"


def test_a_carriage_return_ends_no_row(shop: LoadedRun) -> None:
    text = export(replace(shop, record=replace(shop.record, label="\r=x")), "csv")
    assert "\r" not in text
    assert len(text.splitlines()) == 5


def test_numbers_stay_numbers() -> None:
    assert guarded_cell(-2.5) == -2.5
    assert guarded_cell(None) == ""


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(text: str) -> _Tags:
    tags = _Tags()
    tags.feed(text)
    tags.close()
    assert tags.open == []
    return tags


HOSTILE = "<script>alert(1)</script><img src=http://evil.test/x onerror=alert(2)>\"'><b>"


def test_html_is_whole_and_needs_no_network(shop: LoadedRun, comparison: Comparison) -> None:
    for text in (export(shop, "html"), render(comparison, "html")):
        tags = parsed(text)
        assert not [tag for tag, _ in tags.tags if tag in {"link", "img", "iframe", "object", "a"}]
        assert not [attributes for _, attributes in tags.tags if {"src", "href"} & attributes.keys()]
        assert "url(" not in text
        assert "default-src 'none'" in text
    assert [tag for tag, _ in parsed(export(shop, "html")).tags].count("figure") == 8


def test_html_runs_its_own_script_and_no_other(shop: LoadedRun) -> None:
    """The policy names the script by its hash: any other one, wherever it came from, is not run."""
    text = export(shop, "html")
    scripts = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(scripts) == text.count("<script") == 1
    digest = base64.b64encode(hashlib.sha256(scripts[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in text


def test_html_escapes_everything(shop: LoadedRun, comparison: Comparison) -> None:
    record = msgspec.convert(_hostile(msgspec.to_builtins(shop.record)), Record)
    events = tuple(replace(event, detail=HOSTILE) for event in shop.events)
    compared = replace(comparison, baseline_label=HOSTILE, reasons=(HOSTILE,), differences=(HOSTILE,))
    hostile = replace(shop, record=record, events=events)
    for text in (export(hostile, "html"), render(compared, "html", (hostile, hostile))):
        tags = parsed(text)
        assert [tag for tag, _ in tags.tags if tag in {"script", "img"}] == ["script"]
        assert HOSTILE in tags.text


def _hostile(value: Any) -> Any:
    """Every text that a user, a server or a file chose, replaced by markup."""
    if isinstance(value, dict):
        return {
            key: HOSTILE if key in {"label", "name", "title", "detail", "cpu_model"} else _hostile(item)
            for key, item in value.items()
        }
    return [_hostile(item) for item in value] if isinstance(value, list | tuple) else value


def test_markdown_is_literal(shop: LoadedRun, comparison: Comparison) -> None:
    hostile = replace(shop, record=replace(shop.record, label="a|b <b>x</b> [l](http://evil.test) @everyone *x* #1"))
    text = export(hostile, "md")
    assert "a\\|b \\<b\\>x\\</b\\> \\[l\\]" in text
    assert "@everyone" not in text
    assert "http://" not in text
    for block in (text, render(comparison, "md")):
        tables = re.findall(r"(?:^\|.*\|\n)+", block, re.MULTILINE)
        assert tables
        for rows in tables:
            assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows.splitlines()}) == 1


def test_an_invalid_run_says_so_before_its_numbers(shop: LoadedRun) -> None:
    """It met its objectives, and yet nobody may take that for a pass."""
    record = replace(shop.record, verdict="pass", trust=replace(shop.record.trust, verdict="invalid"))
    record = replace(record, objectives=tuple(replace(result, verdict="pass") for result in record.objectives))
    run = replace(shop, record=record)
    sentence = "The generator did not keep up: the numbers are its own, not the target's."
    text = export(run, "text")
    assert "✗ invalid, objectives pass" in text.splitlines()[0]
    assert text.index("The generator did not keep up") < text.index("requests ")
    markdown = export(run, "md")
    assert "— ✗ invalid, objectives pass" in markdown.splitlines()[0]
    assert f"> **{sentence}" in markdown
    page = parsed(export(run, "html")).text
    assert page.index("✗ invalid, objectives pass") < page.index(sentence) < page.index("requests in")
    assert "✗ invalid" in result([run, run], None, "text").partition("2 rounds")[2]
    suite = ElementTree.fromstring(export(run, "junit")).find("testsuite")
    assert suite is not None
    assert (suite.get("failures"), suite.get("skipped")) == ("1", "3")
    [failure] = suite.iter("failure")
    assert sentence in failure.get("message", "")
    assert ["prove nothing" in skipped.get("message", "") for skipped in suite.iter("skipped")] == [True] * 3


def test_junit_has_a_case_per_objective(shop: LoadedRun, comparison: Comparison) -> None:
    suites = ElementTree.fromstring(export(shop, "junit"))
    suite = suites.find("testsuite")
    assert suite is not None
    assert suite.get("tests") == str(len(suite.findall("testcase"))) == "6"
    assert [case.get("name") for case in suite.findall("testcase") if case.find("failure") is not None] == [
        "error_rate < 1.0 %"
    ]
    compared = ElementTree.fromstring(render(comparison, "junit")).find("testsuite")
    assert compared is not None
    assert compared.get("failures") == "2"
    assert compared.get("skipped") == "1"
    assert [case.get("name") for case in compared.iter("testcase")] == [
        "runs are comparable", "response_time.p50", "response_time.p95", "error_rate", "=list: response_time.p95",
        "=list: response_time.p50",
    ]  # fmt: skip


def test_junit_names_do_not_change_with_what_was_measured(shop: LoadedRun, comparison: Comparison) -> None:
    fine = replace(
        shop.record,
        trust=replace(shop.record.trust, verdict="valid"),
        objectives=tuple(replace(result, verdict="pass", value=0.0) for result in shop.record.objectives),
    )
    assert _names(export(replace(shop, record=fine), "junit")) == _names(export(shop, "junit"))
    same = tuple(replace(change, verdict="no_difference") for change in comparison.metrics)
    other = replace(comparison, verdict="no_difference", metrics=same)
    assert _names(render(other, "junit")) == _names(render(comparison, "junit"))


def _names(junit: str) -> list[str | None]:
    return [case.get("name") for case in ElementTree.fromstring(junit).iter("testcase")]


def test_what_else_is_to_be_known_changes_no_verdict(comparison: Comparison) -> None:
    """A note is no excuse: the regression fails its test, as the command exits with 10."""
    noted = replace(comparison, notes=("left out: round 3 is invalid",))
    suite = ElementTree.fromstring(render(noted, "junit")).find("testsuite")
    assert suite is not None
    plain = ElementTree.fromstring(render(comparison, "junit")).find("testsuite")
    assert plain is not None
    assert suite.get("failures") == plain.get("failures") != "0"
    assert "left out: round 3 is invalid" in render(noted, "junit")
    assert "left out: round 3 is invalid" in render(noted, "text")
    assert "left out: round 3 is invalid" in render(noted, "html")


def test_a_regression_is_in_every_headline(shop: LoadedRun, comparison: Comparison) -> None:
    """Whatever the objectives say: a run that is worse than its baseline is no pass."""
    passed = replace(shop.record, trust=replace(shop.record.trust, verdict="valid"), verdict="pass", findings=())
    record = with_regression(passed, replace(comparison, verdict="regression"))
    assert with_regression(record, comparison) == record, "said once"
    assert with_regression(passed, replace(comparison, verdict="improvement")) == passed
    [finding] = record.findings
    assert (finding.code, finding.severity) == ("regression", "fail")
    assert finding.detail.startswith(f"regression against {comparison.baseline_id}: ")
    worse = replace(shop, record=record)
    assert "✗ regression, objectives pass" in export(worse, "text").splitlines()[0]
    assert "✗ regression, objectives pass" in export(worse, "md").splitlines()[0]
    assert "✗ regression, objectives pass" in export(worse, "html")
    suite = ElementTree.fromstring(export(worse, "junit")).find("testsuite")
    assert suite is not None
    failed = [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None]
    assert "no regression against a baseline" in failed


def test_junit_holds_what_xml_cannot(shop: LoadedRun) -> None:
    result = replace(shop.record.objectives[0], verdict="fail", operation="a\x00\x1b]52;<&\"'\ud800")
    text = export(replace(shop, record=replace(shop.record, objectives=(result,))), "junit")
    assert ElementTree.fromstring(text) is not None
    assert "\x1b" not in text


def test_unknown_format(shop: LoadedRun) -> None:
    with pytest.raises(UsageError, match="no format"):
        export(shop, "pdf")


def test_several_runs_and_their_comparison_are_one_document(shop: LoadedRun, comparison: Comparison) -> None:
    runs = [shop, replace(shop, record=replace(shop.record, rounds_of="r", round=2))]
    document = msgspec.json.decode(
        result(runs, comparison, "json", outcome={"exit_code": 0, "would_exit": 10, "blocking": False, "reasons": []})
    )
    SCHEMA.validate(document)
    assert (document["kind"], len(document["rounds"])) == ("rounds", 2)
    assert document["spread"]["metrics"][0]["values"] == [shop.record.summary.total.throughput_per_s] * 2
    assert len(tomllib.loads(result(runs, comparison, "toml"))["rounds"]) == 2
    assert len(list(csv.DictReader(io.StringIO(result(runs, comparison, "csv"))))) == 8
    suites = ElementTree.fromstring(result(runs, comparison, "junit")).findall("testsuite")
    assert [len(suite.findall("testcase")) for suite in suites] == [6, 6, 6]
    page = parsed(result(runs, comparison, "html"))
    assert [tag for tag, _ in page.tags].count("html") == 1
    assert [tag for tag, _ in page.tags].count("h1") == 3
    drawn = parsed(result(runs[:1], comparison, "html", baseline=[shop]))
    assert [tag for tag, _ in drawn.tags].count("figure") == 8 + 3
    assert result(runs, comparison, "md").count("### ") == 3
    assert "2 rounds" in result(runs, comparison, "text")
