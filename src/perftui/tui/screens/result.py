"""Result: what came out of a run, the most important first."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

from anyio import to_thread
from textual import getters, work
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widget import Widget

from perftui.model.errors import PerftuiError
from perftui.tui.palette import palette_of
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.screens.result_load import read_result
from perftui.tui.screens.result_pair import Pair
from perftui.tui.screens.result_panels import result_panels
from perftui.tui.widgets.operations import SORTS
from perftui.tui.widgets.panel import LinePanel
from perftui.tui.widgets.progress import headline
from perftui.tui.widgets.result_picture import ResultPicture
from perftui.tui.widgets.verdict import moments_of

_EMPTY = 2
"""Height of a frame around nothing."""


class ResultScreen(PerftuiScreen[None]):
    """A finished run in words, tables and plots."""

    CSS_PATH = "result.tcss"
    heading: ClassVar[str] = "Result"
    changes: ClassVar[frozenset[str]] = frozenset({"run_again", "export", "keep"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "run_again", "run again", id="result.again", tooltip="The same plan once more; asks first"),
        Binding("c", "compare", "compare", id="result.compare", tooltip="With the baseline, or with the run before"),
        Binding("x", "export", "export", id="result.export", tooltip="Write the run to a file"),
        Binding("y", "copy", "copy", id="result.copy", tooltip="Copy the summary; works over SSH (OSC 52)"),
        Binding("e", "errors", "errors", id="result.errors", tooltip="Errors by class, one sample of each opened"),
        Binding("p", "replay", "replay", id="result.replay", tooltip="See the run again as it went"),
        Binding("j", "jump", "jump", show=False, id="result.jump", tooltip="To the moment that the next finding names"),
        Binding(
            "k", "keep", "keep", show=False, id="result.keep", tooltip="Keep what was sent as a preset of your own"
        ),
        Binding("t", "trust", "trust", show=False, id="result.trust", tooltip="Why the numbers are believed, or not"),
        Binding("o", "sort", "order", show=False, id="result.sort", tooltip="Order the operations by the next column"),
        Binding(
            "h",
            "lines",
            "heat map",
            show=False,
            id="result.heat",
            tooltip="Heat map of response times, or percentiles as lines",
        ),
        Binding("escape", "leave", "back", show=False, id="result.leave", tooltip="Back to where one came from"),
    ]
    body = getters.query_one("#result", VerticalScroll)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self.picture: ResultPicture | None = None
        self._jumps = 0

    def compose_body(self) -> Iterable[Widget]:
        """Verdict on top, the rest below in the order one asks."""
        verdict, rest = result_panels()
        yield verdict
        with VerticalScroll(id="result"):
            yield from rest

    def on_mount(self) -> None:
        """Paint first, then read."""
        self.body.focus()
        self.call_after_refresh(self.read)

    @work(group="result", exclusive=True)
    async def read(self) -> None:
        """Load the run."""
        try:
            picture = await to_thread.run_sync(read_result, self.path)
        except PerftuiError as error:
            self.app.complain(error, "This run cannot be read")
            return
        picture = replace(picture, live=replace(picture.live, palette=palette_of(self.app)))
        self.picture = picture
        self.say(headline(picture.live))
        self._show()

    def on_resize(self) -> None:
        """Other widths need other heights."""
        self.call_after_refresh(self._fit)

    def _show(self) -> None:
        if self.picture is None:
            return
        self.query_one("#search").display = self.picture.record.search is not None
        self.query_one("#scaling").display = self.picture.record.scaled is not None
        for panel in self.query(LinePanel[ResultPicture]):
            panel.show(self.picture)
        self._fit()

    def _fit(self) -> None:
        if self.picture is None or not self.is_attached:
            return
        width = self.body.scrollable_content_region.width
        for pair in self.query(Pair):
            pair.fit()
        for panel in self.query(LinePanel[ResultPicture]):
            if panel.has_class("full"):
                panel.styles.height = panel.natural_height(width)
        own = self.query_one("#own", LinePanel)
        own.display = own.natural_height(width) > _EMPTY

    def action_sort(self) -> None:
        """The next column that orders the operations."""
        if self.picture is not None:
            following = SORTS[(SORTS.index(self.picture.sort) + 1) % len(SORTS)]
            self.picture = replace(self.picture, sort=following)
            self._show()

    def action_lines(self) -> None:
        """The heat map, or percentiles as lines."""
        if self.picture is not None:
            live = self.picture.live
            self.picture = replace(self.picture, live=replace(live, lines_only=not live.lines_only))
            self._show()

    def action_run_again(self) -> None:
        """The same plan once more."""
        if self.picture is not None:
            self.app.run_again(self.picture.record.plan, self.picture.record.label)

    def action_keep(self) -> None:
        """As a preset."""
        from perftui.tui.preset_copy import copy_of_run
        from perftui.tui.screens.preset_editor import PresetEditor

        self.app.push_screen(PresetEditor(partial(copy_of_run, self.path)))

    def action_compare(self) -> None:
        """Beside another run."""
        self.app.compare_with(self.path)

    def action_export(self) -> None:
        """To a file."""
        self.app.export_run(self.path)

    def action_copy(self) -> None:
        """The summary as text to the clipboard of the terminal."""
        if self.picture is None:
            return
        from perftui.report.text import summary_text

        self.app.copy_to_clipboard(summary_text(self.picture.record))
        self.notify("Summary copied (tmux needs: set -g set-clipboard on)", markup=False)

    def action_errors(self) -> None:
        """Errors by class."""
        from perftui.tui.screens.errors import ErrorsScreen

        self.app.push_screen(ErrorsScreen(self.path))

    def action_trust(self) -> None:
        """Why the numbers are believed, or not."""
        from perftui.tui.screens.trust import TrustScreen

        self.app.push_screen(TrustScreen(self.path))

    def action_replay(self) -> None:
        """The run as it went."""
        from perftui.tui.screens.replay import ReplayScreen

        self.app.push_screen(ReplayScreen(self.path))

    def action_jump(self) -> None:
        """The moment that a finding names; once more the next one."""
        moments = moments_of(self.picture.record) if self.picture is not None else []
        if not moments:
            self.notify("No finding names a moment", markup=False)
            return
        from perftui.tui.screens.replay import ReplayScreen

        self.app.push_screen(ReplayScreen(self.path, at_s=moments[self._jumps % len(moments)]))
        self._jumps += 1

    def action_leave(self) -> None:
        """Back."""
        self.app.pop_screen()
