"""Text of servers and files that wants to be a terminal's escape sequence, or Textual's markup: shown, never obeyed."""

from __future__ import annotations

from collections.abc import Callable
from itertools import cycle

import pytest

from perftui.store.loading import load_run
from support.cli import PERFTUI, Result, run_cli, write_preset
from support.conservation import assert_conserved
from support.fault_server import Connection, Handler, answering_once, fault_server
from support.home import Home
from support.presets import preset_text
from support.pty import terminal

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


def hostile() -> Handler:
    """Every answer is an error with the next piece of the corpus in its body, in its reason, or in a header.

    In one place each: an answer that is refused for its head has no body any more. And with a status of its own: one
    sample is kept of what is told alike.
    """
    pieces = [(piece.encode(), place) for piece in CORPUS for place in ("body", "reason", "header")]
    answers = cycle(enumerate(pieces, 500))

    def handle(connection: Connection) -> None:
        while connection.read_request():
            status, (piece, place) = next(answers)
            reason, header, body = (piece if here == place else b"x" for here in ("reason", "header", "body"))
            connection.send(
                b"HTTP/1.1 %d %s\r\nX-Text: %s\r\nContent-Length: %d\r\n\r\n%s"
                % (status, reason, header, len(body), body)
            )

    return handle


def hostile_and_gone() -> Handler:
    """What no HTTP is, with an escape sequence in it."""
    return answering_once(CORPUS[3].encode() + b"\r\n\r\n")


def found_in(data: bytes) -> list[bytes]:
    return [sequence for sequence in NEVER if sequence in data]


@pytest.mark.slow
def test_answers_of_a_hostile_server_reach_no_terminal_raw(home: Home, call: Call) -> None:
    with fault_server(hostile()) as server:
        text = preset_text(
            server.url,
            {"[red]list[/]": "/list?x=[@click=app.quit]"},
            rate=20,
            duration="90s",
            auto_stop=False,
            workers=1,
        )
        with terminal([PERFTUI, "run", write_preset(home, text)], home.environment) as screen:
            screen.wait_for("RUNNING")
            screen.wait_for("protocol")
            for keys in ("e", "\r", "\x1b", "t", "\x1b"):
                screen.send(keys)
                screen.read(0.5)
            assert call("ctl", home.run_folders()[0].name, "stop").code == 0
            screen.wait_for("STOPPED")
            screen.send("q")
            screen.wait()

    assert found_in(bytes(screen.captured)) == []
    assert "[red]list[/]" in screen.text
    assert "Traceback" not in screen.text
    assert_conserved(load_run(str(home.run_folders()[0])).record)


@pytest.mark.parametrize("server_of", [hostile, hostile_and_gone], ids=["errors", "no HTTP"])
def test_nothing_raw_is_saved_or_printed(home: Home, call: Call, server_of: Callable[[], Handler]) -> None:
    with fault_server(server_of()) as server:
        text = preset_text(server.url, {"list": "/"}, rate=40, duration="1s", auto_stop=False)
        result = run_cli(home, "run", write_preset(home, text), "--headless", "--warn-only", "--label", CORPUS[2])
        probed = call("probe", write_preset(home, text))
    printed = [result.stdout, result.stderr, probed.stdout, probed.stderr]
    styles = ("json", "toml", "csv", "md", "html", "junit")
    exported = [call("export", "latest", "--format", style) for style in styles]
    printed.extend(said.stdout + said.stderr for said in exported)

    assert (result.code, [said.code for said in exported]) == (0, [0] * len(styles)), result.stderr
    # the clipboard, the link and the screen came, and are shown as what they are
    shown = "".join(printed).replace("\\\\", "\\")
    assert [text in shown for text in ("\\x1b]52;", "\\x1b]8;;", "\\x1b[999;1H")] == [server_of is hostile] * 3
    assert [found_in(text.encode()) for text in printed] == [[]] * len(printed)
    saved = [path for path in (home.path / "data").rglob("*") if path.is_file()]
    assert home.run_folders()[0] / "run.toml" in saved
    assert [path for path in saved if found_in(path.read_bytes())] == []


@pytest.mark.slow
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
