"""Trust: whether the generator kept up, and how one knows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import getters
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from perftui.metrics.timeline import Timeline
from perftui.store.loading import LoadedRun
from perftui.tui.screens.run_view import RunView
from perftui.tui.widgets.machine_lines import draw_machines
from perftui.tui.widgets.panel import LinePanel
from perftui.tui.widgets.trust_lines import Watched, draw_numbers, draw_reasons, draw_seconds, draw_watched

Panel = LinePanel[Watched]


class TrustScreen(RunView):
    """The reasons, what is watched, and every second."""

    CSS_PATH = "trust.tcss"
    heading: ClassVar[str] = "Trust"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,t", "leave", "back", id="trust.leave", tooltip="Back to the run"),
    ]
    body = getters.query_one("#trust", VerticalScroll)

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._known = False

    def compose_body(self) -> Iterable[Widget]:
        """Reasons first."""
        panels = [Panel(draw) for draw in (draw_reasons, draw_numbers, draw_watched, draw_seconds)]
        panels.insert(3, Panel(draw_machines, id="machines"))
        yield VerticalScroll(*panels, id="trust")

    def on_mount(self) -> None:
        """The keys scroll."""
        self.body.focus()

    def show_run(self, run: LoadedRun, timeline: Timeline) -> None:
        """Say why its numbers are believed, or not."""
        self.say(Content(f"{run.record.plan.name} · {run.record.id}"))
        self._known = True
        self.query_one("#machines").display = bool(run.record.cluster)
        for panel in self.query(Panel):
            panel.show((run.record, timeline))
        self.fit()

    def fit(self) -> None:
        """Every panel as high as its text."""
        if not self._known:
            return
        width = self.body.scrollable_content_region.width
        for panel in self.query(Panel):
            if width:
                panel.styles.height = panel.natural_height(width)
