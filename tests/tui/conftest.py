"""The app with a home of its own, recorded runs in it, and a clock that stands still."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from perftui.presets import locations
from perftui.tui import describe
from perftui.tui.app import PerftuiApp
from perftui.tui.start import Start
from support.home import Home
from support.place import at_home

DATA = Path(__file__).parent / "data"
BEFORE = "20261120-101500-shop-ca12"
"""A recorded run without errors."""
AFTER = "20261120-103000-shop-288a"
"""The same plan against a slower server that fails now and then."""


@pytest.fixture
def anyio_backend() -> str:
    """Textual runs on asyncio."""
    return "asyncio"


@pytest.fixture
def place(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """This process at home in a directory of its own, in UTC, on 21 November 2026."""
    monkeypatch.setattr(locations, "built_in_presets", lambda: DATA / "presets")
    monkeypatch.setattr(describe, "now", lambda: datetime(2026, 11, 21, 9, 0, tzinfo=UTC))
    with at_home(home, monkeypatch) as place:
        yield place


@pytest.fixture
def saved(place: Home) -> Home:
    """The same with the recorded runs."""
    shutil.copytree(DATA / "runs", place.runs)
    place.runs.chmod(0o700)
    return place


@pytest.fixture
def app(place: Home) -> Callable[..., PerftuiApp]:
    """Makes the app."""
    del place

    def make(**start: object) -> PerftuiApp:
        made = PerftuiApp(Start(**start))  # type: ignore[arg-type]  # keyword by keyword as the test says
        made.animation_level = "none"
        return made

    return make
