"""The app in a home of its own, with recorded runs finished or as they were at a moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from perftui.store.journal_writer import JournalWriter
from perftui.tui.app import PerftuiApp
from perftui.tui.start import Start
from support.home import Home
from support.place import at_home
from support.recorded_runs import install, running

Running = Callable[[str, float], tuple[Path, JournalWriter]]


@pytest.fixture
def anyio_backend() -> str:
    """Textual runs on asyncio."""
    return "asyncio"


@pytest.fixture
def place(home: Home, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """This process at home in a directory of its own, in UTC."""
    with at_home(home, monkeypatch, TEXTUAL_ANIMATIONS="none") as place:
        yield place


@pytest.fixture
def finished(place: Home) -> Callable[[str], Path]:
    """Puts a recorded run into the library."""
    return lambda name: install(name, place.runs)


@pytest.fixture
def live(place: Home) -> Iterator[Running]:
    """Puts a recorded run into the library as it was at a moment; it counts as live until the test ends."""
    with ExitStack() as stack:

        def start(name: str, until_s: float) -> tuple[Path, JournalWriter]:
            return stack.enter_context(running(name, until_s, place.runs))

        yield start


@pytest.fixture
def app(place: Home) -> PerftuiApp:
    """The app on its home screen."""
    del place
    return PerftuiApp(Start())
