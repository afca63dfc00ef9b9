"""The screens that show a run at one moment: what the keys of live_keys.py do on them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import getters
from textual.widget import Widget

from perftui.tui.palette import palette_of
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.screens.live_glossary import GLOSSARY
from perftui.tui.screens.live_panels import LivePanels
from perftui.tui.screens.live_picture import ZOOMS_S, Look
from perftui.tui.widgets.operations import BY_BASELINE, SORTS

WINDOWS_S = (1, 10, 60)
"""Windows of the newest percentiles."""


class PanelsScreen(PerftuiScreen[None]):
    """Panels, and how one looks at them. Subclasses draw."""

    CSS_PATH = "live.tcss"
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (16, "-low"), (30, "-tall"), (45, "-huge")]  # noqa: RUF012 - Textual's own
    glossary: ClassVar[tuple[tuple[str, str], ...]] = GLOSSARY
    """Told by the help screen."""
    panels = getters.query_one(LivePanels)

    def __init__(self, path: Path, look: Look) -> None:
        super().__init__()
        self.path = path
        self.look = look

    def on_mount(self) -> None:
        """Find out what the terminal can show."""
        self.look = replace(self.look, palette=palette_of(self.app))

    def compose_body(self) -> Iterable[Widget]:
        """The panels."""
        yield LivePanels()

    def draw(self) -> None:
        """Show what is looked at."""
        raise NotImplementedError

    def operation_count(self) -> int:
        """Operations of the plan."""
        raise NotImplementedError

    def moment_s(self) -> float:
        """The moment that is looked at, in seconds since the start."""
        raise NotImplementedError

    def action_side(self, letter: str) -> None:
        """Take this moment as one side of a comparison; once more forgets it."""
        sides = dict(self.look.sides)
        moment = self.moment_s()
        if sides.get(letter) == moment:
            del sides[letter]
        else:
            sides[letter] = moment
        self.change_look(replace(self.look, sides=tuple(sorted(sides.items()))))

    def change_look(self, look: Look) -> None:
        """Look otherwise, and draw."""
        self.look = look
        self.draw()

    def action_window(self) -> None:
        """The next length of the window of the percentiles."""
        following = WINDOWS_S[(WINDOWS_S.index(self.look.window_s) + 1) % len(WINDOWS_S)]
        self.change_look(replace(self.look, window_s=following))

    def action_zoom(self) -> None:
        """The next length of the time axis."""
        following = ZOOMS_S[(ZOOMS_S.index(self.look.zoom_s) + 1) % len(ZOOMS_S)]
        self.change_look(replace(self.look, zoom_s=following))

    def action_lines(self) -> None:
        """The heat map, or percentiles as lines."""
        self.change_look(replace(self.look, lines_only=not self.look.lines_only))

    def action_panel(self, panel: str) -> None:
        """One panel alone, or all again."""
        self.panels.zoom(panel)

    def action_sort(self) -> None:
        """The next column that orders the operations."""
        sorts = (*SORTS, BY_BASELINE) if self.look.against is not None else SORTS
        following = sorts[(sorts.index(self.look.sort) + 1) % len(sorts)]
        self.change_look(replace(self.look, sort=following, first_row=0))

    def action_scroll_operations(self, rows: int) -> None:
        """Move through the operations."""
        most = max(0, self.operation_count() - 1)
        self.change_look(replace(self.look, first_row=min(max(0, self.look.first_row + rows), most)))

    def action_scroll_panels(self, pages: int) -> None:
        """Move through the panels of a small terminal."""
        target = self.panels.query_one("#panels")
        (target.scroll_page_down if pages > 0 else target.scroll_page_up)(animate=False)

    def action_errors(self) -> None:
        """Errors by class."""
        from perftui.tui.screens.errors import ErrorsScreen

        self.app.push_screen(ErrorsScreen(self.path))

    def action_trust(self) -> None:
        """Why the numbers are believed, or not."""
        from perftui.tui.screens.trust import TrustScreen

        self.app.push_screen(TrustScreen(self.path))
