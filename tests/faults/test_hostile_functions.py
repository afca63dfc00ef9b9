"""Functions of the user's that fork, exit, cancel themselves, cannot be told, or never stop making up names.

Whatever one does, its requests are counted once, the run is saved, nothing raw is shown and nobody is left behind.
"""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from perftui.engine.fleet.child import PARENT
from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.presets.loading import parse_preset
from support.cli import run_cli, start_cli
from support.functions.hostile import started
from support.home import Home
from support.short_runs import ran
from support.waiting import wait_until

FOLDER = Path(__file__).parent.parent / "support" / "functions"


def text_of(name: str, calls: int = 6, more: str = "") -> str:
    load = f'schema = 1\nname = "f"\n[load]\nusers = 2\nduration = "5s"\nmax_requests = {calls}\n'
    return f'{load}[target]\nurl = "python://"\ntimeout = "2s"\n[[operations]]\ncall = "hostile:{name}"\n{more}'


def plan_of(name: str, calls: int = 6) -> Plan:
    return parse_preset(text_of(name, calls), str(FOLDER / "preset.toml"))


@pytest.mark.parametrize("name", ["copy_comes_back", "copy_comes_back_async"])
def test_a_copy_of_the_worker_neither_counts_nor_stays(name: str) -> None:
    record = ran(plan_of(name, 20))

    assert (record.whole_run.ok, record.whole_run.scheduled) == (20, 20)
    wait_until(lambda: not workers_of_ours(), 5, "the end of the copies")


def workers_of_ours() -> list[int]:
    """Workers that this very process has started, and copies of them."""
    ours = f"{PARENT}={os.getpid()}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if ours in (process / "environ").read_bytes().split(b"\0"):
                found.append(int(process.name))
    return found


@pytest.mark.parametrize("name", ["copy_stays", "program_stays"])
def test_what_a_function_started_ends_with_its_worker(name: str, tmp_path: Path, home: Home) -> None:
    file = tmp_path / "told"
    preset = preset_in(tmp_path, name)
    result = run_cli(home, "run", str(preset), "--headless", "--warn-only")

    assert result.code == 0, result.stderr
    assert len(list(started(file))) == 6
    wait_until(lambda: not any(map(is_alive, started(file))), 5, "the end of what was started")


@pytest.mark.parametrize(
    ("whom", "name"),
    [
        ("runner", "program_outlives"),
        ("runner", "program_stays"),
        ("worker", "copy_stays"),
        ("runner", "copy_stays"),
        ("runner", "copy_breaks_away"),
        ("worker", "copy_breaks_away"),
    ],
)
def test_what_a_function_started_ends_when_others_are_killed(whom: str, name: str, tmp_path: Path, home: Home) -> None:
    file = tmp_path / "told"
    preset = preset_in(tmp_path, name, 100_000)
    with start_cli(home, "run", str(preset), "--headless") as runner:
        wait_until(lambda: file.exists() and len(list(started(file))) > 4, 30, "processes of the function")
        (worker,) = (each for each in psutil.Process(runner.pid).children() if each.is_running())
        (runner if whom == "runner" else worker).send_signal(signal.SIGKILL)
        runner.wait(20)
    wait_until(lambda: not any(map(is_alive, started(file))), 5, "the end of what was started")
    wait_until(lambda: not worker.is_running(), 5, "the end of the worker")
    if whom == "worker":
        assert runner.returncode == 1
        assert "worker 0 is lost" in run_cli(home, "runs", "show").stdout
    else:
        assert run_cli(home, "runs", "recover").code == 0


def preset_in(folder: Path, name: str, calls: int = 6) -> Path:
    (folder / "hostile.py").symlink_to(FOLDER / "hostile.py")
    preset = folder / "preset.toml"
    preset.write_text(text_of(name, calls, 'setup = "hostile:told"\n'))
    return preset


def is_alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("name", "error_class"),
    [
        ("exits", "call.SystemExit"),
        ("exits_async", "call.SystemExit"),
        ("raises_its_own", "call.OwnError"),
        ("says_it_is_cancelled", "call.CancelledError"),
        ("cancels_itself", "client.driver"),
        ("cannot_be_told", "call.SilentError"),
        ("takes_all_memory", "call.MemoryError"),
        ("adds_a_step", "call.AttributeError"),
        ("forgets_to_await", "call.TypeError"),
        ("forgets_to_await_async", "call.TypeError"),
    ],
)
def test_whatever_is_raised_ends_one_request(name: str, error_class: str) -> None:
    assert ran(plan_of(name)).summary.total.error_classes == {error_class: 6}


def test_a_plain_function_among_coroutines_may_raise_anything() -> None:
    operations = text_of("exits", 20) + '[[operations]]\ncall = "hostile:runs_out"\n'
    operations += '[[operations]]\ncall = "hostile:says_it_is_cancelled"\n'
    record = ran(parse_preset(operations, str(FOLDER / "preset.toml")))

    # one that runs out cannot be told from one that returns: the language makes another error of it
    assert record.summary.total.error_classes.keys() == {"call.SystemExit", "call.RuntimeError", "call.CancelledError"}
    assert record.whole_run.errors == 20


@pytest.mark.parametrize(
    ("name", "said"), [("leaves_a_task", "ValueError: in a task"), ("leaves_a_callback", "ValueError: in a callback")]
)
def test_what_is_left_behind_on_the_loop_fails_alone(name: str, said: str, tmp_path: Path, home: Home) -> None:
    result = run_cli(home, "run", str(preset_in(tmp_path, name)), "--headless", "--warn-only")

    assert result.code == 0, result.stderr
    assert f"note: what a function left behind on the loop failed: {said}" in " ".join(result.stderr.split())
    assert "6 ok" in result.stdout


def test_an_object_that_is_async_is_awaited() -> None:
    record = ran(plan_of("is_an_object"))

    assert record.whole_run.ok == 6
    assert record.summary.total.service_time_ms.min > 15


def test_a_generator_is_refused() -> None:
    with pytest.raises(UsageError, match="calling it runs nothing of it"):
        ran(plan_of("yields"))


@pytest.mark.parametrize("name", ["no_text", "holds_itself", "holds_what_cannot_be_told"])
def test_a_value_that_is_no_json_fails_its_check(name: str) -> None:
    preset = text_of(name, more='checks = [{ json = "$.a", equals = 1 }]\n')
    record = ran(parse_preset(preset, str(FOLDER / "preset.toml")))

    assert record.whole_run.errors == 6
    assert [each.partition(" ")[0] for each in record.summary.total.error_classes] == ["check:json"]


def test_what_cannot_be_cancelled_is_left_alone() -> None:
    record = ran(plan_of("cannot_be_cancelled", 2))

    assert record.summary.total.error_classes == {"timeout": 2}


def test_names_of_errors_are_safe_and_short(tmp_path: Path, home: Home) -> None:
    (tmp_path / "hostile.py").symlink_to(FOLDER / "hostile.py")
    preset = tmp_path / "preset.toml"
    preset.write_text(text_of("is_named_like_an_escape"))
    result = run_cli(home, "run", str(preset), "--headless")

    said = result.stdout + result.stderr
    assert "call.E\\x1b]52;c;" in said
    assert "\x1b" not in said
    assert max(map(len, said.splitlines())) < 400
    for file in home.run_folders()[0].iterdir():
        assert file.stat().st_size < 50_000
        assert b"\x1b" not in file.read_bytes()


def test_errors_and_steps_without_end_are_a_hundred_and_others() -> None:
    classes = ran(plan_of("always_another", 400)).summary.total.error_classes
    assert len(classes) == 101
    assert classes["call.other"] == 300

    times = ran(plan_of("always_another_step", 300)).summary.total.times_ms
    assert "other" in times
    assert len(times) < 60
    assert "\x1b" not in "".join(times)


@pytest.mark.parametrize("command", [("probe",), ("run", "--headless", "--warn-only")])
def test_what_a_function_prints_is_no_part_of_the_result(command: tuple[str, ...], tmp_path: Path, home: Home) -> None:
    (tmp_path / "hostile.py").symlink_to(FOLDER / "hostile.py")
    preset = tmp_path / "preset.toml"
    preset.write_text(text_of("prints", more='[[before]]\ncall = "hostile:prints"\n'))
    result = run_cli(home, command[0], str(preset), *command[1:], "--format", "json")

    assert result.code == 0, result.stderr
    assert result.json
    assert "and now for something" in result.stderr
