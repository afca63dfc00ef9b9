"""Editing a copy of a preset: mistakes while one types, saved as one's own, $EDITOR."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from perftui.presets.catalog import list_presets
from perftui.tui.app import PerftuiApp
from perftui.tui.screens.home import HomeScreen
from perftui.tui.screens.preset_editor import PresetEditor, _edited
from perftui.tui.screens.question import Question
from support.home import Home
from support.pilot import screen_of, still, until

pytestmark = pytest.mark.anyio
Make = Callable[..., PerftuiApp]


async def editor(pilot: Pilot[Any]) -> PresetEditor:
    """The editor with the text of the chosen preset."""
    home = await screen_of(pilot, HomeScreen)
    await until(pilot, lambda: home.form.entry is not None)
    await still(pilot)
    await pilot.press("e")
    screen = await screen_of(pilot, PresetEditor)
    await until(pilot, lambda: bool(screen.text_area.text))
    return screen


async def test_a_copy_is_saved_as_a_preset_of_ones_own_and_chosen(app: Make, place: Home) -> None:
    made = app(preset="read")
    async with made.run_test() as pilot:
        screen = await editor(pilot)
        screen.text_area.text = screen.text_area.text.replace("rate = 100", "rate = 7")
        await pilot.press("f4")
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: home.form.entry is not None and home.form.entry.name == "my-read")
        assert home.form.values.level == "7"
    (own,) = [info for info in list_presets() if info.origin == "user"]
    assert own.problems == ()
    assert own.path == place.path / "config" / "presets" / "my-read.toml"


async def test_a_look_for_mistakes_ends_when_the_editor_is_taken_down(app: Make) -> None:
    made = app(preset="read")
    async with made.run_test() as pilot:
        screen = await editor(pilot)
        await screen.query("#mistakes").remove()
        look = screen.check()
        await look.wait()
        assert look.is_finished


async def test_mistakes_are_marked_and_saving_them_needs_a_yes(app: Make, place: Home) -> None:
    made = app(preset="read")
    async with made.run_test() as pilot:
        screen = await editor(pilot)
        good = screen.text_area.text
        screen.text_area.text = good.replace("rate = 100", 'rate = "fast"').replace("kind =", "knid =")
        await until(pilot, lambda: len(screen._mistakes) == 2)
        lines = {mistake.line for mistake in screen._mistakes}
        assert screen.text_area._wrong == lines
        await pilot.press("f5")
        assert screen.text_area.cursor_location[0] + 1 in lines
        await pilot.press("f4")
        await screen_of(pilot, Question)
        await pilot.press("n")
        await screen_of(pilot, PresetEditor)
        screen.text_area.text = good
        await until(pilot, lambda: not screen._mistakes)
        await pilot.press("escape")
        await screen_of(pilot, HomeScreen)
    assert not (place.path / "config" / "presets").exists()


async def test_typed_text_is_not_lost_without_a_question(app: Make) -> None:
    async with app(preset="read").run_test() as pilot:
        await editor(pilot)
        await pilot.press("x", "escape")
        await screen_of(pilot, Question)
        await pilot.press("escape")
        await screen_of(pilot, PresetEditor)


async def test_ones_own_preset_is_edited_in_place(app: Make, place: Home) -> None:
    folder = place.path / "config" / "presets"
    folder.mkdir(parents=True)
    text = next(info for info in list_presets() if info.name == "read").path.read_text()
    (folder / "mine.toml").write_text(text.replace('name = "read"', 'name = "mine"'))
    async with app(preset="mine").run_test() as pilot:
        await editor(pilot)
        await pilot.press(*"# hi", "enter", "f4")
        await screen_of(pilot, HomeScreen)
    assert (folder / "mine.toml").read_text().startswith("# hi\n")
    assert [path.name for path in folder.iterdir()] == ["mine.toml"]


async def test_the_editor_of_the_users_choice_changes_the_text(place: Home) -> None:
    script = place.path / "edit.sh"
    script.write_text('#!/bin/sh\nsed -i "s/100/42/" "$2"\n')
    script.chmod(0o755)
    assert _edited(f"{script} -w", "rate = 100\n") == "rate = 42\n"
    with pytest.raises(OSError, match="No such file"):
        _edited("/no/such/editor", "x")
