"""The saved runs from the command line: list, show, export, compare, baseline, delete, prune, recover."""

from __future__ import annotations

import csv
import json
import re
import shutil
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from msgspec.structs import replace

from perftui.demo.server import Demo
from perftui.store.records import read_record, write_record
from support.cli import Result, run_cli
from support.conservation import assert_conserved
from support.home import Home, new_home
from support.judged import expected, told
from support.waiting import wait_for_journal, wait_until

pytestmark = pytest.mark.xdist_group("one run for many tests")

Call = Callable[..., Result]

LOCUST = (
    "Type,Name,Request Count,Failure Count,Average Response Time,Requests/s,50%,95%\n"
    "GET,/,200,0,20.0,40.0,18,40\n"
    ",Aggregated,200,0,20.0,40.0,18,40\n"
)
RECORDED = Path(__file__).parent.parent / "report" / "data" / "shop.json"
RECORDED_RUNS = Path(__file__).parent.parent / "recorded_runs"


def read_csv(text: str) -> tuple[str, str]:
    row = list(csv.DictReader(text.splitlines()))[1]
    return row["metric"], row["verdict"]


def read_markdown(text: str) -> tuple[str, str]:
    cells = [cell.strip() for cell in re.findall(r"^\| response.*p95.*$", text, re.MULTILINE)[0].split("|")]
    return cells[1].replace("\\", ""), cells[-2].replace(" ", "_")


def read_html(text: str) -> tuple[str, str]:
    rows = re.findall(r"<tr>.*?</tr>", text, re.DOTALL)
    cells = [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td.*?</td>", rows[2], re.DOTALL)]
    return cells[0].strip(), cells[-1].strip("= \n").replace(" ", "_")


def read_junit(text: str) -> tuple[str, str]:
    case = ElementTree.fromstring(text)[0][2]
    said = case.findtext("system-out") or ""
    return case.get("name", ""), "no_difference" if " no difference: " in said else said


def read_document(document: dict[str, Any]) -> tuple[str, str]:
    return document["metrics"][1]["metric"], document["metrics"][1]["verdict"]


READERS: dict[str, Callable[[str], tuple[str, str]]] = {
    "json": lambda text: read_document(json.loads(text)),
    "toml": lambda text: read_document(tomllib.loads(text)),
    "csv": read_csv,
    "md": read_markdown,
    "html": read_html,
    "junit": read_junit,
}
"""What each format says of the second metric, and its verdict."""


@pytest.fixture(scope="module")
def made(demo: Demo) -> Iterator[Path]:
    """The folder of a run that was made."""
    with new_home() as home:
        quick = ("-d", "2s", "--warmup", "0s", "--label", "first", "--headless", "--format", "json")
        result = run_cli(home, "run", "read", demo.url, *quick)
        assert result.code == expected(home, 0), result.stderr
        yield home.runs / result.record.id


@pytest.fixture
def saved(home: Home, made: Path) -> str:
    """The id of this run, in the home of a test."""
    shutil.copytree(made, home.runs / made.name)
    return made.name


def test_list_show_path_export_delete(home: Home, call: Call, saved: str) -> None:
    home.extra["COLUMNS"] = "80"
    listed = run_cli(home, "runs")
    assert saved in listed.stdout
    assert "first" in listed.stdout
    assert max(map(len, listed.stdout.splitlines())) <= 80
    assert [row["id"] for row in call("runs", "list", "--format", "json").json] == [saved]
    shown = call("runs", "show", "latest")
    assert "200 scheduled in 2s" in shown.stdout
    folder = call("runs", "path", saved[:-2]).stdout.strip()
    assert folder == str(home.runs / saved)
    assert call("runs", "path").stdout.strip() == str(home.runs)

    refused = call("runs", "delete", saved)
    assert refused.code == 2
    assert "--yes" in refused.stderr
    assert call("runs", "delete", saved, "--yes").code == 0
    assert not Path(folder).exists()
    assert call("runs", "show", saved).code == 2


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("a.json", '{\n  "schema": 1'),
        ("a.toml", "schema = 1"),
        ("a.csv", "run,label"),
        ("a.md", "### shop"),
        ("a.html", "<!DOCTYPE html>"),
        ("a.xml", "<?xml"),
        ("a.hlog", "#["),
        ("a.txt", "shop · "),
        ("a", "{"),
    ],
)
def test_export_takes_the_format_of_the_ending(home: Home, call: Call, name: str, start: str) -> None:
    file = home.path / name
    result = call("export", str(RECORDED), "--output", str(file))
    assert (result.code, result.stdout) == (0, ""), result.stderr
    assert file.read_text().startswith(start)
    assert result.stderr == f"perftui: written: {file}\n"


def test_exported_json_is_compared_like_the_run(home: Home, call: Call, saved: str) -> None:
    file = home.path / "elsewhere" / "a.json"
    file.parent.mkdir()
    assert call("export", saved, "-o", str(file)).code == 0
    text = call("runs", "show", str(file)).stdout
    assert text.split("\nSaved:")[0] == call("runs", "show", saved).stdout.split("\nSaved:")[0]
    result = call("compare", str(file), saved, "--format", "json")
    by_name = {change["metric"]: change for change in result.json["metrics"] if not change["operation"]}
    assert by_name["response_time.p95"]["change"] == 0
    assert by_name["response_time.p95"]["n_run"] == 200


def test_results_of_other_tools_are_compared_and_not_shown_as_runs(home: Home, call: Call, saved: str) -> None:
    file = home.path / "stats.csv"
    file.write_text(LOCUST)
    result = call("compare", str(file), saved)
    # not comparable where this machine did not keep up when the run was made
    assert result.code == told(result.stderr) == (12 if "NOT COMPARABLE" in result.stdout else 0)
    assert "· locust: does not say whether the generator itself kept up" in result.stdout
    assert "attained" not in result.stdout
    for arguments in (("export", str(file)), ("runs", "show", str(file))):
        refused = call(*arguments)
        assert (refused.code, refused.stdout) == (2, "")
        assert "results of other tools can be one side of `perftui compare`" in refused.stderr


def test_a_damaged_export_is_called_damaged_in_a_comparison_too(home: Home, call: Call, saved: str) -> None:
    file = home.path / "cut.json"
    file.write_text(call("export", saved).stdout[:5000])
    refused = call("compare", str(file), saved)
    assert refused.code == 2
    assert "cut.json: not a run of perftui: " in refused.stderr


def test_runs_that_differ_are_not_compared(call: Call, saved: str) -> None:
    result = call("compare", str(RECORDED), saved)
    assert result.code == 12
    assert "NOT COMPARABLE" in result.stdout
    assert "not comparable: timeout" in result.stderr
    # the numbers are shown, without a verdict
    assert re.search(r"response_time\.p95 .* → .* ms .* –\n", result.stdout)
    assert "REGRESSION" not in result.stdout
    silenced = call("compare", str(RECORDED), saved, "--warn-only")
    assert silenced.code == 0
    assert "perftui: --warn-only: exit 0 instead of 12" in silenced.stderr.splitlines()


@pytest.mark.parametrize("style", READERS)
def test_compare_in_every_format(call: Call, style: str) -> None:
    """Two sides that are one run: the verdict of one metric, as each format says it, and no more."""
    run = str(RECORDED_RUNS / "read")
    result = call("compare", run, run, "--threshold", "90%", "--format", style)
    assert (result.code, result.stderr) == (0, "")
    assert READERS[style](result.stdout) == ("response_time.p95", "no_difference")


def test_baseline(call: Call, saved: str) -> None:
    assert "no baseline is set" in call("baseline", "show").stderr
    assert call("baseline", "set", saved, "--force").code == 0
    assert saved in call("baseline", "show").stdout
    assert "nothing to delete" in call("runs", "prune", "--keep", "0", "--yes").stderr
    assert saved in call("baseline", "clear").stderr
    refused = call("runs", "prune", "--keep", "0")
    assert (refused.code, saved in refused.stdout, "say --yes" in refused.stderr) == (2, True, True)
    assert saved in call("runs").stdout
    pruned = call("runs", "prune", "--keep", "0", "--yes")
    assert saved in pruned.stdout
    assert "deleted 1 run\n" in pruned.stderr
    assert call("runs").stdout == ""


def test_unfinished_run_is_recovered(home: Home, call: Call, saved: str) -> None:
    """The record of a runner that was lost says running; its journal has everything."""
    folder = home.runs / saved
    complete = read_record(folder)
    write_record(folder, replace(complete, status="running", verdict="none"))
    assert "interrupted" in call("runs").stdout
    result = call("runs", "recover")
    assert result.code == 0, result.stderr
    assert f"recovered: {saved}" in result.stderr
    again = read_record(folder)
    assert_conserved(again)
    assert again.summary.total.counts == complete.summary.total.counts
    assert "no run is unfinished" in call("runs", "recover").stderr


def test_watch_prints_a_finished_run(home: Home, call: Call, saved: str) -> None:
    result = call("watch", saved)
    assert result.code == 0
    assert "00:02 / 00:02" in result.stdout
    assert f"Saved: {home.runs / saved}" in result.stdout


def test_hostile_names_do_no_harm(home: Home, call: Call, saved: str) -> None:
    assert call("runs", "show", "\x1b]52;c;x\x07").stderr.count("\x1b") == 0
    assert call("runs", "delete", "..", "--yes").code == 2
    assert call("runs", "delete", str(home.path), "--yes").code == 2
    assert (home.runs / saved).is_dir()
    broken = home.runs / "20200101-000000-x-0000"
    shutil.copytree(home.runs / saved, broken)
    (broken / "run.toml").write_text('schema = 1\nid = "\x00')
    listed = call("runs")
    assert listed.code == 0
    assert broken.name in listed.stdout


def test_unfinished_run_is_completed_when_it_is_opened(home: Home, call: Call, saved: str) -> None:
    folder = home.runs / saved
    complete = read_record(folder)
    (folder / "run.toml").unlink()
    shown = call("runs", "show", saved)
    assert f"{saved} was unfinished" in shown.stderr
    assert "200 scheduled in 2s" in shown.stdout
    assert read_record(folder).summary.total.counts == complete.summary.total.counts


def test_a_live_run_shows_what_it_has(home: Home, call: Call, demo_url: str) -> None:
    run_id = run_cli(home, "run", "read", demo_url, "-d", "60s", "--warmup", "0s", "--detach").stdout.strip()
    try:
        wait_for_journal(home, '"interval"')
        shown = call("runs", "show", run_id)
        assert "is still running" in shown.stderr
        assert "· running ·" in shown.stdout
        assert re.search(r"scheduled in \d+s", shown.stdout)
        assert call("runs", "delete", run_id, "--yes").code == 2
    finally:
        assert call("ctl", run_id, "abort").code == 0
    wait_until(lambda: "running" not in call("runs").stdout)
