"""A search for the highest level: throughput and p95 against the level, where it stops to hold, the knee. Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence

from textual.content import Content

from perftui.model.search import Search, SearchStep
from perftui.model.units import format_count, format_ms, format_percent
from perftui.report.search import KIND_WORDS, knee_words
from perftui.report.words import number_text
from perftui.tui.widgets.cells import Column, Drawing, Text, fit, header, join, paint, row

_PLOT_LINES = 8
_LEAST_PLOT = 24
_COLUMNS = (
    Column("level", 8),
    Column("ok/s", 8),
    Column("p50 ms", 7),
    Column("p95 ms", 7),
    Column("errors", 6),
    Column("", 1, right=False),
)


def draw_search(search: Search, width: int, height: int) -> Drawing:
    """Both curves beside each other, below them a line for each level, lowest first.

    Args:
        search: as far as it is known.
        width: cells.
        height: lines; 0: as many as there are.
    """
    steps = sorted(search.steps, key=lambda step: step.level)
    lines: list[Text] = []
    if len({step.level for step in steps}) > 1 and width >= 2 * _LEAST_PLOT:
        lines += _curves(
            search, steps, width, max(5, min(_PLOT_LINES, height - 1 - len(steps))) if height else _PLOT_LINES
        )
    rows = [_row(step, width) for step in steps]
    room = max(0, height - len(lines) - 1) if height else len(rows)
    if len(rows) > room:  # the newest ones are those close to the answer
        newest = {id(step) for step in search.steps[len(search.steps) - room :]}
        rows = [_row(step, width) for step in steps if id(step) in newest]
    lines += [header(_COLUMNS), *rows] if rows else [paint("no level was judged yet", "$quiet")]
    return Drawing(lines, title="Search", status=_status(search), note="ok/s and p95 by level")


def _status(search: Search) -> str:
    unit = "/s" if search.mode == "rate" else " users"
    words = [f"holds up to {search.answer:,.6g}{unit}"] if search.answer else []
    if search.above is not None:
        words.append(f"not at {search.above:,.6g}{unit}")
    if search.knee is not None:
        words.append(f"knee {search.knee:,.6g}{unit}")
    elif no_knee := knee_words(search):
        words.append(no_knee)
    return " · ".join(words)


def _curves(search: Search, steps: Sequence[SearchStep], width: int, height: int) -> list[Text]:
    half = (width - 2) // 2
    left = _plot(search, {step.level: step.throughput_per_s for step in steps}, "ok/s", half, height)
    right = _plot(search, {step.level: step.p95_ms for step in steps}, "p95, ms", half, height)
    return [join((fit(one, half), other), "  ") for one, other in zip(left, right, strict=True)]


def _plot(search: Search, values: dict[float, float], unit: str, width: int, height: int) -> list[Content]:
    from perftui.report.plots import Series, line_plot
    from perftui.tui.plot import themed

    held = {step.level for step in search.steps if step.holds}
    points = [(math.log10(level), value) for level, value in sorted(values.items())]
    top = max(held, default=0.0)
    good = [point for point in points if point[0] <= math.log10(top)] if top else []
    bad = [point for point in points if not top or point[0] >= math.log10(top)]
    series = [Series("does not hold", bad, "bad"), Series("holds", good, "good")]
    marks = (math.log10(search.knee),) if search.knee else ()
    ends = sorted({min(values), top or max(values), max(values)})
    ticks = [(math.log10(level), format_count(level)) for level in ends]
    text = line_plot(series, width, height, unit=unit, marks=marks, x_ticks=ticks, legend=True)
    return themed(text).split("\n", allow_blank=True)[:height]


def _row(step: SearchStep, width: int) -> Content:
    mark, style = ("✓", "bold $success") if step.holds else ("✗", "bold $error")
    cells: tuple[Text, ...] = (
        f"{step.level:,.6g}",
        number_text(step.throughput_per_s),
        format_ms(step.p50_ms),
        format_ms(step.p95_ms),
        format_percent(step.error_rate),
        paint(mark, style),
    )
    line = row(_COLUMNS, cells)
    missed = step.why.partition(" misses ")[0]  # the limit is the same in every line
    why = "  ".join(part for part in (KIND_WORDS[step.kind], missed) if part)
    return line + Content("  ") + fit(paint(why, "$quiet"), max(1, width - line.cell_length - 2))
