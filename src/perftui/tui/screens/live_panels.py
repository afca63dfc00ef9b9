"""The panels of a run and where they stand, on any terminal there is. Live and replay show the same ones."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Container, Horizontal, VerticalScroll
from textual.widget import Widget

from perftui.tui.widgets.errors import draw_errors
from perftui.tui.widgets.events import draw_events
from perftui.tui.widgets.heat import draw_heat
from perftui.tui.widgets.host import draw_host
from perftui.tui.widgets.objectives import draw_objectives
from perftui.tui.widgets.operations import draw_operations
from perftui.tui.widgets.panel import LinePanel
from perftui.tui.widgets.percentiles import draw_response
from perftui.tui.widgets.picture import LivePicture
from perftui.tui.widgets.progress import draw_progress
from perftui.tui.widgets.times import draw_times
from perftui.tui.widgets.tiny import draw_tiny

Panel = LinePanel[LivePicture]
NUMBERED = ("heat", "response", "operations", "errors", "times", "host", "objectives", "events")
"""Panels in the order of the keys that show one of them alone."""
_TWO_COLUMNS = 100
"""Cells from which panels stand beside each other; the same as in the style."""
_ROOMY = 45
"""Lines from which no panel has to be cut short."""


class LivePanels(Container):
    """Progress line and panels; on a tiny terminal a few lines of numbers instead."""

    def __init__(self) -> None:
        super().__init__()
        self._counts = (1, 1, 1)
        self._arranged: tuple[bool, int, tuple[int, int, int], str] | None = None
        self.alone = ""
        """The panel that has the whole screen; empty: all are shown."""

    def compose(self) -> ComposeResult:
        """All panels, the most wanted first; the style decides where they stand."""
        yield Panel(draw_progress, frame=False, id="progress")
        yield Panel(draw_tiny, frame=False, id="tiny")
        with VerticalScroll(id="panels", can_focus=False):
            with Horizontal(id="top"):
                yield Panel(draw_heat, key="1", id="heat")
                yield Panel(draw_response, key="2", id="response")
            yield Panel(draw_operations, key="3", id="operations")
            yield Panel(draw_errors, key="4", id="errors")
            yield Panel(draw_times, key="5", id="times")
            yield Panel(draw_host, key="6", id="host")
            yield Panel(draw_objectives, key="7", id="objectives")
            yield Panel(draw_events, key="8", id="events")

    def show(self, picture: LivePicture) -> None:
        """Draw a picture in all panels; what did not change is not sent."""
        plan = picture.plan
        classes = len(picture.run.total.error_classes or picture.window.total.error_classes)
        self._counts = (len(plan.counted_operations), len(plan.objectives), classes)
        self.share_height()
        with self.app.batch_update():
            for panel in self.query(Panel):
                panel.show(picture)

    def zoom(self, panel: str) -> None:
        """Give one panel the whole screen, or bring all back."""
        self.alone = "" if panel == self.alone else panel
        self.share_height()

    def on_resize(self) -> None:
        """Another height is shared otherwise."""
        self.share_height()

    def share_height(self) -> None:
        """Give tables the lines they fill and the map the rest, in two columns or in one."""
        height = self.size.height - 1
        arranged = (self.size.width >= _TWO_COLUMNS, height, self._counts, self.alone)
        if arranged == self._arranged:
            return
        self._arranged = arranged
        panels = self.query_one("#panels")
        panels.set_class(bool(self.alone), "-alone")
        panels.styles.grid_rows = beside(height, *self._counts) if arranged[0] and not self.alone else ""
        heights = {} if arranged[0] or self.alone else stacked(height, *self._counts)
        for widget in (*panels.children, *panels.query_one("#top").children):
            name = widget.id or ""
            lines = heights.get(name)
            widget.styles.height = lines if lines is not None else "100%"
            widget.set_class(lines == 1, "-bare")
            widget.display = not self.alone or name == self.alone or self._holds(widget)

    def _holds(self, widget: Widget) -> bool:
        return any(child.id == self.alone for child in widget.children)


def beside(height: int, operations: int, objectives: int, errors: int) -> str:
    """Heights of the four rows of two columns: the map has at least two fifths of the screen."""
    middle = 6 if height >= _ROOMY else 4
    table = max(operations + 1, min(errors, 4) + 2) + 2
    last = min(max(objectives + 1, 4), 8) + 2
    spare = max(12, height * 3 // 5 - middle)
    if table + last > spare:
        last = max(5, min(last, spare - table, 7))
        table = max(5, min(table, spare - last))
    return f"1fr {table} {middle} {last}"


def stacked(height: int, operations: int, objectives: int, errors: int) -> dict[str, int]:
    """Heights of the panels below each other: all but the last two fit a terminal of 24 lines."""
    lines = {"top": 12, "operations": 5, "errors": 1, "times": 1, "host": 1}
    lines |= {"objectives": min(objectives, 8) + 3, "events": 5}
    spare = height - sum(lines[name] for name in ("top", "operations", "errors", "times", "host"))
    wanted = (
        ("operations", min(operations + 3, 6)),
        ("top", 16),
        ("operations", min(operations + 3, 14)),
        ("errors", min(errors + 4, 8) if errors else 1),
        ("host", 6),
        ("times", 4),
    )
    for name, most in wanted:
        more = most - lines[name]
        if more > 0 and (more <= spare or name in {"top", "operations"}):
            more = min(more, max(0, spare))
            lines[name] += more
            spare -= more
    lines["top"] += max(0, spare)
    return lines
