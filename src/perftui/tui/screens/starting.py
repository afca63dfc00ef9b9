"""Starting: a run whose workers are on their way and whose target is being asked; becomes the live screen."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Static

from perftui.model.plan import Plan
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.start import starting_lines


class StartingScreen(PerftuiScreen[None]):
    """Says what is waited for; leaving it ends what has not begun."""

    heading: ClassVar[str] = "Live"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.quit", "leave", id="starting.leave", tooltip="Send nothing and leave"),
    ]

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._plan = plan

    def compose_body(self) -> Iterable[Widget]:
        """A few lines."""
        yield Static("\n".join(starting_lines(self._plan)), markup=False)
