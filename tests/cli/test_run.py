"""`perftui run` without a terminal, against the demo service."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
from collections.abc import Callable

import jsonschema
import msgspec
import pytest

from perftui.engine.runner.launch import PendingRun
from perftui.engine.runner.run import Runs
from perftui.model.errors import ExitCode
from perftui.report.schema import export_schema
from perftui.store.loading import load_folder
from perftui.store.records import read_record
from perftui.tui.start import Start
from support.cli import PERFTUI, Result, finish, run_cli, start_cli, write_preset
from support.conservation import assert_conserved
from support.home import Home, command_of, processes_in
from support.judged import deserved, expected, told
from support.pty import terminal
from support.waiting import wait_for_journal, wait_until

Call = Callable[..., Result]

QUICK = ("--duration", "2s", "--warmup", "0s")


def headless(home: Home, url: str, *more: str, preset: str = "read") -> Result:
    return run_cli(home, "run", preset, url, *QUICK, "--headless", *more)


def test_json_is_one_document_and_progress_is_on_stderr(home: Home, demo_url: str) -> None:
    result = headless(home, demo_url, "--format", "json", "--label", "v1")
    assert result.code == expected(home, 0), result.stderr
    jsonschema.validate(result.json, export_schema())
    record = result.record
    assert_conserved(record)
    assert (record.status, record.label, record.whole_run.scheduled) == ("finished", "v1", 200)
    assert record.objectives
    assert result.json["outcome"]["exit_code"] == result.json["outcome"]["would_exit"] == result.code
    assert result.json["outcome"]["blocking"] is (result.code != 0)
    lines = result.stderr.splitlines()
    assert len([line for line in lines if re.match(r"\d\d:\d\d / 00:02  measure .*/s ok  p95", line)]) == 2
    (folder,) = home.run_folders()
    assert f"perftui: saved: {folder}" in lines


@pytest.mark.slow
def test_text_ends_with_the_path(home: Home, demo_url: str) -> None:
    result = headless(home, demo_url)
    (folder,) = home.run_folders()
    assert result.stdout.endswith(f"\nSaved: {folder}\n")
    assert "200 scheduled in 2s: 200 ok" in result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("style", "start"),
    [
        ("toml", "schema = 1"),
        ("csv", "run,label"),
        ("md", "### health"),
        ("html", "<!DOCTYPE html>"),
        ("junit", "<?xml"),
    ],
)
def test_other_formats_into_a_file(home: Home, demo_url: str, style: str, start: str) -> None:
    file = home.path / "out"
    more = ("--rate", "20", "--format", style, "--output", str(file), "--warn-only", "-d", "1s")
    result = headless(home, f"{demo_url}/health", *more, preset="health")
    assert result.code == 0, result.stderr
    assert result.stdout == ""
    assert file.read_text().startswith(start)


def test_failed_objective_is_13(home: Home, demo_url: str, strict: str) -> None:
    result = run_cli(home, "run", write_preset(home, strict), demo_url, "--headless", "--format", "json")
    assert result.code == expected(home, 13)
    assert "objective failed: error_rate is 50.0 %, critical < 1.0 %" in result.stderr
    assert_conserved(result.record)
    assert result.json["outcome"]["blocking"] is True


def test_warn_only_is_0_and_says_13(home: Home, demo_url: str, strict: str) -> None:
    home.extra["GITHUB_ACTIONS"] = "true"
    result = run_cli(home, "run", write_preset(home, strict), demo_url, "--warn-only", "--format", "json")
    assert result.code == 0
    would = expected(home, 13)
    assert result.json["outcome"] | {"reasons": []} == {
        "exit_code": 0,
        "would_exit": would,
        "blocking": False,
        "reasons": [],
    }
    assert f"perftui: --warn-only: exit 0 instead of {would}" in result.stderr.splitlines()
    warnings = [line for line in result.stderr.splitlines() if line.startswith("::warning ")]
    assert len(warnings) == (2 if would == ExitCode.INVALID else 1), "of the objective, and of a run that is invalid"


def test_nothing_listening_is_14_in_one_line_and_nothing_is_saved(home: Home) -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        result = headless(home, f"http://127.0.0.1:{reserved.getsockname()[1]}")
    assert result.code == 14
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert home.run_folders() == []


def test_public_host_needs_confirmation(home: Home) -> None:
    result = headless(home, "http://100.64.0.1", "--rate", "1000")
    assert result.code == 15
    assert "--confirm-host" in result.stderr
    assert home.run_folders() == []


def test_mistakes_in_a_preset_are_all_told_before_anything_is_sent(
    home: Home, call: Call, demo_url: str, strict: str
) -> None:
    preset = write_preset(home, strict.replace("rate = 50", "rate = -1\ndurration = '5s'").replace("method", "x"))
    result = call("run", preset, demo_url)
    assert result.code == 2
    assert len(result.stderr.splitlines()) >= 2
    assert "durration" in result.stderr
    assert "duration" in result.stderr
    assert home.run_folders() == []


def test_missing_output_folder_is_told_before_the_run(home: Home, demo_url: str) -> None:
    result = headless(home, demo_url, "--output", "/nowhere/out.json")
    assert result.code == 2
    assert home.run_folders() == []


def test_header_from_a_file_stays_out_of_everything(home: Home, demo_url: str) -> None:
    file = home.path / "headers"
    file.write_text("# comment\nAuthorization: Bearer canary-8472\n")
    result = headless(home, demo_url, "-H", f"@{file}", "--format", "json", "--set", "load.rate=10")
    assert result.code == deserved(result.record), result.stderr
    assert result.record.whole_run.scheduled == 20
    assert "canary-8472" not in result.stdout + result.stderr
    saved = [path for path in home.runs.rglob("*") if path.is_file()]
    assert saved
    assert [path for path in saved if b"canary-8472" in path.read_bytes()] == []


def test_interrupt_saves_and_exits_130(home: Home, demo_url: str) -> None:
    arguments = ("run", "read", demo_url, "--duration", "30s", "--warmup", "0s", "--headless", "--format", "json")
    with start_cli(home, *arguments) as process:
        wait_for_journal(home, '"interval"')
        process.send_signal(signal.SIGINT)
        result = finish(process)
    assert result.code == 130
    assert_conserved(result.record)
    assert result.record.status in {"stopped", "aborted"}
    assert result.record.status_detail == "signal INT"


def _begins_late(home: Home, strict: str) -> str:
    before = '[[before]]\nname = "log in"\npath = "/slow?ms=5000"\n'
    return write_preset(home, strict.replace("[[operations]]", f"{before}[[operations]]", 1))


def test_an_interrupt_before_the_begin_leaves_no_run(home: Home, demo_url: str, strict: str) -> None:
    """The runner is in a session of its own, where Ctrl-C does not reach it."""
    preset = _begins_late(home, strict)
    with start_cli(home, "run", preset, demo_url, "--detach") as process:
        wait_until(lambda: any(command_of(each)[-1:] == ["perftui.engine.worker"] for each in processes_in(home.path)))
        process.send_signal(signal.SIGINT)
        result = finish(process)
        wait_until(lambda: not processes_in(home.path), 5, "the end of the runner and its worker")
    assert (result.code, result.stdout) == (130, "")
    assert home.run_folders() == []


@pytest.mark.slow
@pytest.mark.parametrize("begun", [True, False])
def test_an_interrupt_before_there_is_a_screen_stops_the_run(
    home: Home, demo_url: str, strict: str, call: Call, monkeypatch: pytest.MonkeyPatch, *, begun: bool
) -> None:
    preset = "read" if begun else _begins_late(home, strict)

    def interrupted(start: Start, *_: object) -> int:
        assert isinstance(start.pending, PendingRun)
        if begun:
            start.pending.wait()
        raise KeyboardInterrupt

    monkeypatch.setattr("perftui.cli.screen.has_terminal", lambda: True)
    monkeypatch.setattr("perftui.cli.session.show", interrupted)
    result = call("run", preset, demo_url, "--duration", "60s", "--warmup", "0s")
    assert result.code == 130
    if not begun:
        wait_until(lambda: not processes_in(home.path), 5, "the end of the runner")
        assert home.run_folders() == []
        return
    (folder,) = home.run_folders()
    wait_until(lambda: read_record(folder).status != "running", 10, "the end of the run")
    record = read_record(folder)
    assert (record.status, record.status_detail) == ("stopped", "stopped by tui")


def test_detached_run_is_watched_steered_and_stopped(home: Home, call: Call, demo_url: str) -> None:
    started = run_cli(home, "run", "read", demo_url, "--duration", "30s", "--warmup", "0s", "--detach")
    assert started.code == 0
    run_id = started.stdout.strip()
    (folder,) = home.run_folders()
    assert folder.name == run_id
    wait_for_journal(home, '"interval"')
    assert "running" in call("runs", "list").stdout
    with start_cli(home, "watch", run_id) as watching:
        assert call("ctl", run_id, "level", "20").code == 0
        assert call("ctl", run_id[:-2], "mark", "cache cleared").code == 0
        assert call("ctl", run_id, "stop").code == 0
        watched = finish(watching)
    assert "mark: cache cleared (ctl)" in watched.stdout
    assert f"Saved: {folder}" in watched.stdout
    run = load_folder(folder)
    assert_conserved(run.record)
    assert run.record.steered
    assert run.record.status == "stopped"
    assert [event.kind for event in run.events if event.origin == "ctl"] == ["level", "mark", "stop"]
    gone = call("ctl", run_id, "stop")
    assert gone.code == 2
    assert "not running" in gone.stderr


@pytest.mark.slow
def test_rounds_are_saved_one_by_one_and_shown_together(home: Home, demo_url: str) -> None:
    result = headless(home, demo_url, "--rounds", "2")
    assert result.code == told(result.stderr), result.stderr
    assert "2 rounds" in result.stdout
    first, second = (load_folder(folder).record for folder in home.run_folders())
    assert first.rounds_of == second.rounds_of != ""
    assert (first.round, second.round) == (1, 2)


@pytest.mark.slow
def test_an_interrupted_round_is_the_last_one(home: Home, demo_url: str) -> None:
    arguments = ("run", "read", demo_url, "--duration", "30s", "--warmup", "0s", "--rounds", "2")
    with start_cli(home, *arguments) as process:
        wait_for_journal(home, '"interval"')
        process.send_signal(signal.SIGINT)
        result = finish(process)
    assert result.code == 130
    assert "round 2 of 2" not in result.stderr
    (folder,) = home.run_folders()
    assert f"Saved: {folder}" in result.stdout


def test_an_interrupt_between_rounds_keeps_what_there_is(
    home: Home, demo_url: str, call: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(_runs: Runs, _seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Runs, "rest", interrupted)
    result = call("run", "health", f"{demo_url}/health", "--rate", "20", *QUICK, "--rounds", "3", "--headless")
    assert result.code == 130
    assert "interrupted between rounds" in result.stderr
    (folder,) = home.run_folders()
    assert f"Saved: {folder}" in result.stdout


@pytest.mark.slow
def test_baseline_comparison_follows_the_run(home: Home, call: Call, demo_url: str) -> None:
    assert headless(home, demo_url).code == expected(home, 0)
    assert call("baseline", "set", "latest", "--force").code == 0
    result = headless(home, demo_url, "--baseline", "chosen", "--format", "json", "--strict")
    comparison = result.json["comparison"]
    assert comparison["baseline_id"] == home.run_folders()[0].name
    # two seconds are too short to say anything, and the program must not pretend otherwise
    codes = {"inconclusive": 11, "not_comparable": 12}
    assert result.code == expected(home, codes[comparison["verdict"]])
    jsonschema.validate(result.json, export_schema())


def test_unknown_baseline_is_told_before_the_run(home: Home, demo_url: str) -> None:
    for reference in ("chosen", "nothere"):
        result = headless(home, demo_url, "--baseline", reference)
        assert result.code == 2
    assert home.run_folders() == []


def test_every_document_of_the_schema_is_json(home: Home, call: Call) -> None:
    assert msgspec.json.decode(call("runs", "schema").stdout) == json.loads(json.dumps(export_schema()))


@pytest.mark.slow
def test_a_reader_that_leaves_does_not_end_the_run(home: Home, demo_url: str) -> None:
    command = f"{PERFTUI} run health {demo_url}/health --rate 20 -d 2s --warmup 0s --headless 2>&1 | head -n 2"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, env=home.environment, check=False)
    assert len(done.stdout.splitlines()) == 2
    wait_until(lambda: load_folder(home.run_folders()[0]).record.status == "finished")
    record = load_folder(home.run_folders()[0]).record
    assert record.whole_run.scheduled == 40
    assert_conserved(record)


@pytest.mark.slow
def test_a_closed_terminal_does_not_end_the_run(home: Home, demo_url: str) -> None:
    arguments = ("--rate", "20", "-d", "3s", "--warmup", "0s", "--headless")
    with terminal([PERFTUI, "run", "health", f"{demo_url}/health", *arguments], home.environment) as screen:
        folder = wait_for_journal(home, '"interval"')
        screen.hang_up()
        code = screen.process.wait(60)
    record = load_folder(folder).record
    assert code == deserved(record)
    assert (record.status, record.whole_run.scheduled) == ("finished", 60)
    assert_conserved(record)
