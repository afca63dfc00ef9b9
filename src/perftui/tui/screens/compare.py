"""Two runs side by side: every metric with its change and how sure that is, both curves in one plot."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import ClassVar

from textual import events, getters, on, work
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from perftui.model.comparison import Comparison, MetricChange
from perftui.model.errors import PerftuiError
from perftui.model.record import Record
from perftui.model.units import format_duration
from perftui.tui.compared import Pair, judge, read_pair
from perftui.tui.describe import level_text, metric_text
from perftui.tui.marks import change_mark, quiet, status_mark, trust_mark, words
from perftui.tui.plot import PlotView
from perftui.tui.screens.base import PerftuiScreen
from perftui.tui.table import Column, Row, Table

_VAST = 160
_MOST_REASONS = 2
_VIEWS = ("numbers", "percentiles", "time", "differences")
_COLUMNS = (
    Column("metric", "metric", 14, grow=1, cut="name"),
    Column("baseline", "baseline", 8, right=True, rank=1),
    Column("run", "run", 8, right=True),
    Column("change", "change", 8, right=True),
    Column("interval", "interval", 14, right=True, rank=2, cut="remark"),
    Column("verdict", "verdict", 13),
)


class ChangeTable(Table):
    """The metrics."""

    BINDINGS: ClassVar[list[BindingType]] = []


class CompareScreen(PerftuiScreen[None]):
    """Baseline left, run right."""

    CSS_PATH = "compare.tcss"
    heading: ClassVar[str] = "Compare"
    AUTO_FOCUS = "#changes"
    changes: ClassVar[frozenset[str]] = frozenset({"export"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "back", id="compare.back", tooltip="Back"),
        Binding("v", "view", "next view", id="compare.view", tooltip="Numbers, percentiles, over time, differences"),
        Binding("t", "metric", "rate or p95", id="compare.metric", tooltip="Over time: throughput or p95"),
        Binding("w", "swap", "swap sides", id="compare.swap", tooltip="Take the run as the baseline"),
        Binding("x", "export", "export", id="compare.export", tooltip="Write the comparison to a file"),
    ]
    table = getters.query_one("#changes", ChangeTable)

    def __init__(self, baseline: Path, run: Path) -> None:
        super().__init__()
        self._paths = (baseline, run)
        self._pair: Pair | None = None
        self._comparison: Comparison | None = None
        self._changes: dict[str, MetricChange] = {}
        self._operation = ""
        self._metric = "throughput"
        self._view = 0

    def compose_body(self) -> Iterable[Widget]:
        """Who, then numbers beside plots, then the differences."""
        yield Static("Reading both runs…", id="sides", markup=False)
        yield Static(id="reasons", markup=False)
        table = ChangeTable(_COLUMNS, id="changes", classes="panel", empty="Reading both runs…")
        table.border_title = "What changed"
        percentiles = PlotView(id="percentiles", classes="panel", empty="Reading both runs…")
        percentiles.border_title = "Response time by percentile"
        over_time = PlotView(id="time", classes="panel", empty="Reading both runs…")
        with Vertical(id="body"):
            with Vertical(id="numbers"):
                yield table
                yield Static(id="about", markup=False)
            with Horizontal(id="plots"):
                yield percentiles
                yield over_time
        with VerticalScroll(id="differences", classes="panel", can_focus=False) as differences:
            differences.border_title = "What else differs"
            yield Static(id="difference-list", markup=False)

    def on_mount(self) -> None:
        """Read and compare."""
        super().on_mount()
        self._show_view()
        self._read()

    @work(group="compare", exclusive=True)
    async def _read(self) -> None:
        self.say("reading both runs…")
        try:
            pair = await asyncio.to_thread(read_pair, *self._paths)
            self._pair = pair
            self.query_one("#sides", Static).update(_sides(pair))
            self._show_plots()
            self.say("comparing…")
            comparison = await asyncio.to_thread(judge, pair)
        except PerftuiError as error:
            self.say(Content.styled("cannot be compared", "$error"))
            if self._pair is None:
                self.query_one("#sides", Static).update(quiet(" and ".join(path.name for path in self._paths)))
                for plot in self.query(PlotView):
                    plot.show(None, "nothing to draw")
            self.table.show((), empty=" ".join(error.problems))
            return
        self._comparison = comparison
        self._changes = {_key(change): change for change in comparison.metrics}
        self.say(change_mark(comparison.verdict))
        reasons = self.query_one("#reasons", Static)
        reasons.update(_reasons(comparison))
        reasons.display = bool(comparison.reasons)
        self.table.show(_rows(comparison), empty="; ".join(comparison.reasons) or "Nothing to compare")
        self.query_one("#difference-list", Static).update(_differences(comparison))
        panel = self.query_one("#differences")
        panel.border_title = "Not comparable" if comparison.verdict == "not_comparable" else "What else differs"
        panel.set_class(bool(comparison.reasons), "-warned")

    @on(Table.Highlighted, "#changes")
    def _highlighted(self, event: Table.Highlighted) -> None:
        change = self._changes.get(event.key)
        about = self.query_one("#about", Static)
        about.update(_about(change) if change else "")
        operation = event.key.split("|", 1)[0]
        if operation != self._operation:
            self._operation = operation
            self._show_plots()

    def _show_plots(self) -> None:
        if self._pair is None:
            return
        what = self._operation or "total"
        percentiles, over_time = self.query_one("#percentiles", PlotView), self.query_one("#time", PlotView)
        percentiles.border_subtitle = words(what)
        percentiles.show(self._pair.percentiles(self._operation), "no answers were measured")
        rate = self._metric == "throughput"
        over_time.border_title = "Throughput over time" if rate else "Response time p95 over time"
        over_time.border_subtitle = words(what)
        unit = "ok/s" if rate else "ms"
        over_time.show(self._pair.over_time(self._metric, self._operation, unit), "no intervals are known")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A wide screen has every view at once."""
        return super().check_action(action, parameters) and not (action == "view" and self.has_class("-wide"))

    def on_resize(self, event: events.Resize) -> None:
        """Very wide screens have numbers beside plots; narrow ones a key for the next view."""
        self.set_class(event.size.width >= _VAST, "-vast")
        self.refresh_bindings()

    def action_view(self) -> None:
        """On a narrow screen: the next of the four views."""
        self._view = (self._view + 1) % len(_VIEWS)
        self._show_view()

    def _show_view(self) -> None:
        for position, name in enumerate(_VIEWS):
            self.set_class(position == self._view, f"-view-{name}")

    def action_metric(self) -> None:
        """The other metric over time."""
        self._metric = "response_time.p95" if self._metric == "throughput" else "throughput"
        if not self.has_class("-wide"):
            self._view = _VIEWS.index("time")
            self._show_view()
        self._show_plots()

    def action_swap(self) -> None:
        """The other way round."""
        self._paths = self._paths[::-1]
        self._read()

    def action_export(self) -> None:
        """Write the comparison to a file."""
        if self._comparison is not None:
            from perftui.tui.exports import ComparisonSubject
            from perftui.tui.screens.export import ExportDialog

            self.app.push_screen(ExportDialog(ComparisonSubject(self._comparison)))


def _key(change: MetricChange) -> str:
    return f"{change.operation}|{change.metric}"


def _sides(pair: Pair) -> Content:
    return Content("\n").join(
        Content.styled(f"{name:<10}", style) + _side(side.run.record)
        for name, style, side in (("baseline", "$quiet", pair.baseline), ("run", "bold $series-1", pair.run))
    )


def _side(record: Record) -> Content:
    load = record.plan.load
    parts = [
        words(record.id, "bold"),
        Content(f"{level_text(load)} for {format_duration(load.duration_s)}"),
        status_mark(record.status) if record.status != "finished" else Content(""),
        trust_mark(record.trust.verdict) if record.trust.verdict != "valid" else Content(""),
        quiet(record.label),
    ]
    return Content("  ").join(part for part in parts if part.plain)


def _rows(comparison: Comparison) -> Iterator[Row]:
    """What counts first, the worst of it on top; then the rest, operation by operation."""
    operation = ""
    for change in sorted((one for one in comparison.metrics if one.gated), key=_badness):
        yield _row(change, f"{change.operation}: {_short(change.metric)}" if change.operation else "")
    rest = [change for change in comparison.metrics if not change.gated]
    if rest:
        yield Row("|", (quiet("not counted"), "", "", "", "", ""))
    for change in rest:
        if change.operation != operation:
            operation = change.operation
            yield Row(f"{operation}|", (words(operation, "bold $panel-title"), "", "", "", "", ""))
        yield _row(change, f"  {metric_text(change.metric)}" if operation else "")


def _short(metric: str) -> str:
    """The metric behind the name of an operation, which needs the room."""
    return "errors" if metric == "error_rate" else metric_text(metric).removeprefix("response ")


def _row(change: MetricChange, title: str) -> Row:
    from perftui.report.comparison import change_text, interval_text, value_text, verdict_text

    return Row(
        _key(change),
        (
            words(title or metric_text(change.metric)),
            value_text(change.baseline, change.unit),
            value_text(change.run, change.unit),
            change_text(change.change, change.unit),
            quiet(interval_text(change)),
            change_mark(change.verdict) if change.gated else quiet(verdict_text(change)),
        ),
    )


_WORST_FIRST = ("regression", "not_comparable", "inconclusive", "improvement", "no_difference")


def _badness(change: MetricChange) -> tuple[int, float]:
    size = abs(change.change)
    return _WORST_FIRST.index(change.verdict), -size


def _reasons(comparison: Comparison) -> Content:
    """Why the verdict is none, or capped: the first of them, on every view."""
    shown = [words(f"! {reason}", "$warning") for reason in comparison.reasons[:_MOST_REASONS]]
    more = len(comparison.reasons) - len(shown)
    return Content("\n").join([*shown, quiet(f"and {more} more, below What else differs")] if more else shown)


def _about(change: MetricChange) -> Content:
    name = f"{change.operation}: {_short(change.metric)}" if change.operation else metric_text(change.metric)
    basis = (
        f"{name}: {change.confidence * 100:.4g} % interval, threshold {change.threshold * 100:.4g} %, "
        f"n {change.n_baseline:,} and {change.n_run:,}"
    )
    shown = "" if change.gated else ", not counted for the verdict"
    return quiet(f"{basis}{shown}") + Content("\n") + words(change.reason)


def _differences(comparison: Comparison) -> Content:
    lines = [words(f"! {reason}", "$warning") for reason in comparison.reasons]
    lines += [words(f"· {note}") for note in comparison.notes]
    lines += [words(f"· {difference}") for difference in comparison.differences]
    return Content("\n").join(lines or [quiet("Nothing: same plan, same machine.")])
