"""Sessions that are interrupted, divided among processes, or written in ways that cannot be."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from perftui.demo.server import Demo
from support.home import Home
from support.waiting import wait_for_journal

PRESET = """schema = 1
name = "short"
[target]
url = "URL"
[load]
rate = 20
duration = "300ms"
[[operations]]
path = "/health"
"""


def started(home: Home, demo: Demo, text: str, *options: str) -> subprocess.Popen[bytes]:
    """A session of pytest in a process of its own, in the test's home."""
    (home.path / "preset.toml").write_text(PRESET.replace("URL", demo.url), encoding="utf-8")
    (home.path / "test_it.py").write_text(text, encoding="utf-8")
    kept = {name: value for name, value in home.environment.items() if not name.startswith("PYTEST_")}
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, "--rootdir=.", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=kept,
        cwd=home.path,
    )


def said(process: subprocess.Popen[bytes]) -> str:
    """What it printed up to its end."""
    return process.communicate(timeout=60)[0].decode()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 2), (signal.SIGTERM, 143)])
def test_a_signal_that_a_run_takes_ends_the_session(home: Home, demo: Demo, number: int, code: int) -> None:
    text = """
def test_long(perftui):
    perftui.run("./preset.toml", duration=60)

def test_next(perftui):
    perftui.run("./preset.toml")
"""
    process = started(home, demo, text, "--perftui-json", "out.json")
    wait_for_journal(home, '"interval"')
    process.send_signal(number)
    told = said(process)
    assert process.returncode == code, told
    assert len(home.run_folders()) == 1
    (measured,) = json.loads((home.path / "out.json").read_text())["tests"]
    assert "signal" in measured["why"]


def test_what_processes_of_xdist_measure_is_written_once(home: Home, demo: Demo) -> None:
    text = """
import pytest

@pytest.mark.parametrize("number", range(3))
@pytest.mark.perftui(rounds=2)
def test_timed(perftui, number):
    perftui.benchmark(sorted, [number])

def test_run(perftui):
    perftui.run("./preset.toml")
"""
    process = started(home, demo, text, "-n", "2", "--perftui-json", "out.json", "--perftui-junit", "out.xml")
    told = said(process)
    assert process.returncode == 0, told
    measured = json.loads((home.path / "out.json").read_text())["tests"]
    assert sorted(one["test"].partition("::")[2] for one in measured) == [
        "test_run", "test_timed[0]", "test_timed[1]", "test_timed[2]",
    ]  # fmt: skip
    assert next(one["run"] for one in measured if "run" in one)["summary"]["total"]["counts"]["ok"] == 6
    assert (home.path / "out.xml").read_text().count("<testsuite ") == 4
    assert "rounds" in told
    assert told.count("written: out.json") == 1


def test_mistakes_are_lines_and_an_old_result_is_not_left(home: Home, demo: Demo) -> None:
    text = """
import asyncio, pytest

async def nothing():
    pass

def on_a_loop(call):
    async def inside():
        call()
    asyncio.run(inside())

def test_run_on_a_loop(perftui):
    on_a_loop(lambda: perftui.run("./preset.toml"))

def test_benchmark_on_a_loop(perftui):
    on_a_loop(lambda: perftui.benchmark(nothing))

def test_text_for_a_list(perftui):
    perftui.run("./preset.toml", objectives="mean < 5ms")

def test_mapping_for_a_list(perftui):
    perftui.run("./preset.toml", headers={"A": "b"})

@pytest.mark.perftui(5)
def test_mark_without_a_name(perftui):
    perftui.benchmark(sorted, [1])

@pytest.mark.perftui(rounds=True)
def test_mark_of_a_truth(perftui):
    perftui.benchmark(sorted, [1])

def test_baseline_that_cannot_be_written(perftui):
    perftui.benchmark(sorted, [1])
"""
    out = Path(home.path / "out.json")
    out.write_text("old", encoding="utf-8")
    process = started(
        home, demo, text, "--perftui-json", "out.json", "--perftui-save", "--perftui-baselines", "/proc/none"
    )
    told = said(process)
    assert process.returncode == 1, told
    for words in (
        "perftui.run needs an event loop of its own",
        "perftui.benchmark of what is awaited needs an event loop of its own",
        "objectives is a list, not str",
        "headers is a list, not dict",
        "the mark perftui takes names: not 5",
        "rounds is True, not a number from 0",
        "cannot be written: No such file or directory",
    ):
        assert words in told
    assert "Traceback" not in told
    assert "performance.py" not in told
    assert json.loads(out.read_text())["kind"] == "pytest"

    out.write_text("old", encoding="utf-8")
    process = started(home, demo, "def test_nothing():\n    pass\n", "--perftui-json", "out.json")
    assert "written: out.json" in said(process)
    assert json.loads(out.read_text())["tests"] == []
