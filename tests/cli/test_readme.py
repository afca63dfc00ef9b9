"""Every command of the README, run as it stands there, against the demo service on another port."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import click
import msgspec
import pytest

from perftui.cli.commands import perftui as commands
from perftui.model.errors import ExitCode
from perftui.presets.grammar import KINDS, KINDS_WITHOUT_ARGUMENT, placeholders
from perftui.presets.loading import parse_preset
from perftui.store.records import read_record
from support.home import Home
from support.judged import told

ROOT = Path(__file__).parent.parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
TABLE = re.findall(r"^\| `?[^|]*\| `(perftui [^`]*)`", README, re.MULTILINE)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]
INSTALLS = [line for line in COMMANDS if "venv" in line]
LOADS = ("perftui run ", "perftui http")
SERIES = ("perftui find ", "perftui scaling ")
"""They keep runs of their own: one for an answer, one for each level."""
TESTS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
PRESETS = re.findall(r"```toml\n(.*?)```", README, re.DOTALL)
ROUNDS = 2
SHORTER = {
    "-z 10s": "-z 1s --warmup 0s",
    "-d 30s": "-d 1s --warmup 0s",
    "--duration 1m": "--duration 1s --warmup 0s",
    "--duration 10m": "--duration 30s",
    "--duration 30s": "--duration 1s --warmup 0s",
    "--objective": "--most 200 --step 1s --confirm 1s --objective",
    "--levels 1,2,4": "--levels 1,2 --duration 3s --set load.warmup=0s",
    "baseline set latest": "baseline set latest --force",
    "--rounds 3": f"--rounds {ROUNDS} --duration 1s --warmup 0s",
}

EXPECTED = {"perftui": ExitCode.USAGE, "perftui watch": ExitCode.INTERRUPTED}
"""The app needs a terminal; whoever watches leaves with Ctrl-C."""


def test_the_two_commands_of_a_new_user_are_there() -> None:
    install, test = "python3 -m venv .venv && .venv/bin/pip install", ".venv/bin/python -m pytest"
    look = f"{install} . && .venv/bin/perftui demo"
    group, some = "--dist loadgroup -m", "and not thorough"
    check = f"{install} -e '.[test]' && {test} -n 6 {group} 'not alone {some}' && {test} -n 2 {group} 'alone {some}'"
    assert [look, check] == INSTALLS


@pytest.mark.slow
@pytest.mark.timeout(300)  # some forty commands; each has a minute
def test_every_other_command_works_in_order(home: Home, demo_url: str) -> None:
    """One after the other in one home, as somebody would who reads from top to bottom; without a terminal."""
    search = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    outputs: dict[str, str] = {}
    assert len(TABLE) == 10, "one for each habit of another tool"
    for command in (*COMMANDS, *TABLE):
        if command in INSTALLS:
            continue
        done = subprocess.run(
            quicker(command).replace("http://127.0.0.1:8000", demo_url),
            shell=True,
            capture_output=True,
            text=True,
            env=home.environment | search,
            cwd=home.path,
            timeout=60,
            check=False,
        )
        outputs[command] = done.stdout
        # verdicts depend on how busy this machine is; mistakes do not, and every verdict gives its reason
        expected = EXPECTED.get(command, told(done.stderr))
        assert done.returncode == expected, f"{command}\n{done.stderr}"
        assert "internal error" not in done.stderr
    assert "trust" in outputs["perftui runs"]
    records = [read_record(folder) for folder in home.run_folders()]
    single = sum(command.startswith(LOADS) for command in (*COMMANDS, *TABLE))
    series = sum(command.startswith(SERIES) for command in COMMANDS)
    assert single + ROUNDS - 1 + series <= len(records)
    assert {record.status for record in records} == {"finished", "stopped"}
    assert {record.summary.total.error_rate for record in records} == {0}
    assert (home.path / "run.html").read_text().startswith("<!DOCTYPE html>")
    assert msgspec.json.decode((home.path / "result.json").read_bytes())["kind"] == "run"


def quicker(command: str) -> str:
    """The command with a shorter run, where it says or implies a long one, and whatever a busy machine made of it."""
    for long, short in SHORTER.items():
        if long in command:
            return command.replace(long, short)
    if command == "perftui watch":
        # it would follow the run to its end
        return "timeout --preserve-status --signal INT 3 perftui watch"
    if command.startswith(LOADS) and " -n " not in command:
        return f"{command} --duration 1s --warmup 0s"
    return command


@pytest.mark.slow
def test_the_tests_that_are_shown_pass(home: Home, demo_url: str) -> None:
    [text] = TESTS
    text = text.replace("http://127.0.0.1:8000", demo_url).replace("duration=10", "duration=1, warmup=0")
    (home.path / "test_shop.py").write_text(text)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-m",
            "performance",
            "-p",
            "no:cacheprovider",
            "--perftui-warn-only",
            "test_shop.py",
        ],
        capture_output=True,
        text=True,
        env=home.environment,
        cwd=home.path,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "2 passed" in done.stdout


def test_the_presets_that_are_shown_are_right() -> None:
    assert PRESETS
    for text in PRESETS:
        plan = parse_preset(text, "README.md")
        assert len(plan.used_targets) == len(plan.operations)


def test_exit_codes_are_those_of_the_program() -> None:
    codes = {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", README, re.MULTILINE) for code in row.split(",")}
    assert codes == {int(code) for code in ExitCode}


def test_every_kind_of_placeholder_is_named() -> None:
    written = re.findall(r"`(\$\{[^`]*\})`", README)
    named = {one.kind for text in written for one in placeholders(text)}
    assert named == {*KINDS, *KINDS_WITHOUT_ARGUMENT, "var"}


def test_every_command_and_picture_named_exists() -> None:
    known = commands.list_commands(click.Context(commands))
    for name in re.findall(r"(?:^|`)perftui ([a-z]+)\b(?!:)", README, re.MULTILINE):
        assert name in known
    for picture in re.findall(r"!\[.*?\]\((.*?)\)", README):
        assert (ROOT / picture).is_file(), picture
    for link in re.findall(r"[^!]\[.*?\]\((.*?)\)", README):
        assert (ROOT / link).is_file(), link
