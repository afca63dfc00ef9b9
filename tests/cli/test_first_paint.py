"""The screen comes first: workers, target and the app itself behind it. How soon: tests/benchmarks/startup.py."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys

import pytest

from support.cli import PERFTUI
from support.home import Home, processes_in
from support.pty import Terminal, terminal
from support.waiting import wait_until

ENTER, LEAVE = b"\x1b[?1049h", b"\x1b[?1049l"
QUICK = ("--rate", "20", "-d", "1s", "--warmup", "0s")


def painted_before_textual(screen: Terminal) -> str:
    """What was written before the app asked the terminal for its own modes."""
    return bytes(screen.captured).split(b"\x1b[?1000h")[0].decode()


@pytest.mark.slow
def test_the_run_is_named_before_the_app_is_loaded(home: Home, demo_url: str) -> None:
    with terminal([PERFTUI, "run", "health", demo_url, *QUICK], home.environment) as screen:
        screen.wait_for("FINISHED")
        screen.send("q")
        screen.wait()
        first = painted_before_textual(screen)
        assert screen.modes_restored
    assert "perftui › Live" in first
    assert demo_url in first
    assert "20/s for 1s" in first
    assert "starting workers · asking the target" in first


def test_home_names_its_presets_before_the_app_is_loaded(home: Home) -> None:
    hostile = home.path / "presets"
    hostile.mkdir()
    (hostile / "a\x1b]0;x\x07b.toml").write_text("")
    with terminal([PERFTUI], home.environment, cwd=home.path) as screen:
        screen.wait_for("Newest")
        screen.send("q")
        assert screen.wait() == 0
        first = painted_before_textual(screen)
    assert "perftui › Home" in first
    assert "  health" in first
    assert "\x1b]0;x" not in first


def test_a_start_that_fails_leaves_the_reason_and_a_clean_terminal(home: Home) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
        with terminal([PERFTUI, "run", "health", url, *QUICK], home.environment) as screen:
            assert screen.wait() == 14
            assert screen.modes_restored
            written = bytes(screen.captured)
    assert written.count(ENTER) > 0
    assert b"refuses connections" in written.rpartition(LEAVE)[2]
    assert home.run_folders() == []


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_before_the_app_is_there_leaves_a_clean_terminal(home: Home, number: int, code: int) -> None:
    """The app is made to take for ever: its first module waits."""
    blocker = home.path / "slow"
    (blocker / "textual").mkdir(parents=True)
    (blocker / "textual" / "__init__.py").write_text("import time\ntime.sleep(60)\n")
    environment = home.environment | {"PYTHONPATH": str(blocker)}
    with terminal([PERFTUI], environment) as screen:
        screen.wait_for("perftui › Home")
        screen.process.send_signal(number)
        assert screen.wait() == code
        assert bytes(screen.captured).rstrip().endswith(LEAVE)
    assert not processes_in(home.path)


@pytest.mark.slow
def test_leaving_while_the_run_starts_leaves_no_run(home: Home, demo_url: str) -> None:
    preset = home.path / "slow.toml"
    preset.write_text(
        'schema = 1\nname = "slow"\n[target]\nurl = "http://127.0.0.1"\n[load]\nrate = 5\nduration = "1s"\n'
        '[[operations]]\npath = "/health"\n[[before]]\nname = "log in"\npath = "/slow?ms=4000"\n'
    )
    with terminal([PERFTUI, "run", str(preset), demo_url], home.environment) as screen:
        screen.wait_for("asking the target")
        screen.wait_for("leave")
        screen.send("q")
        assert screen.wait(10) == 130
        assert screen.modes_restored
    wait_until(lambda: not processes_in(home.path), 5, "the end of the runner")
    assert home.run_folders() == []


def test_the_first_paint_waits_for_neither_textual_nor_numpy() -> None:
    code = "import sys, perftui.tui.first_paint, perftui.cli.session; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"textual", "rich", "numpy", "httpx", "plotext", "starlette", "asyncio"} & set(done.stdout.split())
