"""Set-up and tear-down functions, and those of before and after, that end the process, fail or never end.

A run is not lost by them, does not hang, does not call it success, and tells what went wrong.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from perftui.engine.around.probe import ProbeResult
from perftui.engine.clients import function_operation
from perftui.engine.clients.function_operation import Setups, call_of
from perftui.model.plan import Plan
from perftui.presets.loading import parse_preset
from support.cli import run_cli
from support.home import Home
from support.short_runs import probed, ran

FOLDER = Path(__file__).parent.parent / "support" / "functions"
HEAD = 'schema = 1\nname = "f"\n[load]\nusers = 2\nduration = "5s"\nmax_requests = 6\n[target]\nurl = "python://"\n'
CALL = 'call = "edges:call"\n'
ENDS = ("ends_by_error", "ends_by_exit", "ends_by_leaving")
SAID = {
    "ends_by_error": "ValueError: the table is not there",
    "ends_by_exit": "SystemExit: 0",
    "ends_by_leaving": "SystemExit: os._exit(0)",
}


def operation(more: str = "", table: str = "operations") -> str:
    return f"[[{table}]]\n{CALL}{more}"


def plan_of(text: str) -> Plan:
    return parse_preset(HEAD + text, str(FOLDER / "preset.toml"))


def preset_in(folder: Path, text: str) -> str:
    (folder / "edges.py").symlink_to(FOLDER / "edges.py")
    preset = folder / "preset.toml"
    preset.write_text(HEAD + text)
    return str(preset)


@pytest.fixture(autouse=True)
def own_exit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is called in this process takes `os._exit` from it: it gets it back."""
    monkeypatch.setattr(os, "_exit", os._exit)


@pytest.mark.parametrize("name", ["begins_by_exit", "begins_by_exit_async", "begins_by_leaving"])
def test_a_set_up_that_ends_the_process_fails_its_calls(name: str) -> None:
    record = ran(plan_of(operation(f'setup = "edges:{name}"\n')))

    assert record.status == "finished"
    assert record.summary.total.error_classes == {"call.setup": 6}


def test_a_call_that_ends_the_process_fails_alone() -> None:
    record = ran(plan_of('[[operations]]\ncall = "edges:leaves"\n'))

    assert record.status == "finished"
    assert record.summary.total.error_classes == {"call.SystemExit": 6}


def test_tear_downs_that_fail_in_a_worker_are_told(tmp_path: Path, home: Home) -> None:
    operations = "".join(operation(f'name = "{name}"\nteardown = "edges:{name}"\n') for name in ENDS)
    result = run_cli(home, "run", preset_in(tmp_path, operations), "--headless", "--warn-only")

    assert result.code == 0, result.stderr
    said = " ".join(result.stderr.split())
    for name in ENDS:
        assert f"note: worker 0: tear-down edges:{name} failed: {SAID[name]}" in said


@pytest.mark.parametrize("name", ENDS)
@pytest.mark.parametrize("table", ["before", "after"])
def test_tear_downs_that_fail_around_the_load_are_told(table: str, name: str, tmp_path: Path, home: Home) -> None:
    text = operation() + operation(f'teardown = "edges:{name}"\n', table)
    result = run_cli(home, "run", preset_in(tmp_path, text), "--headless", "--warn-only")

    assert result.code == 0, result.stderr
    part = "before" if table == "before" else "clean-up"
    assert f"note: {part}: tear-down edges:{name} failed: {SAID[name]}" in " ".join(result.stderr.split())
    assert "6 ok" in result.stdout


def test_a_long_tear_down_is_told_while_it_goes_on(tmp_path: Path, home: Home) -> None:
    text = operation('teardown = "edges:takes_its_time"\n')
    result = run_cli(home, "run", preset_in(tmp_path, text), "--headless", "--warn-only")

    assert result.code == 0, result.stderr
    assert "note: the load is over; its clean-up and tear-down go on" in " ".join(result.stderr.split())
    assert "failed" not in result.stderr


def test_a_set_up_step_that_ends_the_process_does_not_call_it_success(tmp_path: Path, home: Home) -> None:
    text = operation() + '[[before]]\nname = "log in"\ncall = "edges:leaves"\n'
    result = run_cli(home, "run", preset_in(tmp_path, text), "--headless")

    assert (result.code, result.stdout) == (14, "")
    assert result.stderr == "perftui: before: log in: call.SystemExit: SystemExit: os._exit(0)\n"


def test_a_clean_up_step_that_ends_the_process_does_not_lose_the_run(tmp_path: Path, home: Home) -> None:
    text = operation() + '[[after]]\nname = "tidy"\ncall = "edges:leaves"\n'
    result = run_cli(home, "run", preset_in(tmp_path, text), "--headless", "--warn-only")

    assert result.code == 0, result.stderr
    assert "clean-up: tidy: call.SystemExit: SystemExit: os._exit(0)" in " ".join(result.stderr.split())
    assert "6 ok" in result.stdout


@pytest.mark.parametrize("statement", ["import sys; sys.exit(0)", "import os; os._exit(0)"])
def test_a_module_that_ends_the_process_is_a_mistake_in_one_line(statement: str, tmp_path: Path, home: Home) -> None:
    (tmp_path / "edges.py").write_text(f"{statement}\n")
    preset = tmp_path / "preset.toml"
    preset.write_text(HEAD + operation())
    result = run_cli(home, "run", str(preset), "--headless")

    assert (result.code, result.stdout) == (2, "")
    (line,) = result.stderr.splitlines()
    assert line.startswith("perftui: call edges:call: SystemExit: ")
    assert line.endswith(f"edges.py:1 in <module>: {statement}")
    assert "importlib" not in line


def test_a_probe_tells_of_a_tear_down_that_failed() -> None:
    result: ProbeResult = probed(plan_of(operation('teardown = "edges:ends_by_error"\n')))

    assert [each.problem for each in result.operations] == [""]
    assert result.problems == ("tear-down edges:ends_by_error failed: ValueError: the table is not there",)
    assert not result.holds


@pytest.mark.parametrize("name", ["hardly_ends", "hardly_returns"])
def test_a_tear_down_without_end_is_left_alone(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(function_operation, "TEAR_DOWN_S", 0.1)
    request = {"call": "edges:call", "teardown": f"edges:{name}", "folder": str(FOLDER)}

    async def tried() -> list[str]:
        setups = Setups()
        await setups.state(call_of(request))
        return await setups.tear_down()

    assert asyncio.run(tried()) == [f"tear-down edges:{name} did not end within 0 s"]


def test_copies_of_a_process_that_is_kept_may_end() -> None:
    program = """
import multiprocessing, os
from perftui.engine.clients.leaving import keep_process, leave
keep_process()
if not (pid := os.fork()):
    os._exit(3)
print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
child = multiprocessing.get_context("fork").Process(target=int)
child.start()
child.join()
print(child.exitcode)
try:
    os._exit(4)
except SystemExit as error:
    print(error, flush=True)
leave(5)
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False)

    assert (ended.returncode, ended.stdout, ended.stderr) == (5, "3\n0\nos._exit(4)\n", "")
