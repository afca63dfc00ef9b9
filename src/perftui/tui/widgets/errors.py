"""Errors by class with their trend: how many, since when, how lately. Pure."""

from __future__ import annotations

from textual.content import Content

from perftui.model.record import Stats
from perftui.model.units import format_clock, format_count, format_percent
from perftui.report.words import answers_texts
from perftui.tui.widgets.cells import Column, Drawing, Text, header, paint, row, shortened, spread, whole_pieces
from perftui.tui.widgets.chart import columns
from perftui.tui.widgets.picture import TREND_S, LivePicture, trend_seconds
from perftui.tui.widgets.trend import peak, trend

_ROOMY = 4
"""Lines of a panel from which on one is for the answers by status, beside errors."""


def draw_errors(picture: LivePicture, width: int, height: int) -> Drawing:
    """The error rate of the run in the title, errors per second as a trend, the classes by number."""
    answers = answers_texts(_judged(picture))
    if height == 1:
        return _framed(picture, [_one_line(picture, width)])
    lines: list[Text] = [_rate_line(picture, width)]
    room = height or 12
    if answers and (room >= _ROOMY or not class_counts(picture)):
        lines.append(paint("answers ", "$quiet") + shortened(Content(" · ".join(answers)), width - 8))
    if room > len(lines):
        lines += _classes(picture, width, room - len(lines))
    return _framed(picture, lines)


def _rate_line(picture: LivePicture, width: int) -> Content:
    """Errors per second: the newest seconds while it runs, the whole run once it is over."""
    if picture.over:
        room = max(4, width - 34)
        values = columns(picture.errors, *picture.axis_s, room)
        line, top, window = trend(values, room), peak([value for _, value in picture.errors]), "whole run"
    else:
        room = max(4, min(TREND_S, width - 34))
        line, top = picture.trend("errors_per_s", room)
        window = f"last {trend_seconds(room)} s"
    label = f"per s, {window}".ljust(18)
    return paint(label, "$quiet") + paint(line, _tone(top)) + paint(f"  top {format_count(top)}/s", "$quiet")


def _tone(top: float) -> str:
    """Of a trend: a line of zeros is no sign of errors."""
    return "$series-2" if top else "$quiet"


def _framed(picture: LivePicture, lines: list[Text]) -> Drawing:
    rate = _judged(picture).error_rate
    broken = any(result.metric == "error_rate" and result.verdict == "fail" for result in picture.objectives)
    counts = picture.counts
    named = ((counts.timeouts, "timeouts"), (counts.dropped, "dropped"), (counts.client_errors, "of the generator"))
    return Drawing(
        lines,
        title=f"Errors  {format_percent(rate)}",
        note="run" if picture.run.total.counts.scheduled or picture.over else f"last {picture.window_s} s",
        status=" · ".join(f"{count:,} {name}" for count, name in named if count),
        tone="$error" if broken else "$panel-border",
    )


def _one_line(picture: LivePicture, width: int) -> Content:
    line, top = picture.trend("errors_per_s", min(20, width // 3))
    ranked = sorted(class_counts(picture).items(), key=lambda item: -item[1])
    rate = _judged(picture).error_rate
    title = paint("errors ", "bold $panel-title") + paint(
        format_percent(rate), "bold $error" if rate >= 0.01 else "bold"
    )
    classes = [paint(name, "$foreground") + Content(f" {count:,}") for name, count in ranked[:3]]
    recent = paint(line, _tone(top)) + paint(f" top {format_count(top)}/s", "$quiet")
    words = whole_pieces((title, *(classes or [paint(_none(picture), "$quiet")])), width - recent.cell_length - 2)
    return spread(words, recent, width)


def _classes(picture: LivePicture, width: int, room: int) -> list[Text]:
    counted = class_counts(picture)
    if not counted:
        return [paint(_none(picture), "$quiet")]
    ranked = sorted(counted.items(), key=lambda item: -item[1])
    if room == 1:
        return [whole_pieces([paint(name, "bold") + Content(f" {count:,}") for name, count in ranked], width)]
    count_cells = max(8, *(len(f"{count:,}") for count in counted.values()))
    shown: tuple[Column, ...] = (
        Column("class", max(10, width - 28 - count_cells), right=False),
        Column("count", count_cells),
        Column("share", 7),
        Column("latest", 7),
    )
    if width < 50:
        shown = (Column("class", max(10, width - 2 - count_cells), right=False), Column("count", count_cells))
    started = max(1, picture.counts.scheduled)
    lines: list[Text] = [header(shown)] if room > len(ranked) else []
    keep = max(1, room - len(lines))
    for name, count in ranked[:keep]:
        seen = format_clock(picture.last_seen[name]) if name in picture.last_seen else ""
        cells: tuple[Text, ...] = (
            paint(name, "bold"),
            f"{count:,}",
            format_percent(count / started),
            paint(seen, "$quiet"),
        )
        lines.append(row(shown, cells[: len(shown)]))
    if len(ranked) > keep and lines:
        rest = len(ranked) - keep + 1
        lines[-1] = paint(f"… {rest} more classes, press e", "$quiet")
    return lines


def _none(picture: LivePicture) -> str:
    return "none" if picture.over else "none so far"


def class_counts(picture: LivePicture) -> dict[str, int]:
    """Errors by class over the run; before the measure phase, over the window."""
    return dict(_judged(picture).error_classes)


def _judged(picture: LivePicture) -> Stats:
    return picture.run.total if picture.run.total.counts.scheduled or picture.over else picture.window.total
