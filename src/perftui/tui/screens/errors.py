"""Errors: classes with their counts and times, one exchange of each opened."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from anyio import to_thread
from textual import getters, on, work
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from perftui.metrics.timeline import Timeline
from perftui.model.errors import PerftuiError
from perftui.model.interval import ErrorSample
from perftui.model.plan import Plan
from perftui.model.units import format_clock, format_percent
from perftui.store.liveness import is_live
from perftui.tui.marks import quiet
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.screens.result_load import class_spans, read_run
from perftui.tui.table import Column, Row, Table
from perftui.tui.widgets.cells import Drawing
from perftui.tui.widgets.error_sample import curl_command, sample_drawing
from perftui.tui.widgets.panel import LinePanel

_REREAD_S = 2.0
_COLUMNS = (
    Column("class", "class", 14, grow=1),
    Column("count", "count", 8, right=True),
    Column("share", "share", 7, right=True),
    Column("first", "first", 7, right=True),
    Column("last", "last", 7, right=True),
)
Shown = tuple[ErrorSample | None, int, int]
"""A sample, its number, and how many the class has."""


class ErrorTable(Table):
    """Error classes, the most frequent first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "right", "screen.sample(1)", "next sample", id="errors.next", tooltip="The next kept exchange of the class"
        ),
        Binding("left", "screen.sample(-1)", "sample before", show=False, id="errors.before", tooltip="The one before"),
    ]


class ErrorsScreen(PerftuiScreen[None]):
    """What failed, how often, since when; and what it looked like."""

    CSS_PATH = "errors.tcss"
    heading: ClassVar[str] = "Errors"
    AUTO_FOCUS = "#classes"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "copy as curl", id="errors.copy", tooltip="The request as a curl command; works over SSH"),
        Binding("escape", "leave", "back", id="errors.leave", tooltip="Back to the run"),
        Binding("pagedown", "page(1)", "page down", show=False, id="errors.down", tooltip="Further down in the sample"),
        Binding("pageup", "page(-1)", "page up", show=False, id="errors.up", tooltip="Further up in the sample"),
    ]
    classes_table = getters.query_one("#classes", ErrorTable)
    detail = getters.query_one("#sample", LinePanel)
    scroll = getters.query_one("#sample-scroll", VerticalScroll)

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        self._plan: Plan | None = None
        self._samples: dict[str, list[ErrorSample]] = {}
        self._number = 0

    def compose_body(self) -> Iterable[Widget]:
        """Classes, then the sample."""
        table = ErrorTable(_COLUMNS, id="classes", classes="panel", empty="Reading the errors…")
        table.border_title = "Error classes"
        with_scroll = VerticalScroll(LinePanel[Shown](_draw_sample, id="sample"), id="sample-scroll", can_focus=False)
        yield Container(table, with_scroll, id="errors-body")

    def on_mount(self) -> None:
        """Paint first, then read; a live run is read again."""
        self.call_after_refresh(self.read)
        self.set_interval(_REREAD_S, self.reread)

    def reread(self) -> None:
        """Only while the run goes on."""
        if self.app.screen is self and self.path.is_dir() and is_live(self.path):
            self.read()

    @work(group="errors", exclusive=True)
    async def read(self) -> None:
        """Read the run and list its classes."""
        try:
            run, timeline = await to_thread.run_sync(read_run, self.path)
        except PerftuiError as error:
            self.app.complain(error, "This run cannot be read")
            return
        self._plan = run.record.plan
        self._samples = {}
        for sample in run.error_samples:
            self._samples.setdefault(sample.error_class, []).append(sample)
        self._list(timeline)

    def _list(self, timeline: Timeline) -> None:
        spans = class_spans(timeline)
        scheduled = max(1, timeline.whole_run().scheduled)
        total = sum(count for count, _, _ in spans.values())
        rows = [
            _row(name, count, scheduled, first_s, last_s)
            for name, (count, first_s, last_s) in sorted(spans.items(), key=lambda item: -item[1][0])
        ]
        self.classes_table.show(rows, empty="No request failed.")
        self.say(
            Content(f"whole run: {total:,} of {scheduled:,} requests failed · {format_percent(total / scheduled)}")
        )
        self.show_sample()

    @on(Table.Highlighted, "#classes")
    def class_chosen(self) -> None:
        """Another class: its first sample."""
        self._number = 0
        self.show_sample()

    def action_sample(self, step: int) -> None:
        """Another sample of the class."""
        self._number += step
        self.show_sample()

    def show_sample(self) -> None:
        """Open the chosen sample."""
        kept = self._samples.get(self.classes_table.cursor_key or "", [])
        self._number = self._number % len(kept) if kept else 0
        self.detail.show((kept[self._number] if kept else None, self._number + 1, len(kept)))
        self.call_after_refresh(self._fit)

    def on_resize(self) -> None:
        """Other widths wrap otherwise."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        if self._plan is None:
            return
        region = self.scroll.scrollable_content_region
        if region.width:
            self.detail.styles.height = max(region.height, self.detail.natural_height(region.width))

    def action_page(self, pages: int) -> None:
        """Move through a long sample."""
        (self.scroll.scroll_page_down if pages > 0 else self.scroll.scroll_page_up)(animate=False)

    def action_copy(self) -> None:
        """Copy the request."""
        kept = self._samples.get(self.classes_table.cursor_key or "", [])
        if not kept or self._plan is None:
            self.notify("There is no sample to copy", markup=False)
            return
        self.app.copy_to_clipboard(curl_command(kept[self._number], self._plan))
        self.notify("Copied as a curl command; secrets are redacted, bodies are not kept", markup=False)

    def action_leave(self) -> None:
        """Back."""
        self.app.pop_screen()


def _draw_sample(shown: Shown, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    return sample_drawing(*shown, width)


def _row(name: str, count: int, scheduled: int, first_s: float, last_s: float) -> Row:
    share = format_percent(count / scheduled)
    return Row(
        name,
        (Content.styled(name, "bold"), f"{count:,}", share, quiet(format_clock(first_s)), quiet(format_clock(last_s))),
    )
