"""How the times are distributed: bars on a logarithmic axis, and the percentile curve. Pure."""

from __future__ import annotations

import math
from itertools import pairwise

from textual.content import Content

from perftui.model.units import format_ms
from perftui.report.axes import round_up
from perftui.tui.widgets.cells import Drawing, Text, fit, paint
from perftui.tui.widgets.chart import Line, chart_rows
from perftui.tui.widgets.result_picture import ResultPicture

_ROWS = 9
_MARKS = (("p50", "$series-3"), ("p95", "$accent"), ("p99", "$series-2"))


def draw_histogram(picture: ResultPicture, width: int, height: int) -> Drawing:
    """Requests by response time; the percentiles are marked on the axis."""
    room = max(4, width - 6)
    bars = picture.timeline.histogram_bars("response_time", bars=room) if picture.timeline.intervals_count else []
    if not bars:
        return Drawing([paint("the run holds no histograms", "$quiet")], title="Distribution of response times")
    rows = max(3, (height or _ROWS + 2) - 2)
    counts = [float(count) for _, _, count in bars]
    top = max(counts)
    low, high = bars[0][0], bars[-1][1]
    plot = chart_rows(counts, (), rows, top, "$series-1")
    labels = [f"{top:,.0f}"] + [""] * (rows - 1)
    lines: list[Text] = [
        fit(paint(label, "$quiet"), 5, right=True) + paint("┤", "$panel-border") + line
        for label, line in zip(labels, plot, strict=True)
    ]
    lines.append(
        fit(paint("0", "$quiet"), 5, right=True) + paint("┼", "$panel-border") + _axis(picture, low, high, room)
    )
    lines.append(fit("", 6) + _scale(low, high, room))
    legend = Content("  ").join([paint("▲", style) + Content(f" {name}") for name, style in _MARKS])
    return Drawing(lines, title="Distribution of response times", note=legend, status="ms, logarithmic")


def _place(value: float, low: float, high: float, room: int) -> int:
    if value <= low or high <= low:
        return 0
    return min(room - 1, int(math.log(value / low) / math.log(high / low) * room))


def _axis(picture: ResultPicture, low: float, high: float, room: int) -> Content:
    cells = [("─", "$panel-border")] * room
    times = picture.record.summary.total.response_time_ms
    for name, style in _MARKS:
        cells[_place(getattr(times, name), low, high, room)] = ("▲", style)
    return Content.assemble(*cells)


def _scale(low: float, high: float, room: int) -> Content:
    """Round times at their places: 1, 2, 5, 10, 20, ..."""
    line = " " * room
    taken = 0
    for exponent in range(math.floor(math.log10(max(low, 1e-6))), math.ceil(math.log10(high)) + 1):
        for digit in (1, 2, 5):
            value = digit * 10.0**exponent
            text = format_ms(value).rstrip("0").rstrip(".") if value < 10 else format_ms(value).removesuffix(".0")
            start = _place(value, low, high, room)
            if low <= value <= high and taken <= start <= room - len(text):
                line = line[:start] + text + line[start + len(text) :]
                taken = start + len(text) + 2
    return paint(line[:room], "$quiet")


_NINES = 4.0
"""Right end of the curve's axis: 99.99 %."""
_QUANTILE_LABELS = ((0.5, "p50"), (0.9, "p90"), (0.99, "p99"), (0.999, "p99.9"), (0.9999, "p99.99"))


def draw_curve(picture: ResultPicture, width: int, height: int) -> Drawing:
    """Time by percentile, the axis stretched towards the tail; the baseline's curve beside it."""
    if not picture.curve:
        return Drawing([paint("the run holds no histograms", "$quiet")], title="Percentile curve")
    rows = max(3, (height or _ROWS + 2) - 2)
    room = max(4, width - 7)
    end = min(_NINES, max(1.0, _nines(max(q for q, _ in picture.curve if q < 1))))
    own = [_at(picture.curve, 1 - 10 ** -((cell + 0.5) / room * end)) for cell in range(room)]
    ghost = [_at(picture.baseline_curve, 1 - 10 ** -((cell + 0.5) / room * end)) for cell in range(room)]
    top = round_up(max(value for value in (*own, *ghost) if value is not None) * 1.02)
    plot = chart_rows(own, ((ghost, Line((), "╌", "$series-2")),), rows, top, "$series-1")
    labels = [format_ms(top)] + [""] * (rows - 1)
    if rows >= 6:
        labels[rows // 2] = format_ms(top / 2)
    lines: list[Text] = [
        fit(paint(label, "$quiet"), 6, right=True) + paint("┤", "$panel-border") + line
        for label, line in zip(labels, plot, strict=True)
    ]
    axis, names = ["─"] * room, " " * room
    for quantile, name in _QUANTILE_LABELS:
        place = min(room - 1, int(_nines(quantile) / end * room))
        if _nines(quantile) <= end + 1e-6:
            axis[place] = "┬"
            start = min(place, room - len(name))
            names = names[:start] + name + names[start + len(name) :]
    lines.append(fit(paint("0", "$quiet"), 6, right=True) + paint("┼" + "".join(axis), "$panel-border"))
    lines.append(fit("", 7) + paint(names[:room], "$quiet"))
    legend = paint("█", "$series-1") + Content(" this run")
    if picture.baseline_curve:
        legend += paint("  ╌", "$series-2") + Content(" baseline")
    status = f"baseline {picture.baseline_id}" if picture.baseline_curve else ""
    return Drawing(lines, title="Percentile curve, ms", note=legend, status=status)


def _nines(quantile: float) -> float:
    return -math.log10(max(1e-9, 1 - quantile))


def _at(curve: object, quantile: float) -> float | None:
    points = list(curve) if isinstance(curve, (list, tuple)) else []
    for (q0, ms0), (q1, ms1) in pairwise(points):
        if q0 <= quantile <= q1:
            return float(ms0 + (ms1 - ms0) * ((quantile - q0) / (q1 - q0) if q1 > q0 else 0.0))
    return float(points[-1][1]) if points and quantile > points[-1][0] else None
