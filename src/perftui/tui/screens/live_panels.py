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
_TWO_COLUMNS = 100
"""Cells from which panels stand beside each other; the same as in the style."""
_ROOMY = 28
"""Lines from which no panel has to be cut short."""


class LivePanels(Container):
    """Progress line and panels; on a tiny terminal a few lines of numbers instead."""

    def __init__(self) -> None:
        super().__init__()
        self._counts = (1, 1)
        self._arranged: tuple[bool, int, int, int] | None = None

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
        """Give tables the lines they fill and plots the rest, in two columns or in one."""
        height = self.size.height - 1
        operations, objectives = self._counts
        arranged = (self.size.width >= _TWO_COLUMNS, height, operations, objectives)
        if arranged == self._arranged:
            return
        self._arranged = arranged
        heights = {} if arranged[0] else stacked(height, operations, objectives)
        self.query_one("#panels").styles.grid_rows = beside(height, operations, objectives) if arranged[0] else ""
        for panel in self.query_one("#panels").query(Panel):
            lines = heights.get(panel.id or "")
            panel.styles.height = lines if lines is not None else "100%"
            panel.set_class(lines == 1, "-bare")


def beside(height: int, operations: int, objectives: int) -> str:
    """Heights of the four rows of two columns."""
    middle = 6 if height >= _ROOMY else 4
    last = max(5, min(objectives, 8) + 3) if height >= _ROOMY else 4
    table = min(max(6, operations + 3), max(4, (height - middle - last) * 2 // 5))
    return f"1fr {table} {middle} {last}"


def stacked(height: int, operations: int, objectives: int) -> dict[str, int]:
    """Heights of the panels below each other: all but the last two fit a terminal of 24 lines."""
    lines = {"throughput": 7, "response": 5, "operations": 6, "errors": 1, "times": 1, "host": 1}
    lines |= {"objectives": min(objectives, 8) + 3, "events": 5}
    spare = height - sum(lines.values())
    wanted = (("operations", min(operations + 3, 14)), ("errors", 5), ("response", 12), ("host", 6), ("times", 4))
    for name, most in wanted:
        more = most - lines[name]
        if 0 < more <= spare:
            lines[name] += more
            spare -= more
    lines["throughput"] += max(0, spare)
    return lines
