"""How commands end: quickly, with one line per problem and the right exit code, never with a traceback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable

import click
import pytest

from perftui import __version__
from perftui.cli import failures
from perftui.cli.commands import perftui as commands
from perftui.cli.main import main
from perftui.model.error_classes import ERROR_CLASSES
from perftui.model.errors import GuardError, UsageError
from support.cli import PERFTUI, Result, run_cli
from support.home import Home

Call = Callable[..., Result]


def test_version_is_said_before_anything_is_loaded(home: Home) -> None:
    home.extra["PYTHONPROFILEIMPORTTIME"] = "1"
    result = run_cli(home, "--version")
    assert result.stdout == f"perftui {__version__}\n"
    loaded = {line.rsplit("|", 1)[-1].strip().partition(".")[0] for line in result.stderr.splitlines()}
    assert "perftui" in loaded
    assert not loaded & {"click", "textual", "rich", "numpy", "httpx", "msgspec", "asyncio"}


def test_help_lists_every_command_and_loads_none() -> None:
    script = "import sys; from perftui.cli.main import main; main(['--help']); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    listed = done.stdout
    for name in (
        "run",
        "demo",
        "watch",
        "ctl",
        "runs",
        "export",
        "compare",
        "baseline",
        "trend",
        "presets",
        "probe",
        "doctor",
    ):
        assert f"\n  {name} " in listed
    loaded = set(listed.splitlines()[-1].split())
    assert not loaded & {"textual", "rich", "numpy", "plotext", "httpx", "perftui.cli.run", "perftui.engine"}


def test_every_command_has_help(call: Call) -> None:
    context = click.Context(commands)
    for name in commands.list_commands(context):
        command = commands.get_command(context, name)
        assert command is not None
        assert command.get_short_help_str()
        result = call(name, "--help")
        assert (result.code, result.stderr) == (0, "")
        assert max(map(len, result.stdout.splitlines())) <= 100


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["rnu"], "no such command: 'rnu'; did you mean 'run'?"),
        (["check", "shop"], "no such command: 'check'; did you mean 'presets check'?"),
        (["run"], "missing argument 'PRESET'"),
        (["run", "read", "--rate", "fast"], "invalid value for '-q' / '--rate': 'fast'"),
        (["run", "read", "--duration", "5 apples"], "unknown unit 'apples'"),
        (["run", "read", "--rate", "5", "--users", "5"], "exclude each other"),
        (["run", "read", "--header", "no colon secret"], "write it as 'Name: value'"),
        (["run", "nothere"], "there is no preset 'nothere'"),
        (["export", "nothere"], "there is no such run"),
        (["ctl", "x", "mark"], "mark needs a text"),
        (["ctl", "x", "level"], "level needs a number"),
        (["runs", "prune"], "say what to keep"),
        ([], "the app needs a terminal"),
    ],
)
def test_mistakes_exit_2_in_words(call: Call, arguments: list[str], said: str) -> None:
    result = call(*arguments)
    assert result.code == 2
    assert result.stdout == ""
    assert said in result.stderr
    assert result.stderr.startswith("perftui: ")
    assert "Traceback" not in result.stderr
    assert "secret" not in result.stderr


def test_a_working_directory_that_is_gone_is_told(call: Call, home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = home.path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    result = call("http://127.0.0.1:1/x")
    assert (result.code, result.stderr) == (2, "perftui: the working directory is gone: change to another\n")


def test_a_group_without_a_command_lists(call: Call) -> None:
    assert "no baseline is set" in call("baseline").stderr
    assert "health" in call("presets").stdout
    assert call("runs").code == 0


def test_all_mistakes_of_a_command_line_are_told_at_once(call: Call) -> None:
    result = call("run", "read", "--rate", "-5", "--duration", "3x", "--workers", "many", "--nonsense")
    assert result.code == 2
    assert len([line for line in result.stderr.splitlines() if line.startswith("perftui: ")]) >= 1
    result = call("run", "--rate", "-5", "--duration", "3x", "--workers", "many")
    for said in ("'--rate'", "'--duration'", "'--workers'", "missing argument 'PRESET'"):
        assert said in result.stderr
    assert result.stderr.splitlines()[-1] == "perftui: try: perftui run --help"


def test_every_problem_has_a_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    fail_with(monkeypatch, UsageError("one", "two \x1b]52;c;x\x07"))
    assert main(["doctor"]) == 2
    assert capsys.readouterr().err == "perftui: one\nperftui: two \\x1b]52;c;x\\x07\n"


def test_error_of_a_task_group_is_the_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fail_with(monkeypatch, ExceptionGroup("tasks", [ExceptionGroup("tasks", [GuardError("refused: public host")])]))
    assert main(["doctor"]) == 15
    assert capsys.readouterr().err == "perftui: refused: public host\n"


def test_internal_errors_say_where_the_details_are(
    home: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PERFTUI_DATA_DIR", str(home.path / "data"))
    fail_with(monkeypatch, RuntimeError("boom"))
    assert main(["doctor"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "perftui: internal error: RuntimeError: boom"
    (report,) = (home.path / "data" / "crashes").iterdir()
    assert second == f"perftui: details: {report}"
    assert report.stat().st_mode & 0o777 == 0o600
    assert "Traceback" in report.read_text()


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def run(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(commands, "main", run)


def test_interrupt_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    assert failures.failed(KeyboardInterrupt()) == 130


def test_interrupt_while_modules_load_is_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(failures, "guarded", interrupted)
    assert main(["doctor"]) == 130


def test_a_reader_that_leaves_is_no_error(home: Home) -> None:
    done = subprocess.run(
        f"{PERFTUI} runs schema | head -c 10",
        shell=True,
        capture_output=True,
        text=True,
        env=home.environment,
        check=True,
    )
    assert done.stderr == ""
    assert done.stdout.startswith("{")


def test_windows_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert main(["run", "read"]) == 2
    assert capsys.readouterr().err == "perftui runs on Linux and macOS; on Windows, use it inside WSL\n"


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion(call: Call, shell: str) -> None:
    result = call("completion", shell)
    assert "_PERFTUI_COMPLETE" in result.stdout
    assert result.code == 0


def test_doctor(call: Call) -> None:
    text = call("doctor")
    assert text.code == 0
    assert "open files" in text.stdout
    facts = call("doctor", "--format", "json").json
    assert {fact["verdict"] for fact in facts} <= {"ok", "warn"}
    assert {"open files", "timers", "event loop", "runs", "terminal"} <= {fact["name"] for fact in facts}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("perftui ru", {"run", "runs"}),
        ("perftui run re", {"read"}),
        ("perftui run read --confirm", {"--confirm-host"}),
        ("perftui export lat", {"latest"}),
        ("perftui ctl latest pa", {"pause"}),
        ("perftui runs pr", {"prune"}),
    ],
)
def test_a_shell_completes(home: Home, words: str, expected: set[str]) -> None:
    asked = {"_PERFTUI_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(len(words.split()) - 1)}
    done = subprocess.run([PERFTUI], env=home.environment | asked, capture_output=True, text=True, check=False)
    assert {line.partition(",")[2] for line in done.stdout.splitlines()} == expected, done.stderr


def test_errors_are_explained(call: Call) -> None:
    listed = call("errors")
    assert "1201  connect.refused" in listed.stdout
    assert len(call("errors", "--format", "json").json) == len(ERROR_CLASSES)
    assert "503  http.503  the server answered 503: Service Unavailable" in call("errors", "http.503").stdout
    unknown = call("errors", "nonsense")
    assert unknown.code == 2
    assert len(unknown.stderr.splitlines()) == 1
