"""Errors: classes with their counts and times, one exchange of each opened."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar

from textual import getters, on
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.content import Content
from textual.widget import Widget

from perftui.metrics.timeline import Timeline
from perftui.model.interval import ErrorSample
from perftui.model.plan import Plan
from perftui.model.units import format_clock, format_percent
from perftui.store.loading import LoadedRun
from perftui.tui.marks import quiet
from perftui.tui.screens.result_load import class_spans
from perftui.tui.screens.run_view import RunView
from perftui.tui.table import Column, Row, Table
from perftui.tui.widgets.cells import Drawing
from perftui.tui.widgets.error_sample import curl_command, sample_drawing
from perftui.tui.widgets.panel import LinePanel

_COLUMNS = (
    Column("class", "class", 14, grow=1),
    Column("count", "count", 8, right=True),
    Column("share", "share", 7, right=True, rank=2),
    Column("first", "first", 7, right=True, rank=3),
    Column("last", "last", 7, right=True, rank=1),
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


class ErrorsScreen(RunView):
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
        super().__init__(path)
        self._plan: Plan | None = None
        self._samples: dict[str, list[ErrorSample]] = {}
        self._number = 0

    def compose_body(self) -> Iterable[Widget]:
        """Classes, then the sample."""
        table = ErrorTable(_COLUMNS, id="classes", classes="panel", empty="Reading the errors…")
        table.border_title = "Error classes"
        with_scroll = VerticalScroll(LinePanel[Shown](_draw_sample, id="sample"), id="sample-scroll", can_focus=False)
        yield Container(table, with_scroll, id="errors-body")

    def show_run(self, run: LoadedRun, timeline: Timeline) -> None:
        """List the classes."""
        self._plan = run.record.plan
        self._samples = {}
        for sample in run.error_samples:
            self._samples.setdefault(sample.error_class, []).append(sample)
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
        self.call_after_refresh(self.fit)

    def fit(self) -> None:
        """The sample as high as its text."""
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


def _draw_sample(shown: Shown, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    return sample_drawing(*shown, width)


def _row(name: str, count: int, scheduled: int, first_s: float, last_s: float) -> Row:
    share = format_percent(count / scheduled)
    return Row(
        name,
        (Content.styled(name, "bold"), f"{count:,}", share, quiet(format_clock(first_s)), quiet(format_clock(last_s))),
    )
