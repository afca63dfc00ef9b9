"""`perftui run` and `perftui demo` on a terminal: what happens around the app."""

from __future__ import annotations

import pytest

from support.cli import PERFTUI, run_cli, write_preset
from support.home import Home
from support.judged import expected
from support.pty import terminal
from support.waiting import wait_until


def test_a_watched_run_has_the_same_exit_code_and_output_as_a_headless_one(
    home: Home, demo_url: str, strict: str
) -> None:
    output = home.path / "out.xml"
    command = [PERFTUI, "run", write_preset(home, strict), demo_url, "--format", "junit", "--output", str(output)]
    with terminal(command, home.environment) as screen:
        screen.wait_for("FINISHED")
        screen.send("q")
        assert screen.wait() == expected(home, 13)
        assert screen.modes_restored
    left = screen.text.rpartition("?1049")[2]
    assert "objective failed: error_rate is 50.0 %" in left
    assert "strict · http" in left
    assert 'failures="' in output.read_text()


@pytest.mark.slow
def test_a_public_host_is_asked_for_on_the_confirm_screen(home: Home) -> None:
    with terminal([PERFTUI, "run", "stress", "http://100.64.0.1"], home.environment) as screen:
        screen.wait_for("100.64.0.1")
        screen.wait_for("cancel")

        def has_left() -> bool:
            # again and again: keys that come too close together are read as one
            for key in ("\x1b", "q"):
                screen.send(key)
                screen.read(0.5)
            return screen.process.poll() is not None

        wait_until(has_left, what="the end of the app")
        assert screen.modes_restored
    assert home.run_folders() == []


@pytest.mark.slow
def test_demo_opens_the_app_and_leaves_nothing_running(home: Home) -> None:
    with terminal([PERFTUI, "demo", "--duration", "2s", "--warmup", "0s"], home.environment) as screen:
        screen.wait_for("FINISHED")
        screen.send("q")
        assert screen.wait() == expected(home, 0)
    assert f"Saved: {home.run_folders()[0]}" in screen.text


@pytest.mark.slow
def test_demo_serves_a_run_that_is_left_alone_until_it_ends(home: Home) -> None:
    with terminal([PERFTUI, "demo", "--duration", "60s", "--warmup", "0s"], home.environment) as screen:
        screen.wait_for("RUNNING")
        screen.send("d")
        screen.wait_for("the demo service stays until the run has ended")
        assert run_cli(home, "ctl", "latest", "stop").code == 0
        screen.wait()
    (folder,) = home.run_folders()
    shown = run_cli(home, "runs", "show", folder.name, "--format", "json").json
    assert shown["status"] == "stopped"
    assert shown["whole_run"]["ok"] == shown["whole_run"]["scheduled"] > 0


@pytest.mark.parametrize("arguments", [["--format", "json"], ["--headless"], ["--rounds", "1", "--format", "csv"]])
def test_data_on_a_terminal_needs_no_screen(home: Home, demo_url: str, arguments: list[str]) -> None:
    command = [PERFTUI, "run", "health", f"{demo_url}/health", "--rate", "10", "-d", "1s", "--warmup", "0s", *arguments]
    with terminal(command, home.environment) as screen:
        screen.wait()
    assert "?1049" not in screen.text
    assert b"\x1b[?1049h" not in screen.captured
