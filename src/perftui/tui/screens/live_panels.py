"""The panels of a run at one moment, laid out for the terminal there is. Live and replay show the same ones."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container, VerticalScroll

from perftui.tui.widgets.errors import draw_errors
from perftui.tui.widgets.events import draw_events
from perftui.tui.widgets.host import draw_host
from perftui.tui.widgets.objectives import draw_objectives
from perftui.tui.widgets.operations import draw_operations
from perftui.tui.widgets.panel import LinePanel
from perftui.tui.widgets.picture import LivePicture
from perftui.tui.widgets.progress import draw_progress
from perftui.tui.widgets.response import draw_response
from perftui.tui.widgets.throughput import draw_throughput
from perftui.tui.widgets.times import draw_times
from perftui.tui.widgets.tiny import draw_tiny

Panel = LinePanel[LivePicture]
_ROOMY = 28
"""Lines from which no panel has to be cut short."""


class LivePanels(Container):
    """Progress line and panels; on a tiny terminal a few lines of numbers instead."""

    def __init__(self) -> None:
        super().__init__()
        self._counts = (1, 1)
        self._arranged = ""

    def compose(self) -> ComposeResult:
        """All panels, the most wanted first; the style decides where they stand."""
        yield Panel(draw_progress, frame=False, id="progress")
        yield Panel(draw_tiny, frame=False, id="tiny")
        with VerticalScroll(id="panels", can_focus=False):
            yield Panel(draw_throughput, id="throughput")
            yield Panel(draw_response, id="response")
            yield Panel(draw_operations, id="operations")
            yield Panel(draw_errors, id="errors")
            yield Panel(draw_times, id="times")
            yield Panel(draw_host, id="host")
            yield Panel(draw_objectives, id="objectives")
            yield Panel(draw_events, id="events")

    def show(self, picture: LivePicture) -> None:
        """Draw a picture in all panels; what did not change is not sent."""
        self._counts = (len(picture.plan.counted_operations), len(picture.plan.objectives))
        self.share_height()
        with self.app.batch_update():
            for panel in self.query(Panel):
                panel.show(picture)

    def on_resize(self) -> None:
        """Another height is shared otherwise."""
        self.share_height()

    def share_height(self) -> None:
        """Two columns: give tables the lines they fill, plots the rest."""
        panels = self.query_one("#panels")
        height = self.size.height - 1
        operations, objectives = self._counts
        middle = 6 if height >= _ROOMY else 4
        last = max(5, min(objectives, 8) + 3) if height >= _ROOMY else 4
        table = min(max(6, operations + 3), max(4, (height - middle - last) * 2 // 5))
        rows = f"1fr {table} {middle} {last}"
        if rows != self._arranged:
            self._arranged = rows
            panels.styles.grid_rows = rows
