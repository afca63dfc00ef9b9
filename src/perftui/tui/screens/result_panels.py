"""The panels of the result screen, in their order."""

from __future__ import annotations

from textual.widget import Widget

from perftui.tui.screens.result_pair import Pair
from perftui.tui.widgets.cells import Drawing
from perftui.tui.widgets.distribution import draw_curve, draw_histogram
from perftui.tui.widgets.errors import draw_errors
from perftui.tui.widgets.events import draw_events
from perftui.tui.widgets.heat import draw_heat
from perftui.tui.widgets.objectives import objectives_drawing
from perftui.tui.widgets.operations import operations_drawing, run_percentiles
from perftui.tui.widgets.panel import LinePanel
from perftui.tui.widgets.result_picture import ResultPicture
from perftui.tui.widgets.result_tables import draw_own, draw_percentiles, draw_phases, draw_short_times, draw_spreads
from perftui.tui.widgets.scaling_curve import draw_scaling
from perftui.tui.widgets.search_curve import draw_search
from perftui.tui.widgets.times import times_drawing
from perftui.tui.widgets.verdict import draw_about, draw_findings, draw_verdict

Panel = LinePanel[ResultPicture]


def result_panels() -> tuple[Widget, tuple[Widget, ...]]:
    """The verdict, and what is scrolled below it."""
    return Panel(draw_verdict, frame=False, id="verdict"), (
        Panel(_search, classes="full", id="search"),
        Panel(_scaling, classes="full", id="scaling"),
        Panel(draw_short_times, classes="full", id="short-times"),
        Pair(Panel(_objectives), Panel(draw_findings)),
        Pair(Panel(_heat, classes="-major"), Panel(draw_percentiles, id="times-table")),
        Panel(draw_own, classes="full", id="own"),
        Pair(Panel(draw_curve), Panel(draw_histogram)),
        Panel(_operations, classes="full"),
        Pair(Panel(_errors), Panel(draw_phases)),
        Pair(Panel(_times), Panel(_events)),
        Pair(Panel(draw_about), Panel(draw_spreads)),
    )


def _objectives(picture: ResultPicture, width: int, height: int) -> Drawing:
    return objectives_drawing(picture.record.objectives, width, height, note="measure phase")


def _search(picture: ResultPicture, width: int, height: int) -> Drawing:
    """Of a run that confirms a search; the panel of any other is not shown."""
    search = picture.record.search
    return Drawing(()) if search is None else draw_search(search, width, height)


def _scaling(picture: ResultPicture, width: int, height: int) -> Drawing:
    """Of a run that ends a scaling test; the panel of any other is not shown."""
    scaling = picture.record.scaled
    return Drawing(()) if scaling is None else draw_scaling(scaling, width, height)


def _heat(picture: ResultPicture, width: int, height: int) -> Drawing:
    return draw_heat(picture.live, width, height)


def _operations(picture: ResultPicture, width: int, height: int) -> Drawing:
    record = picture.record
    return operations_drawing(
        record.summary.operations, width, height, sort=picture.sort, percentile=run_percentiles(record.plan),
        window="measure phase",
    )  # fmt: skip


def _errors(picture: ResultPicture, width: int, height: int) -> Drawing:
    return draw_errors(picture.live, width, height)


def _times(picture: ResultPicture, width: int, height: int) -> Drawing:
    return times_drawing(picture.record.summary.total, width, height, note="mean per request, measure phase")


def _events(picture: ResultPicture, width: int, height: int) -> Drawing:
    return draw_events(picture.live, width, height)
