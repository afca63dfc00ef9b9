"""Streams that are closed, full or of another encoding: the run counts all the same, and nothing is a crash."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import msgspec
import pytest

from perftui.demo.server import Demo
from support.cli import PERFTUI, Result, run_cli
from support.home import Home
from support.presets import preset_text

Call = Callable[..., Result]

RUN = ("--rate", "20", "--duration", "200ms", "--warmup", "0s", "--warn-only", "--headless")
NARROW = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""A locale that knows ASCII only, without Python's own rescue of it."""


def shell(home: Home, command: str) -> subprocess.CompletedProcess[bytes]:
    """Run a line of a shell, with perftui in place of the word."""
    line = command.replace("perftui", PERFTUI, 1)
    return subprocess.run(line, shell=True, capture_output=True, env=home.environment, cwd=home.path, timeout=60)


@pytest.mark.slow
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&-", ">&- 2>&- <&-"])
def test_closed_streams_are_like_nowhere(home: Home, demo: Demo, closed: str) -> None:
    done = shell(home, f"perftui run health {demo.url} {' '.join(RUN)} {closed}")
    assert done.returncode == 0, done.stderr
    assert b"internal error" not in done.stderr
    (folder,) = home.run_folders()
    # no file of the run became a standard stream
    assert run_cli(home, "runs", "show", folder.name, "--format", "json").record.whole_run.scheduled == 4


@pytest.mark.parametrize(
    "command", ["errors", "--help", "--version", "completion bash", "serve --port 0", "run --help"]
)
@pytest.mark.parametrize("buffered", ["", "1"])
def test_a_stdout_that_is_full_is_told_in_one_line(home: Home, command: str, buffered: str) -> None:
    home.extra["PYTHONUNBUFFERED"] = buffered
    done = shell(home, f"(ulimit -f 0; perftui {command} > result)")
    assert (done.returncode, done.stderr) == (1, b"perftui: stdout: cannot be written: file too large\n")
    assert not (home.path / "data" / "crashes").exists()


@pytest.mark.slow
def test_results_are_utf_8_in_any_locale(home: Home, demo: Demo) -> None:
    home.extra.update(NARROW)
    label = "naïve ✓"
    done = shell(home, f"perftui run health {demo.url} {' '.join(RUN)} --format json --label 'x'")
    assert b"internal error" not in done.stderr
    home.extra.clear()
    done = shell(home, f"perftui run health {demo.url} {' '.join(RUN)} --label '{label}'")
    assert done.returncode == 0, done.stderr
    home.extra.update(NARROW)
    for command in ("doctor", "runs", "runs show latest", "export latest --format md"):
        done = shell(home, f"perftui {command}")
        assert (done.returncode, done.stderr) == (0, b""), command
        done.stdout.decode("utf-8")
    assert msgspec.json.decode(shell(home, "perftui export latest").stdout)["label"] == label


@pytest.mark.slow
def test_arguments_that_are_no_text_are_no_crash(home: Home, demo: Demo) -> None:
    done = shell(home, f"perftui run health {demo.url} {' '.join(RUN)} --label \"$(printf 'a\\377b')\"")
    assert done.returncode == 0, done.stderr
    done = shell(home, f"perftui run health {demo.url} {' '.join(RUN)} --header \"X: $(printf 'a\\377b')\"")
    assert (done.returncode, done.stderr) == (2, b"perftui: --header 'X': the value is not UTF-8\n")


NO_TEXT = "a\udcffb"
"""An argument with a byte that is no UTF-8, as Python has it."""


@pytest.mark.parametrize(
    ("argument", "told"),
    [
        (f"--body={NO_TEXT}", "--body: is not UTF-8; put such bytes into a file, and write @FILE"),
        (f"--json={NO_TEXT}", "--json: is not UTF-8; put such bytes into a file, and write @FILE"),
        (f"--content-type={NO_TEXT}", "--content-type: is not UTF-8"),
        (f"--set=target.headers.X={NO_TEXT}", "--set: target.headers.X: the value is not UTF-8"),
        (f"--body=@{NO_TEXT}", "the name is not UTF-8; rename the file, or the folder that it is in"),
        ("--set=load.rate=5\nload.duration='9s'", "load.rate: "),
        (f"--workers={'9' * 5_000}", "is not a number of workers"),
    ],
)
def test_values_that_cannot_be_sent_are_mistakes(home: Home, call: Call, argument: str, told: str) -> None:
    (home.path / NO_TEXT).write_bytes(b"x")
    result = call("run", "http://127.0.0.1:9/x", "--headless", argument)
    assert result.code == 2, result.stderr
    assert told in result.stderr
    assert not (home.path / "data" / "crashes").exists()


def test_levels_without_end_are_a_mistake(call: Call) -> None:
    result = call("scaling", "http://127.0.0.1:9/x", "--headless", "--levels", f"1,{'9' * 5_000}")
    assert (result.code, "is no list of levels" in result.stderr) == (2, True), result.stderr


@pytest.mark.parametrize("age", ["²d", "9" * 400 + "d", "nand"])
def test_ages_that_are_none_are_mistakes(call: Call, age: str) -> None:
    result = call("runs", "prune", "--older-than", age, "--yes")
    assert (result.code, "--older-than" in result.stderr) == (2, True), result.stderr


def test_a_preset_in_a_folder_whose_name_is_no_text_says_so(home: Home, call: Call) -> None:
    folder = home.path / NO_TEXT
    folder.mkdir()
    (folder / "rows.csv").write_text("a\n1\n", encoding="utf-8")
    data = '\n[[data]]\nname = "rows"\nfile = "rows.csv"\n'
    (folder / "p.toml").write_text(
        preset_text("http://127.0.0.1:9", [{"path": "/${data:rows.a}"}]) + data, encoding="utf-8"
    )
    result = call("run", str(folder / "p.toml"), "--headless")
    assert result.code == 2, result.stderr
    assert "rows.csv: the name is not UTF-8; rename the file" in result.stderr
