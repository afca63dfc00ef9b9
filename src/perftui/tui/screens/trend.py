"""Trend: one metric over the runs of a preset, with the median, the baseline and the jumps."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar

from textual import getters, on, work
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from perftui.model.errors import PerftuiError
from perftui.tui.describe import metric_text, when_text
from perftui.tui.marks import quiet, trust_mark, words
from perftui.tui.plot import PlotView
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.table import Column, Row, Table
from perftui.tui.trends import read_records, trend_of, trend_plot

if TYPE_CHECKING:
    from perftui.model.objectives import Unit
    from perftui.model.record import Record
    from perftui.model.rounds import Trend, TrendPoint

_METRICS = (
    "response_time.p95",
    "response_time.p50",
    "response_time.p99",
    "service_time.p95",
    "error_rate",
    "throughput",
)
_COLUMNS = (
    Column("when", "when", 12),
    Column("value", "value", 10, right=True),
    Column("median", "before", 10, right=True, rank=1),
    Column("change", "change", 8, right=True),
    Column("jump", "", 9),
    Column("trust", "trust", 8, rank=2),
    Column("run", "run", 27, grow=1, rank=3),
    Column("label", "label", 10, grow=1, rank=4),
)
_JUMPS = {"worse": ("▼ worse", "$error"), "better": ("▲ better", "$success"), "other": ("◆ other", "$warning")}


class TrendTable(Table):
    """The runs, newest first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.open", "open", id="trend.open", tooltip="The result of the run"),
    ]


class TrendScreen(PerftuiScreen[None]):
    """Plot above, runs below."""

    CSS_PATH = "trend.tcss"
    heading: ClassVar[str] = "Trend"
    AUTO_FOCUS = "#points"
    changes: ClassVar[frozenset[str]] = frozenset({"export"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "back", id="trend.back", tooltip="Back"),
        Binding(
            "m", "metric", "next metric", id="trend.metric", tooltip="p95, p50, p99, service p95, errors, throughput"
        ),
        Binding("o", "operation", "next operation", id="trend.operation", tooltip="The total, then each operation"),
        Binding("x", "export", "export", id="trend.export", tooltip="Write the trend to a file"),
        Binding("c", "compare", "compare", id="trend.compare", tooltip="The run with its baseline, or the one before"),
    ]
    table = getters.query_one("#points", TrendTable)

    def __init__(self, preset: str) -> None:
        super().__init__()
        self._preset = preset
        self._records: tuple[Record, ...] = ()
        self._found: Trend | None = None
        self._metric = 0
        self._operation = 0

    def compose_body(self) -> Iterable[Widget]:
        """Plot, table, notes."""
        yield PlotView(id="trend", classes="panel", empty="Reading the runs…")
        table = TrendTable(_COLUMNS, id="points", classes="panel", empty="Reading the runs…")
        table.border_title = "Runs"
        yield table
        yield Static(id="notes", classes="quiet", markup=False)

    def on_mount(self) -> None:
        """Read the records, then draw."""
        super().on_mount()
        self.query_one("#trend").border_title = words(self._preset)
        self._read()

    @work(group="read", exclusive=True)
    async def _read(self) -> None:
        loop = asyncio.get_running_loop()

        def progress(done: int, whole: int) -> None:
            loop.call_soon_threadsafe(self.say, f"reading {done:,} of {whole:,} runs")

        try:
            self._records = await asyncio.to_thread(read_records, self._preset, progress)
        except PerftuiError as error:
            self.app.complain(error)
        await self._draw()

    async def _draw(self) -> None:
        plot = self.query_one("#trend", PlotView)
        if not self._records:
            self.say("")
            plot.show(None, "No finished run of this preset yet.")
            self.table.show((), empty="Start one from Home.")
            return
        metric, operation = _METRICS[self._metric], self._operations[self._operation]
        try:
            found = await asyncio.to_thread(trend_of, self._records, metric, operation)
        except PerftuiError as error:
            plot.show(None, str(error))
            return
        self._found = found
        plot.border_subtitle = words(f"{metric_text(metric)} · {operation or 'total'}")
        plot.show(trend_plot(found), "not measured in these runs")
        self.say(_headline(found))
        self.table.show((_row(point, found.unit) for point in reversed(found.points)), empty="Not measured")
        notes = self.query_one("#notes", Static)
        notes.display = bool(found.skipped)
        notes.update(quiet("; ".join(f"left out: {why}" for why in found.skipped[-2:])))

    @property
    def _operations(self) -> tuple[str, ...]:
        return ("", *self._records[0].summary.operations) if self._records else ("",)

    @work(group="draw", exclusive=True)
    async def action_metric(self) -> None:
        """Another metric."""
        self._metric = (self._metric + 1) % len(_METRICS)
        await self._draw()

    @work(group="draw", exclusive=True)
    async def action_operation(self) -> None:
        """Another operation."""
        self._operation = (self._operation + 1) % len(self._operations)
        await self._draw()

    @on(Table.Chosen, "#points")
    @work(group="open", exclusive=True)
    async def action_open(self) -> None:
        """The run's result."""
        from perftui.tui.sources import find_run

        if self.table.cursor_key:
            self.app.open_run(await asyncio.to_thread(find_run, self.table.cursor_key))

    @work(group="open", exclusive=True)
    async def action_compare(self) -> None:
        """The run under the cursor with its counterpart."""
        from perftui.tui.sources import find_run

        if self.table.cursor_key:
            self.app.compare_with(await asyncio.to_thread(find_run, self.table.cursor_key))

    def action_export(self) -> None:
        """Write the trend to a file."""
        if self._found is not None:
            from perftui.tui.exports import TrendSubject
            from perftui.tui.screens.export import ExportDialog

            self.app.push_screen(ExportDialog(TrendSubject(self._found)))


def _headline(found: Trend) -> Content:
    jumps = sum(point.jump == "worse" for point in found.points)
    count = len(found.points)
    text = quiet(f"{count} comparable run{'s' * (count != 1)}")
    if jumps:
        text += Content.styled(f"  ▼ {jumps} jump{'s' * (jumps != 1)}", "$error")
    return text


def _row(point: TrendPoint, unit: Unit) -> Row:
    from perftui.report.comparison import change_text, value_text

    before = point.median_before
    change = ""
    if before is not None:
        absolute = unit == "fraction"
        change = (
            change_text(point.value - before, unit)
            if absolute or not before
            else change_text(point.value / before - 1, unit)
        )
    text, style = _JUMPS.get(point.jump, ("★ base" if point.is_baseline else "", "$accent"))
    return Row(
        point.run_id,
        (
            when_text(point.started_at),
            value_text(point.value, unit),
            quiet(value_text(before, unit) if before is not None else "–"),
            change or quiet("–"),
            Content.styled(text, style),
            trust_mark(point.trust),
            point.run_id,
            quiet(point.label),
        ),
    )
