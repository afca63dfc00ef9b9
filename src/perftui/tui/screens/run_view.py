"""A screen that reads one run whole, and again and again while the run goes on."""

from __future__ import annotations

from pathlib import Path

from anyio import to_thread
from textual import work

from perftui.metrics.timeline import Timeline
from perftui.model.errors import PerftuiError
from perftui.store.liveness import is_live
from perftui.store.loading import LoadedRun
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.screens.result_load import read_run

_REREAD_S = 2.0


class RunView(PerftuiScreen[None]):
    """Reads its run after the first paint; subclasses show it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path

    def on_mount(self) -> None:
        """Paint first, then read; a live run is read again."""
        self.call_after_refresh(self.read)
        self.set_interval(_REREAD_S, self.reread)

    def reread(self) -> None:
        """Only while the run goes on."""
        if self.app.screen is self and self.path.is_dir() and is_live(self.path):
            self.read()

    @work(group="read", exclusive=True)
    async def read(self) -> None:
        """Read the run and show it."""
        try:
            run, timeline = await to_thread.run_sync(read_run, self.path)
        except PerftuiError as error:
            self.app.complain(error, "This run cannot be read")
            return
        self.show_run(run, timeline)

    def show_run(self, run: LoadedRun, timeline: Timeline) -> None:
        """Show what was read."""
        raise NotImplementedError

    def on_resize(self) -> None:
        """Other widths wrap otherwise."""
        self.call_after_refresh(self.fit)

    def fit(self) -> None:
        """Give panels the height that their text needs at this width."""
        raise NotImplementedError

    def action_leave(self) -> None:
        """Back to the run."""
        self.app.pop_screen()
