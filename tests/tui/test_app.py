"""The app around the screens: keys of one's own, themes, commands, help, leaving."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import Struct
from textual.command import CommandPalette
from textual.widgets import Input, OptionList

from perftui.model.record import Record
from perftui.store.records import read_record, write_record
from perftui.tui import lifeline
from perftui.tui.app import PerftuiApp
from perftui.tui.farewell import farewell_text
from perftui.tui.keymap import all_bindings
from perftui.tui.lifeline import Lifeline
from perftui.tui.screens.help import HelpScreen, sections_of
from perftui.tui.screens.home import HomeScreen
from perftui.tui.screens.replay import ReplayScreen
from perftui.tui.screens.result import ResultScreen
from perftui.tui.screens.runs import RunsScreen
from perftui.tui.themes import THEMES
from support.home import Home
from support.pilot import screen_of, still, until

pytestmark = pytest.mark.anyio
Make = Callable[..., PerftuiApp]


class HasBegun(Struct, frozen=True):
    """A run that its command started, and that is over when the app gets there."""

    path: Path

    async def begun(self) -> HasBegun:
        return self


def settings(home: Home, text: str) -> Path:
    """Write settings.toml."""
    path = home.path / "config" / "settings.toml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


async def test_a_key_given_to_another_letter_works_and_is_shown(app: Make, place: Home) -> None:
    settings(place, '[keys]\n"home.runs" = "z"\n')
    made = app()
    async with made.run_test() as pilot:
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: home.form.entry is not None)
        keys = {key.id: key.keys for section in sections_of(home) for key in section.keys}
        assert keys["home.runs"] == "z"
        await pilot.press("r")
        await pilot.pause()
        assert made.screen is home
        await pilot.press("z")
        await screen_of(pilot, RunsScreen)


async def test_mistakes_in_settings_are_told_and_the_rest_is_used(app: Make, place: Home) -> None:
    settings(place, 'theme = "perftui-light"\ncolour = 1\n[keys]\n"home.rns" = "z"\n')
    made = app()
    async with made.run_test(notifications=True) as pilot:
        await until(pilot, lambda: bool(made._notifications))
        text = "\n".join(each.message for each in made._notifications)
        assert made.theme == "perftui-light"
        assert "colour" in text
        assert "did you mean 'home.runs'" in text


async def test_the_next_theme_is_kept(app: Make, place: Home) -> None:
    made = app()
    async with made.run_test() as pilot:
        await screen_of(pilot, HomeScreen)
        seen = [made.theme]
        for _ in THEMES[1:]:
            await pilot.press("f3")
            seen.append(made.theme)
        assert seen == [theme.name for theme in THEMES]
    assert 'theme = "perftui-contrast"' in (place.path / "config" / "settings.toml").read_text()
    assert app().theme == "perftui-contrast"


def test_every_theme_has_every_colour_and_ids_are_unique() -> None:
    names = {"quiet", "panel-border", "panel-title", "series-1", "series-2", "series-3", "series-4"}
    for theme in THEMES:
        assert names <= theme.variables.keys()
    ids = [binding.id for binding in all_bindings()]
    assert len(ids) == len(set(ids))
    for binding in all_bindings():
        assert binding.tooltip, binding.id


@pytest.mark.parametrize("variable", ["SSH_CONNECTION", "SSH_TTY"])
def test_nothing_moves_over_ssh(place: Home, monkeypatch: pytest.MonkeyPatch, variable: str) -> None:
    assert PerftuiApp().animation_level == "full"
    monkeypatch.setenv(variable, "x")
    made = PerftuiApp()
    assert made.is_remote
    assert made.animation_level == "none"


async def test_a_cursor_that_may_not_move_does_not_blink(app: Make) -> None:
    made = app()
    async with made.run_test() as pilot:
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: home.form.entry is not None)
        await pilot.press("right")
        await pilot.pause()
        assert isinstance(made.focused, Input)
        assert not made.focused.cursor_blink
        assert made.focused._cursor_visible


async def test_the_palette_finds_actions_by_name(app: Make) -> None:
    made = app()
    async with made.run_test() as pilot:
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: home.form.entry is not None)
        await pilot.press("f2")
        palette = await screen_of(pilot, CommandPalette)
        await pilot.press(*"every saved")
        found = palette.query_one(OptionList)
        await until(pilot, lambda: found.option_count == 1)
        await still(pilot)
        await pilot.press("enter")
        await screen_of(pilot, RunsScreen)


async def test_help_lists_every_key_of_the_screen(app: Make) -> None:
    made = app()
    async with made.run_test() as pilot:
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: home.form.entry is not None)
        await pilot.press("f1")
        help_screen = await screen_of(pilot, HelpScreen)
        listed = {key.id for section in help_screen._sections for key in section.keys}
        assert {"home.probe", "home.demo", "home.start", "form.start", "app.quit", "table.up"} <= listed
        await pilot.press("escape")
        await screen_of(pilot, HomeScreen)


@pytest.mark.parametrize("size", [(200, 50), (120, 36), (80, 24), (60, 16), (40, 10), (20, 5), (3, 2)])
async def test_any_size_is_drawn(app: Make, saved: Home, size: tuple[int, int]) -> None:
    made = app()
    async with made.run_test(size=size) as pilot:
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: home.form.entry is not None)
        await pilot.press("r")
        await screen_of(pilot, RunsScreen)
        await pilot.resize_terminal(80, 24)
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert made._exception is None


async def test_sizes_that_no_screen_has_are_drawn_as_if_they_were(app: Make, place: Home) -> None:
    """A pseudo-terminal that nobody gave a size, a mistake in the environment, a browser that says what it likes."""
    made = app()
    async with made.run_test(size=(5_000, 1_000)) as pilot:
        await screen_of(pilot, HomeScreen)
        assert made.size == made.screen.size == (1_000, 300)
        await pilot.press("f2")
        await screen_of(pilot, CommandPalette)
        for size in ((1, 1), (0, 0), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert made._exception is None
        assert made.screen.size == (80, 24)


async def test_an_error_of_ours_prints_no_values(app: Make, capsys: pytest.CaptureFixture[str]) -> None:
    def broken() -> None:
        token = "-".join(["value", "of", "a", "secret"])
        raise RuntimeError(len(token))

    made = app()

    async def fail() -> None:
        async with made.run_test() as pilot:
            await screen_of(pilot, HomeScreen)
            made.call_later(broken)
            await until(pilot, lambda: made._exception is not None)

    with pytest.raises(RuntimeError):
        await fail()
    made._print_error_renderables()
    printed = "".join(capsys.readouterr())
    assert "RuntimeError" in printed
    assert "value-of-a-secret" not in printed
    assert made.return_code == 1


def test_what_stands_in_the_scrollback(saved: Home) -> None:
    first, second = sorted(path for path in saved.runs.iterdir() if path.is_dir())
    gone = saved.runs / "20261101-000000-gone-0000"
    text = farewell_text([gone, first, second])
    assert text.startswith(f"Saved: {first}\n")
    assert text.endswith(f"\n\nSaved: {second}")
    assert "response time" in text
    assert "gone" not in text
    assert farewell_text([gone]) == ""


def test_a_run_whose_engine_died_is_completed_on_leaving(saved: Home) -> None:
    (folder, *_) = sorted(path for path in saved.runs.iterdir() if path.is_dir())
    complete = read_record(folder)
    write_record(folder, Record(id=complete.id, plan=complete.plan, status="running", started_at=complete.started_at))
    journal = folder / "journal.jsonl"
    journal.write_bytes(b"".join(journal.read_bytes().splitlines(keepends=True)[:-1]))
    text = farewell_text([folder])
    assert "interrupted (the journal ends" in text
    assert "running" not in text
    assert read_record(folder).status == "interrupted"


async def test_q_leaves_when_nothing_is_live(app: Make) -> None:
    made = app()
    async with made.run_test() as pilot:
        await screen_of(pilot, HomeScreen)
        await pilot.press("q")
        await until(pilot, lambda: made._exit)
    assert made.return_code == 0
    assert made.session.farewell() == ""


async def test_sigterm_leaves_with_its_code(app: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    assert threading.current_thread() is threading.main_thread()
    monkeypatch.setattr(lifeline, "_PATIENCE_S", 60.0)  # what loses its patience would end the tests
    made = app()
    with Lifeline(made):
        async with made.run_test() as pilot:
            await screen_of(pilot, HomeScreen)
            signal.raise_signal(signal.SIGTERM)
            await until(pilot, lambda: made._exit)
    assert made.return_code == 143


def test_old_runs_go_when_the_settings_say_so_and_baselines_stay(app: Make, saved: Home) -> None:
    from perftui.store.baselines import set_baseline
    from perftui.tui.sources import prune_runs

    before, after = sorted(path.name for path in saved.runs.iterdir())
    set_baseline(before, force=True)
    assert prune_runs(1, 0) == 0
    assert prune_runs(0, 36500) == 0
    set_baseline(after, force=True)
    assert prune_runs(1, 0) == 1
    assert {path.name for path in saved.runs.iterdir() if path.is_dir()} == {after}


@pytest.mark.parametrize("screen", ["live", "watch"])
async def test_a_command_opens_its_run_and_home_is_filled_when_one_gets_there(
    app: Make, saved: Home, screen: str
) -> None:
    (folder, *_) = sorted(saved.runs.iterdir())
    if screen == "live":
        made = app(screen=screen, plan=read_record(folder).plan, pending=HasBegun(folder))
    else:
        made = app(screen=screen, run=folder.name)
    async with made.run_test() as pilot:
        await screen_of(pilot, ReplayScreen if screen == "watch" else ResultScreen)
        assert made._home.presets.keys == ()
        while not isinstance(made.screen, HomeScreen):
            await pilot.press("escape")
            await pilot.pause()
        await until(pilot, lambda: len(made._home.presets.keys) == 4 and len(made._home.newest.keys) == 2)


async def test_a_run_that_is_not_there_is_told_on_home(app: Make) -> None:
    made = app(screen="watch", run="20200101-000000-none-0000")
    async with made.run_test(notifications=True) as pilot:
        await until(pilot, lambda: any("no such run" in each.message for each in made._notifications))
        await until(pilot, lambda: len(made._home.presets.keys) == 4)
