"""Waiting inside a running app: for what a screen shows, never for a number of seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from textual._compositor import LayoutUpdate
from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen
from textual.strip import Strip

from perftui.tui.widgets.panel import LinePanel

_MOST_REST_S = 1.0
Shown = TypeVar("Shown", bound=Screen[Any])


async def until(pilot: Pilot[Any], condition: Callable[[], object], within_s: float = 15.0) -> None:
    """Wait until the condition holds and what led to it is done and shown; a screen that never rests gets a second.

    Raises:
        AssertionError: it never did.
    """
    end = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < end, f"not within {within_s:g} s; on {pilot.app.screen!r}"
        await pilot.pause(0.02)
    rest = time.monotonic() + _MOST_REST_S
    while _is_busy(pilot) and time.monotonic() < rest:
        await pilot.pause(0.02)
    await pilot.pause()


async def still(pilot: Pilot[Any], within_s: float = 30.0) -> None:
    """Wait until the screen in front is at rest: it has no work going on and three pictures in a row are the same.

    Raises:
        AssertionError: it never is.
    """
    end = time.monotonic() + within_s
    seen: list[list[list[Strip]]] = []
    while len(seen) < 3:
        assert time.monotonic() < end, f"not at rest within {within_s:g} s: {list(pilot.app.workers)}"
        await pilot.pause(0.05)
        picture = _picture(pilot.app)
        seen = [] if _is_busy(pilot) else [*(old for old in seen if old == picture), picture]


def _picture(app: App[Any]) -> list[list[Strip]]:
    """The cells that a screenshot is drawn from, without the drawing, which costs ten times as much."""
    update = app.screen._compositor.render_update(full=True, screen_stack=app._background_screens)
    assert isinstance(update, LayoutUpdate)
    return [list(line) for line in update.strips]


def _is_busy(pilot: Pilot[Any]) -> bool:
    """Whether the screen in front has work going on."""
    screen = pilot.app.screen
    return any(not work.is_finished and screen in work.node.ancestors_with_self for work in pilot.app.workers)


def panel_text(screen: Screen[Any], panel: str = "") -> str:
    """What stands on a panel of a screen; on all of them when none is named."""
    shown = screen.query(f"#{panel}" if panel else LinePanel).results(LinePanel)
    return "\n".join(each.render_line(line).text for each in shown for line in range(each.size.height))


async def screen_of(pilot: Pilot[Any], kind: type[Shown], within_s: float = 15.0) -> Shown:
    """The screen in front, once it is of this kind."""
    await until(pilot, lambda: isinstance(pilot.app.screen, kind), within_s)
    screen = pilot.app.screen
    assert isinstance(screen, kind)
    return screen
