"""Home: presets, the form that is checked as one types, the newest runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input, Static

from perftui.tui.app import PerftuiApp
from perftui.tui.forms import newest_url
from perftui.tui.screens.confirm import ConfirmScreen
from perftui.tui.screens.home import HomeScreen
from perftui.tui.screens.preset_editor import PresetEditor
from support.home import Home
from support.pilot import screen_of, still, until

pytestmark = pytest.mark.anyio
Make = Callable[..., PerftuiApp]


async def listed(pilot: Pilot[Any]) -> HomeScreen:
    """The home screen, once presets and runs are read."""
    screen = await screen_of(pilot, HomeScreen)
    await until(pilot, lambda: screen.form.entry is not None and "Reading" not in screen.newest._empty)
    await still(pilot)
    return screen


async def asked(pilot: Pilot[Any]) -> ConfirmScreen:
    """The question that Enter leads to, once the target is known."""
    await listed(pilot)
    await pilot.press("enter")
    screen = await screen_of(pilot, ConfirmScreen)
    await until(pilot, lambda: screen._report is not None)
    return screen


async def test_it_lists_presets_and_says_how_to_begin(app: Make) -> None:
    made = app()
    async with made.run_test() as pilot:
        screen = await listed(pilot)
        assert len(screen.presets.keys) == 4
        assert "press D" in screen.newest._empty
        assert screen.form.values.url == "http://127.0.0.1:8000"
        assert screen.form.values.level == "1000"


async def test_the_form_follows_the_chosen_preset_and_keeps_a_typed_url(app: Make) -> None:
    made = app(url="http://10.1.2.3:81", preset="write")
    async with made.run_test() as pilot:
        form = (await listed(pilot)).form
        assert form.entry is not None
        assert form.entry.name == "write"
        assert form.values.url == "http://10.1.2.3:81"
        await pilot.press("up")
        await until(pilot, lambda: form.entry is not None and form.entry.name == "read")
        assert form.values.url == "http://10.1.2.3:81"
        assert form.values.level == "100"


MISTAKES = [
    ("url", "", "needed"),
    ("url", "127.0.0.1:80", "start with http"),
    ("url", "http://u:p@host", "password"),
    ("url", "ftp://host", "not spoken"),
    ("url", "http://host:99999", "host and port"),
    ("level", "abc", "a number"),
    ("level", "0", "more than 0"),
    ("duration", "10", "add a unit"),
    ("duration", "25h", "at most 24h"),
    ("warmup", "x", "number and unit"),
    ("workers", "1.5", "whole number"),
    ("workers", "999", "at most 64"),
    ("cluster", "4", "is no cluster; write local:N"),
    ("cluster", "tcp://host", "tcp://HOST:PORT"),
    ("cluster", "ssh:nowhere.txt", "no such file"),
]


def says(line: Static, words: str) -> bool:
    """Whether a problem stands there; without words: none."""
    return bool(line.display) == bool(words) and words in str(line.content)


@pytest.mark.slow
async def test_a_wrong_field_is_marked_while_it_is_typed(app: Make) -> None:
    made = app()
    async with made.run_test() as pilot:
        screen = await listed(pilot)
        for field, text, words in MISTAKES:
            box = screen.query_one(f"#{field}", Input)
            line = screen.query_one(f"#problem-{field}", Static)
            box.focus()
            right, box.value = box.value, text
            await until(pilot, partial(says, line, words))
            await pilot.press("enter")
            await still(pilot)
            assert screen is made.screen, text  # nothing starts with a mistake
            assert box.has_focus, text
            box.value = right
            await until(pilot, partial(says, line, ""))


async def test_a_preset_with_mistakes_is_listed_with_its_mistakes(app: Make, place: Home) -> None:
    folder = place.path / "presets"
    folder.mkdir()
    (folder / "broken.toml").write_text('schema = 1\nname = "broken"\n[lod]\nrate = 1\n')
    made = app(preset="broken")
    async with made.run_test() as pilot:
        screen = await listed(pilot)
        assert screen.form.entry is not None
        assert screen.form.entry.name == "broken"
        assert "lod" in str(screen.query_one("#details", Static).content)
        await pilot.press("enter")
        await still(pilot)
        assert screen is made.screen


async def test_confirm_says_what_will_be_sent_and_sends_nothing_on_escape(app: Make) -> None:
    made = app(preset="read", url="http://127.0.0.1:9")
    async with made.run_test() as pilot:
        screen = await asked(pilot)
        facts = str(screen.facts.content)
        assert "this machine, 127.0.0.1" in facts
        assert "about 3,500" in facts
        assert "writes    no" in facts
        assert "1,750×  GET /api/items" in str(screen.query_one("#requests", Static).content)
        assert screen.start_button.has_focus
        await pilot.press("escape")
        await screen_of(pilot, HomeScreen)


async def test_a_cluster_is_chosen_in_the_form_and_its_machines_are_named(app: Make, place: Home) -> None:
    hosts = place.path / "hosts.txt"
    hosts.write_text("ssh://me@one.test:2222 /opt/python\ntwo.test\n", encoding="utf-8")
    made = app(preset="read", url="http://known.only.there.test:81")
    async with made.run_test() as pilot:
        home = await listed(pilot)
        home.query_one("#cluster", Input).value = "ssh:~/hosts.txt"
        screen = await asked(pilot)
        facts = str(screen.facts.content)
        assert "from      one.test:2222, two.test, over SSH" in facts
        assert "private network by its name; the machines look it up themselves" in facts
        assert screen._plan.load.cluster == f"ssh:{hosts}"
        assert screen.query_one("#problem", Static).display is False


async def test_confirm_is_loud_when_data_changes_and_the_focus_is_on_cancel(app: Make) -> None:
    made = app(preset="write", url="http://127.0.0.1:9")
    async with made.run_test() as pilot:
        screen = await asked(pilot)
        assert "changes data" in str(screen.query_one("#warnings", Static).content)
        assert screen.focused is not None
        assert screen.focused.id == "cancel"


async def test_a_public_host_must_be_typed(app: Make) -> None:
    made = app(preset="read", url="http://93.184.216.34")
    async with made.run_test() as pilot:
        screen = await asked(pilot)
        assert screen.start_button.disabled
        screen.action_start()
        await pilot.pause()
        assert made.screen is screen
        field = screen.query_one("#host", Input)
        assert field.display
        field.value = "93.184.216.35"
        await still(pilot)
        assert screen.start_button.disabled
        field.value = "93.184.216.34"
        await until(pilot, lambda: not screen.start_button.disabled)


async def test_nothing_listens_is_told_in_the_dialog(app: Make, place: Home) -> None:
    made = app(preset="read", url="http://127.0.0.1:9")
    async with made.run_test() as pilot:
        screen = await asked(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: screen.problem.display)
        assert made.screen is screen
        assert "127.0.0.1:9" in str(screen.problem.content)
    assert place.run_folders() == []


def pasted_into(screen: HomeScreen, text: str, widget: str) -> None:
    """What a terminal sends for a paste or a dropped file."""
    target = screen.query_one(widget)
    target.focus()
    target.post_message(Paste(text))


async def edited(pilot: Pilot[Any]) -> PresetEditor:
    """The editor, once it has a text."""
    screen = await screen_of(pilot, PresetEditor)
    await until(pilot, lambda: "schema = 1" in screen.text_area.text)
    return screen


@pytest.mark.parametrize("widget", ["#url", "#presets"])
async def test_a_pasted_curl_command_becomes_a_preset(app: Make, home: Home, widget: str) -> None:
    made = app(url="http://10.1.2.3:81")
    async with made.run_test() as pilot:
        screen = await listed(pilot)
        pasted_into(screen, "curl -X PUT 'http://127.0.0.1:81/a?b' \\\n  -d x=1\n", widget)
        editor = await edited(pilot)
        assert 'path = "/a?b"' in editor.text_area.text
        await pilot.press("f4")
        await until(pilot, lambda: screen.form.entry is not None and screen.form.entry.name == "my-request")
        assert screen.form.values.url == "http://127.0.0.1:81"
        assert screen.form.entry is not None
        assert screen.form.entry.plan is not None
        assert screen.form.entry.plan.operations[0].method == "PUT"


async def test_a_dropped_file_becomes_a_preset(app: Make, tmp_path: Path) -> None:
    dropped = tmp_path / "my api.http"
    dropped.write_text("GET http://127.0.0.1:81/dropped\n")
    made = app()
    async with made.run_test() as pilot:
        screen = await listed(pilot)
        pasted_into(screen, str(dropped).replace(" ", "\\ "), "#url")
        assert 'path = "/dropped"' in (await edited(pilot)).text_area.text


async def test_a_command_that_is_typed_and_a_file_that_cannot_be_read(app: Make, tmp_path: Path) -> None:
    unknown = tmp_path / "notes.txt"
    unknown.write_text("nothing to send")
    made = app()
    async with made.run_test() as pilot:
        screen = await listed(pilot)
        pasted_into(screen, str(unknown), "#url")
        await until(pilot, lambda: any("no curl command" in str(one.message) for one in made._notifications))
        await screen_of(pilot, HomeScreen)
        screen.query_one("#url", Input).value = "curl http://127.0.0.1:81/typed"
        screen.query_one("#url").focus()
        await pilot.press("enter")
        assert 'path = "/typed"' in (await edited(pilot)).text_area.text


async def test_other_text_is_pasted_as_it_is(app: Make) -> None:
    """A whole URL takes the place of the one that stood there."""
    made = app()
    async with made.run_test() as pilot:
        screen = await listed(pilot)
        field = screen.query_one("#url", Input)
        assert field.value == "http://127.0.0.1:8000"
        pasted_into(screen, "http://127.0.0.1:82/x", "#url")
        await until(pilot, lambda: field.value == "http://127.0.0.1:82/x")
        assert made.screen is screen


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("http://127.0.0.1:8000http://10.0.0.9:81/a", "http://10.0.0.9:81/a"),
        ("http://127.0.0.1:8000HTTPS://10.0.0.9", "HTTPS://10.0.0.9"),
        ("http://127.0.0.1:8000/api", "http://127.0.0.1:8000/api"),
        ("http://127.0.0.1/go?to=http://10.0.0.9", "http://127.0.0.1/go?to=http://10.0.0.9"),
        ("postgres://db:5432/shop", "postgres://db:5432/shop"),
    ],
)
def test_a_url_typed_behind_another(typed: str, meant: str) -> None:
    assert newest_url(typed) == meant
