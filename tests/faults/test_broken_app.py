"""A mistake of ours in a handler of the app: it ends, in words, and neither the run nor the terminal suffers."""

from __future__ import annotations

import sys

import pytest

from perftui.demo.server import Demo
from perftui.store.loading import load_run
from support.conservation import assert_conserved
from support.home import Home
from support.pty import terminal
from support.waiting import wait_until

BROKEN = """
import os, sys
from perftui.tui.{module} import {name}

whole = {name}.{method}

def broken(self, *given, **named):
    if not os.path.exists({armed!r}):
        return whole(self, *given, **named)
    secret = "canary-of-a-local-variable"
    raise RuntimeError("a mistake of ours")

{name}.{method} = broken
from perftui.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
SECONDS = 5
RATE = 50


@pytest.mark.parametrize(
    ("handler", "keys"),
    [
        ("screens.live LiveScreen action_pause", " "),
        ("screens.live LiveScreen action_level", "+"),
        ("app PerftuiApp action_help_quit", "\x03"),
        ("screens.live LiveScreen check_action", " "),
        ("screens.live LiveScreen tick", ""),
        ("widgets.panel LinePanel render_line", ""),
    ],
    ids=["pause", "level", "ctrl-c", "what a key may do", "a timer", "drawing"],
)
def test_a_mistake_in_the_app_ends_the_app_and_not_the_run(home: Home, demo: Demo, handler: str, keys: str) -> None:
    module, name, method = handler.split()
    armed = home.path / "armed"
    program = BROKEN.format(module=module, name=name, method=method, armed=str(armed))
    options = ("--rate", str(RATE), "-d", f"{SECONDS}s", "--warmup", "0s")
    with terminal([sys.executable, "-c", program, "run", "health", demo.url, *options], home.environment) as screen:
        screen.wait_for("RUNNING")
        armed.touch()
        screen.send(keys)
        code = screen.wait()

        assert code not in {0, None}
        assert screen.modes_restored
        assert b"canary-of-a-local-variable" not in bytes(screen.captured)
    folder = str(home.run_folders()[0])
    wait_until(lambda: load_run(folder).record.status != "running", SECONDS + 20, "the end of the run")
    record = load_run(folder).record
    assert_conserved(record)
    assert record.status == "finished"
    assert record.whole_run.scheduled == record.whole_run.ok == SECONDS * RATE
