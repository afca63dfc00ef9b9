"""Trust: whether the generator kept up, and how one knows."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from anyio import to_thread
from textual import getters, work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget

from perftui.model.errors import PerftuiError
from perftui.store.liveness import is_live
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.screens.result_load import read_run
from perftui.tui.widgets.panel import LinePanel
from perftui.tui.widgets.trust_lines import Watched, draw_reasons, draw_seconds, draw_watched

_REREAD_S = 2.0
Panel = LinePanel[Watched]


class TrustScreen(PerftuiScreen[None]):
    """The reasons, what is watched, and every second."""

    CSS_PATH = "trust.tcss"
    heading: ClassVar[str] = "Trust"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,t", "leave", "back", id="trust.leave", tooltip="Back to the run"),
    ]
    body = getters.query_one("#trust", VerticalScroll)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._known = False

    def compose_body(self) -> Iterable[Widget]:
        """Reasons first."""
        yield VerticalScroll(Panel(draw_reasons), Panel(draw_watched), Panel(draw_seconds), id="trust")

    def on_mount(self) -> None:
        """Paint first, then read; a live run is read again."""
        self.body.focus()
        self.call_after_refresh(self.read)
        self.set_interval(_REREAD_S, self.reread)

    def reread(self) -> None:
        """Only while the run goes on."""
        if self.app.screen is self and self.path.is_dir() and is_live(self.path):
            self.read()

    @work(group="trust", exclusive=True)
    async def read(self) -> None:
        """Read the run."""
        try:
            run, timeline = await to_thread.run_sync(read_run, self.path)
        except PerftuiError as error:
            self.app.complain(error, "This run cannot be read")
            return
        self.say(Content(f"{run.record.plan.name} · {run.record.id}"))
        self._known = True
        for panel in self.query(Panel):
            panel.show((run.record, timeline))
        self._fit()

    def on_resize(self) -> None:
        """Other widths wrap otherwise."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        if not self._known:
            return
        width = self.body.scrollable_content_region.width
        for panel in self.query(Panel):
            if width:
                panel.styles.height = panel.natural_height(width)

    def action_leave(self) -> None:
        """Back."""
        self.app.pop_screen()
