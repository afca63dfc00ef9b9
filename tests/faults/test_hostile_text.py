"""Text of servers and files that wants to be a terminal's escape sequence, or Textual's markup: shown, never obeyed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from perftui.store.loading import load_run
from support.cli import PERFTUI, Result, run_cli, write_preset
from support.conservation import assert_conserved
from support.fault_server import Connection, Handler, fault_server
from support.home import Home
from support.presets import preset_text
from support.pty import terminal
from support.waiting import wait_until

Call = Callable[..., Result]

CORPUS = (
    "\x1b]52;c;cHduZWQ=\x07",  # the clipboard
    "\x1b]8;;http://evil.example\x07click\x1b]8;;\x07",  # a link
    "\x1b]0;owned\x07",  # the window's title
    "\x1b[999;1H\x1b[2J",  # the cursor, the screen
    "\x1bc\x1b[6n",  # reset; a question whose answer would be typed
    "\x9b31mC1",  # the same in one character
    "\u202eoverride\u2066",  # reading direction
    "[@click=app.quit]quit[/]",
    "[red",
    "[/",
    "[b]" * 50,
    "a" + "\u0300" * 200,  # marks on marks
    "wide 漢字 and 👩‍👩‍👧 joined",
)
NEVER = (
    b"\x1b]52;c;cHduZWQ",
    b"\x1b]8;;http://evil",
    b"\x1b]0;owned",
    b"\x1b[999;1H",
    b"\x1b[6n",
    b"\x1bc",
    b"\xc2\x9b",
    "\u202e".encode(),
    "\u2066".encode(),
)


def hostile(connection: Connection) -> None:
    """Every answer is an error with a piece of the corpus in its reason, a header and the body."""
    while connection.read_request():
        piece = CORPUS[connection.served % len(CORPUS)].encode()
        connection.send(
            b"HTTP/1.1 500 %s\r\nX-Text: %s\r\nContent-Length: %d\r\n\r\n%s" % (piece, piece, 3 * len(piece), 3 * piece)
        )


def hostile_and_gone(connection: Connection) -> None:
    """What no HTTP is, with an escape sequence in it."""
    connection.read_request()
    connection.send(CORPUS[3].encode() + b"\r\n\r\n")


def found_in(data: bytes) -> list[bytes]:
    return [sequence for sequence in NEVER if sequence in data]


def test_answers_of_a_hostile_server_reach_no_terminal_raw(home: Home) -> None:
    with fault_server(hostile) as server:
        text = preset_text(
            server.url,
            {"[red]list[/]": "/list?x=[@click=app.quit]"},
            rate=20,
            duration="3s",
            auto_stop=False,
            workers=1,
        )
        with terminal([PERFTUI, "run", write_preset(home, text)], home.environment) as screen:
            screen.wait_for("RUNNING")
            screen.wait_for("protocol")
            for keys in ("e", "\r", "\x1b", "t", "\x1b"):
                screen.send(keys)
                screen.read(0.5)
            wait_until(lambda: load_run(str(home.run_folders()[0])).record.status == "finished", 15, "the end")
            screen.read(1.5)
            screen.send("q")
            screen.wait()

    assert found_in(bytes(screen.captured)) == []
    assert "[red]list[/]" in screen.text
    assert "Traceback" not in screen.text
    assert_conserved(load_run(str(home.run_folders()[0])).record)


@pytest.mark.parametrize("handler", [hostile, hostile_and_gone], ids=["errors", "no HTTP"])
def test_nothing_raw_is_saved_or_printed(home: Home, call: Call, handler: Handler) -> None:
    with fault_server(handler) as server:
        text = preset_text(server.url, {"list": "/"}, rate=40, duration="1s", auto_stop=False)
        result = run_cli(home, "run", write_preset(home, text), "--headless", "--warn-only", "--label", CORPUS[2])
        probed = call("probe", write_preset(home, text))
    printed = [result.stdout, result.stderr, probed.stdout, probed.stderr]
    styles = ("json", "toml", "csv", "md", "html", "junit")
    exported = [call("export", "latest", "--format", style) for style in styles]
    printed.extend(said.stdout + said.stderr for said in exported)

    assert (result.code, [said.code for said in exported]) == (0, [0] * len(styles)), result.stderr
    assert "\\x1b" in probed.stdout.replace("\\\\", "\\")
    assert [found_in(text.encode()) for text in printed] == [[]] * len(printed)
    saved = [path for path in (home.path / "data").rglob("*") if path.is_file()]
    assert home.run_folders()[0] / "run.toml" in saved
    assert [path for path in saved if found_in(path.read_bytes())] == []


def test_hostile_presets_are_shown_as_text(home: Home, call: Call) -> None:
    """In the home screen's list, where title and description of every preset of the working directory stand."""
    presets = home.path / "presets"
    presets.mkdir()
    for number, piece in enumerate(CORPUS):
        escaped = "".join(f"\\U{ord(character):08x}" for character in piece)
        text = preset_text("http://127.0.0.1:9", {"list": "/"}, name=f"aaa{number}")
        table = f'title = "{escaped}"\ndescription = "{escaped}"\n'
        (presets / f"aaa{number}.toml").write_text(table + text, encoding="utf-8")
    with terminal([PERFTUI], home.environment, cwd=home.path) as screen:
        screen.wait_for("aaa0")
        for _ in range(25):
            screen.send("\x1b[B")
            screen.read(0.05)
        screen.read(0.5)
        screen.send("q")

        assert screen.wait() == 0
    listed = call("presets", "list")

    assert "aaa0" in listed.stdout
    assert found_in(bytes(screen.captured) + listed.stdout.encode() + listed.stderr.encode()) == []
    assert "Traceback" not in screen.text
