"""The reader of a command may leave early; a running run is not the one that is meant by the newest."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest

from support.cli import PERFTUI, Result, run_cli
from support.home import Home
from support.waiting import wait_until

Call = Callable[..., Result]
LOAD = ("--rate", "20", "--warmup", "0s")


@pytest.mark.slow
def test_a_reader_that_leaves_is_no_error(home: Home, demo_url: str) -> None:
    assert run_cli(home, "run", "health", demo_url, *LOAD, "--duration", "1s", "--warn-only").code == 0
    for command in ("watch", "runs list", "export --format json", "presets", "errors"):
        line = f'{PERFTUI} {command} | head -c 1; echo "${{PIPESTATUS[0]}}"'
        done = subprocess.run(
            ["bash", "-c", line], capture_output=True, text=True, env=home.environment, cwd=home.path, timeout=60
        )
        assert (done.stdout[-2:], done.stderr) == ("0\n", ""), command


@pytest.mark.slow
def test_the_newest_is_one_that_has_ended(home: Home, call: Call, demo_url: str) -> None:
    for command in (("export",), ("compare",), ("trend",), ("baseline", "set")):
        result = call(*command)
        assert (result.code, len(result.stderr.splitlines())) == (2, 1), result.stderr
    run = ("run", "health", demo_url, *LOAD)
    first, second = (run_cli(home, *run, "--duration", "1s", "--format", "json").json["id"] for _ in range(2))
    started = run_cli(home, *run, "--duration", "30s", "--detach")
    assert started.code == 0, started.stderr
    try:
        wait_until(lambda: '"interval"' in (home.run_folders()[-1] / "journal.jsonl").read_text(), what="an interval")
        assert call("export").json["id"] == second
        set_ = call("baseline", "set")
        assert (set_.code, second in set_.stderr) == (0, True), set_.stderr
        compared = call("compare", "--format", "json").json
        assert (compared["baseline_id"], compared["run_id"]) == (first, second)
        trend = call("trend", "--format", "json").json
        # an invalid run, as on a busy machine, is left out and named
        told = [*(point["run_id"] for point in trend["points"]), *trend["skipped"]]
        assert sorted(one.partition(":")[0] for one in told) == [first, second]
    finally:
        assert call("ctl", started.stdout.strip(), "stop").code == 0
        call("watch", started.stdout.strip(), "--lines")


def test_every_pair_of_format_and_output_is_written(home: Home, call: Call, demo_url: str) -> None:
    places = [home.path / name for name in ("r.json", "r.xml", "r.md")]
    outputs = (
        "--format",
        "json",
        "-o",
        str(places[0]),
        "--format",
        "junit",
        "-o",
        str(places[1]),
        "-o",
        str(places[2]),
    )
    result = run_cli(home, "run", "health", demo_url, *LOAD, "--duration", "1s", "--warn-only", *outputs)
    assert result.code == 0, result.stderr
    texts = [place.read_text() for place in places]
    assert [text[:5] for text in texts] == ['{\n  "', "<?xml", "### h"]
    result = call("export", "--format", "csv", "--format", "toml", "-o", "r.toml")
    assert result.stdout.startswith("run,label")
    assert (home.path / "r.toml").read_text().startswith("schema = 1")
    for command in (("export",), ("compare",), ("run", "health", demo_url)):
        result = call(*command, "--format", "json", "--format", "csv")
        assert (result.code, "both to stdout" in result.stderr) == (2, True)
    for command, name in ((("export",), "r.xlsx"), (("run", "health", demo_url), "r.yaml"), (("trend",), "r.hlog")):
        result = call(*command, "-o", name)
        assert (result.code, "no form ends like this; there are .csv" in result.stderr) == (2, True), result.stderr
        assert not (home.path / name).exists()


def test_a_process_that_does_not_exist_is_refused(home: Home, call: Call, demo_url: str) -> None:
    result = call("run", "health", demo_url, *LOAD, "--set", "target.pid=4194304", "--duration", "1s")
    assert (result.code, "target.pid: there is no process 4194304" in result.stderr) == (2, True)
    assert home.run_folders() == []
