"""Saved runs: the command and the app compare the same rounds with the same knowledge of earlier runs."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from msgspec.structs import replace

from perftui.analysis.comparison import compare
from perftui.analysis.saved_runs import compare_saved, counterpart, sides
from perftui.model.errors import UsageError
from perftui.report.formats import export
from perftui.store.loading import load_run
from perftui.store.records import read_record, write_record
from perftui.tui.compared import judge, read_pair
from support.cli import run_cli
from support.home import Home
from support.recorded_runs import RECORDED


def _saved(home: Home, name: str, recording: str, group: str = "", number: int = 0) -> Path:
    path = home.runs / name
    shutil.copytree(RECORDED / recording, path)
    write_record(path, replace(read_record(path), id=name, rounds_of=group, round=number))
    return path


def _rounds(home: Home, group: str, recording: str, count: int = 3) -> list[Path]:
    return [_saved(home, f"{group}-{n}", recording, group, n) for n in range(1, count + 1)]


@pytest.fixture(autouse=True)
def _own_library(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in home.environment.items():
        if name.startswith("PERFTUI_"):
            monkeypatch.setenv(name, value)


@pytest.mark.slow
def test_the_app_and_the_command_come_to_the_same_verdict(home: Home) -> None:
    """With rounds, and with five earlier runs of the same kind, which say how much such runs vary."""
    before, after = _rounds(home, "before", "read-before"), _rounds(home, "after", "read")
    earlier = [_saved(home, f"earlier-{n}", "read") for n in range(5)]
    for baseline, run, rounds in ((before[0], after[1], (3, 3)), (earlier[0], earlier[1], (1, 1))):
        in_app = judge(read_pair(baseline, run))
        assert in_app.rounds == rounds
        assert in_app.earlier_runs == (0 if rounds == (3, 3) else 9)
        command = run_cli(home, "compare", baseline.name, run.name, "--format", "json").json
        assert command["verdict"] == in_app.verdict
        assert [
            (change["metric"], change["verdict"], change["low"], change["high"]) for change in command["metrics"]
        ] == [(change.metric, change.verdict, change.low, change.high) for change in in_app.metrics]
        assert not any("noise of" in change.reason for change in in_app.metrics)


def test_two_rounds_of_one_command_stand_for_themselves(home: Home) -> None:
    first, second, _ = _rounds(home, "group", "read")
    chosen = sides(load_run(str(first)), load_run(str(second)))
    assert [[run.record.id for run in side] for side in chosen] == [["group-1"], ["group-2"]]
    comparison = compare_saved(*chosen)
    assert (comparison.baseline_id, comparison.run_id) == ("group-1", "group-2")


def test_what_is_not_comparable_has_numbers_and_no_verdicts(home: Home) -> None:
    runs = [load_run(str(_saved(home, name, name))) for name in ("read", "users")]
    refused = compare_saved(*([run] for run in runs))
    assert refused.verdict == "not_comparable"
    assert {(change.verdict, change.gated) for change in refused.metrics} == {("not_comparable", False)}
    forced = compare_saved(*([run] for run in runs), force=True)
    assert forced.verdict == "not_comparable"
    assert any(change.gated for change in forced.metrics)


def test_exports_are_compared_like_the_runs_they_were_made_of(home: Home) -> None:
    """To the last digit: the histograms in them are the journal's, and the draws are the same."""
    folders = [load_run(str(_saved(home, name, name))) for name in ("read-before", "read")]
    files = []
    for run in folders:
        file = home.path / f"{run.record.id}.json"
        file.write_text(export(run, "json"))
        files.append(load_run(str(file)))
    assert compare([files[0]], [files[1]]) == compare([folders[0]], [folders[1]])


def test_a_preset_made_from_a_run_is_compared_with_that_run(home: Home) -> None:
    """There is no earlier run of its name, and one of the very same requests."""
    other = _saved(home, "20261101-100000-other-0000", "errors")
    before = _saved(home, "20261101-110000-read-0001", "read")
    run = _saved(home, "20261101-120000-mine-0002", "read")
    for path, started in ((other, "10"), (before, "11"), (run, "12")):
        write_record(path, replace(read_record(path), started_at=f"2026-11-01T{started}:00:00+00:00"))
    record = read_record(run)
    write_record(run, replace(record, plan=replace(record.plan, name="mine")))
    assert counterpart(run) == before
    with pytest.raises(UsageError, match="nothing to compare"):
        counterpart(other)
