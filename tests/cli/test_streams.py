"""Streams that are closed, full or of another encoding: the run counts all the same, and nothing is a crash."""

from __future__ import annotations

import subprocess

import msgspec
import pytest

from perftui.demo.server import Demo
from support.cli import PERFTUI, run_cli
from support.home import Home

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
