"""An app that only looks: no key of any screen starts, steers, saves or deletes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from textual import events

from perftui.tui.app import PerftuiApp
from perftui.tui.screens.base import PerftuiScreen, TitleBar
from perftui.tui.screens.compare import CompareScreen
from perftui.tui.screens.home import HomeScreen
from perftui.tui.screens.result import ResultScreen
from perftui.tui.screens.runs import RunsScreen
from perftui.tui.screens.trend import TrendScreen
from support.home import Home, processes_in
from support.pilot import screen_of, still, until

pytestmark = pytest.mark.anyio
Make = Callable[..., PerftuiApp]
KEYS = {
    "home": ("enter", "p", "e", "D"),
    "runs": ("b", "x", "d", "u"),
    "result": ("r", "x", "k"),
    "compare": ("x",),
    "trend": ("x",),
}
"""Keys that start, save or delete in an app that may."""


def contents(home: Home) -> dict[str, str]:
    """Every file of the runs and of the settings; the index of the runs is made anew from them by whoever looks."""
    folders = (home.runs, home.path / "config")
    files = [path for folder in folders for path in folder.rglob("*") if path.is_file()]
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files if path.parent != home.runs}


@pytest.mark.parametrize("name", KEYS)
async def test_no_key_changes_anything(app: Make, saved: Home, name: str) -> None:
    before = contents(saved)
    made = app(is_read_only=True)
    async with made.run_test(size=(120, 36)) as pilot:
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: home.form.entry is not None and home.newest.cursor_key)
        runs = sorted(path for path in saved.runs.iterdir() if path.is_dir())
        screens: dict[str, Callable[[], PerftuiScreen[None]]] = {
            "home": lambda: home,
            "runs": RunsScreen,
            "result": lambda: ResultScreen(runs[-1]),
            "compare": lambda: CompareScreen(runs[0], runs[-1]),
            "trend": lambda: TrendScreen("shop"),
        }
        screen = screens[name]()
        if screen is not home:
            await made.push_screen(screen)
        await still(pilot)
        assert "read-only" in _title(screen)
        for key in KEYS[name]:
            await pilot.press(key)
            await pilot.pause()
            assert pilot.app.screen is screen, key
        await still(pilot)
        assert pilot.app.screen is screen
    assert contents(saved) == before
    assert processes_in(saved.path) == []


def _title(screen: PerftuiScreen[None]) -> str:
    return screen.query_one(TitleBar).render().plain


async def test_what_is_typed_or_pasted_starts_nothing_either(app: Make, saved: Home) -> None:
    made = app(is_read_only=True)
    async with made.run_test(size=(120, 36), notifications=True) as pilot:
        home = await screen_of(pilot, HomeScreen)
        await until(pilot, lambda: home.form.entry is not None)
        home.action_to_form()
        await pilot.press("enter")
        await still(pilot)
        assert pilot.app.screen is home
        assert "Read-only: sending requests is off here" in [notice.message for notice in made._notifications]
        home.post_message(events.Paste("curl http://127.0.0.1:8000/api/items"))
        await still(pilot)
        assert pilot.app.screen is home
        assert "Read-only: making a preset is off here" in [notice.message for notice in made._notifications]


async def test_a_theme_is_changed_but_not_kept(app: Make, place: Home) -> None:
    made = app(is_read_only=True)
    async with made.run_test() as pilot:
        await screen_of(pilot, HomeScreen)
        before = made.theme
        await pilot.press("f3")
        await still(pilot)
        assert made.theme != before
    assert not (place.path / "config" / "settings.toml").exists()
