"""Percentiles of the response time, the window beside the run, with a trend each. Pure."""

from __future__ import annotations

from textual.content import Content

from perftui.model.record import ObjectiveResult
from perftui.model.units import format_ms
from perftui.report.words import percentile_text
from perftui.report.worth import ours_text, worth
from perftui.tui.widgets.cells import Column, Drawing, Text, fit, header, join, paint, row
from perftui.tui.widgets.objectives import limit_text, verdict_glyph
from perftui.tui.widgets.picture import LivePicture, trend_seconds
from perftui.tui.widgets.recent import recent_text
from perftui.tui.widgets.windows import draw_windows

ROWS: tuple[tuple[str, str], ...] = (
    ("p50", "p50"), ("p95", "p95"), ("p99", "p99"), ("p99_9", "p99.9"), ("max", "max"), ("p90", "p90"),
)  # fmt: skip
"""Field and name of the rows, the most wanted first."""
_ORDER = ("p50", "p90", "p95", "p99", "p99_9", "max")
_STYLES = {
    "p50": "$series-3",
    "p90": "$series-3",
    "p95": "$series-1",
    "p99": "$series-2",
    "p99_9": "$series-2",
    "max": "$series-2",
}
_NUMBER = 7
OURS = "ours"
"""Title of what may be the generator's at most."""
_OURS = 6
_WITH_OURS = 29
"""Cells from which there is room for it even without a trend."""
_MOST_ROWS = 3
_LEAST_TREND = 12
"""Cells from which a trend says something; below, the numbers have the room."""


def draw_response(picture: LivePicture, width: int, height: int) -> Drawing:
    """Rows of percentiles; below them service time and start delay, which tell server and generator apart.

    While two moments are compared, these.
    """
    if picture.windows:
        return draw_windows(picture, width, height)
    columns = _columns(picture, width)
    titled = height >= 4
    most = height - 1 - len(ROWS) - 1 if height >= 10 else 2
    parts = _parts(picture, columns, min(most, 6)) if height >= 7 else []
    if parts and not picture.is_open:
        parts = [paint(next((words for words in _USERS_WAIT if len(words) <= width), ""), "$quiet")]
    room = max(1, height - len(parts) - titled)
    names = dict(ROWS[:room])
    lines: list[Text] = [header(columns, " ")] if titled else []
    tall = min(_MOST_ROWS, max(1, room // len(names)))
    for field in _ORDER:
        if field in names:
            lines += _rows(picture, columns, field, names[field], tall)
    window = f"last {picture.window_s} s | run"
    return Drawing(
        lines + parts,
        title="Percentiles, ms",
        note=window if titled else f"top of {trend_seconds(columns[1].width)} s | {window}",
        status=_status(picture.objectives),
        tone="$error"
        if any(result.verdict == "fail" for result in _about_time(picture.objectives))
        else "$panel-border",
    )


def _columns(picture: LivePicture, width: int) -> tuple[Column, ...]:
    numbers: tuple[Column, ...] = (Column(f"{picture.window_s} s", _NUMBER), Column("run", _NUMBER))
    line = max(0, width - 5 - 3 * (_NUMBER + 1) - 1)
    has_trend = line >= _LEAST_TREND
    room = line - _OURS - 1 >= _LEAST_TREND if has_trend else width >= _WITH_OURS
    if picture.run.total.response_time_bounds and room:
        numbers = (*numbers, Column(OURS, _OURS))
        line -= _OURS + 1
    if not has_trend:
        return (Column("", max(5, width - sum(column.width + 1 for column in numbers)), right=False), *numbers)
    return (
        Column("", 5, right=False),
        Column(f"last {trend_seconds(line)} s" + (", from 0" if line > 16 else ""), line, right=False),
        Column("top", _NUMBER),
        *numbers,
    )


def _rows(picture: LivePicture, columns: tuple[Column, ...], field: str, name: str, tall: int) -> list[Text]:
    """One percentile; the trend as high as there is room for, the numbers on its last line."""
    window, run = picture.window.total, picture.run.total
    whole = Content(percentile_text(run, run.response_time_ms, field, picture.plan.timeout_s))
    numbers: tuple[Text, ...] = (
        paint(recent_text(window.response_time_ms, field), "bold"),
        whole if worth(run, run.response_time_ms, field) == "sound" else paint(whole.plain, "$quiet"),
    )
    if columns[-1].title == OURS:
        ours = ours_text(run, field) if field in run.response_time_bounds else ""
        numbers = (*numbers, paint(ours, "$quiet"))
    if len(columns) == len(numbers) + 1:
        return [row(columns, (paint(name, "bold"), *numbers), " ")]
    lines, top = picture.trend_rows(f"response_time.{field}", columns[1].width, tall)
    above: list[Text] = [
        row(columns, ("", paint(line, _STYLES[field]), *[""] * (len(numbers) + 1)), " ") for line in lines[:-1]
    ]
    trend = (paint(lines[-1], _STYLES[field]), paint(format_ms(top) if top else "–", "$quiet"))
    return [*above, row(columns, (paint(name, "bold"), *trend, *numbers), " ")]


_USERS_WAIT = ("users wait: queueing is not in these times", "users wait: no queueing here")
_PARTS = (
    ("service time p50", "service_time_ms", "p50", 3),
    ("service time p95", "service_time_ms", "p95", 1),
    ("service time p99", "service_time_ms", "p99", 4),
    ("start delay p50", "start_delay_ms", "p50", 6),
    ("start delay p99", "start_delay_ms", "p99", 2),
    ("start delay max", "start_delay_ms", "max", 5),
)
"""Title, field and statistic of the parts of the response time; the last number is how much each is wanted."""
_ROOMY = 17
"""Cells from which a title is written out."""
_HINTS = {"service_time_ms": "send to last byte", "start_delay_ms": "the generator's own"}


def _parts(picture: LivePicture, columns: tuple[Column, ...], most: int) -> list[Text]:
    window, run = picture.window.total, picture.run.total
    timeout_s = picture.plan.timeout_s
    behind = 3 if columns[-1].title == OURS else 2
    first = sum(column.width + 1 for column in columns[:-behind]) - 1
    known = [part for part in _PARTS if picture.is_open or part[1] == "service_time_ms"]
    kept = sorted(known, key=lambda part: part[3])[: max(1, most)]
    lines: list[Text] = [paint("─" * (sum(column.width + 1 for column in columns) - 1), "$panel-border")]
    hinted: set[str] = set()
    for part in known:
        if part not in kept:
            continue
        title, kind, field, _ = part
        hint = "" if kind in hinted or len(title) + len(_HINTS[kind]) + 2 > first else f"  {_HINTS[kind]}"
        hinted.add(kind)
        title = title if first >= _ROOMY else title.replace("service time", "service").replace("start delay", "delay")
        recent = fit(paint(recent_text(getattr(window, kind), field), "bold"), _NUMBER, right=True)
        whole = fit(percentile_text(run, getattr(run, kind), field, timeout_s), _NUMBER, right=True)
        lines.append(join((fit(Content(title) + paint(hint, "$quiet"), first), recent, whole)))
    return lines


def _about_time(results: tuple[ObjectiveResult, ...]) -> list[ObjectiveResult]:
    return [result for result in results if "time" in result.metric and not result.operation]


def _status(results: tuple[ObjectiveResult, ...]) -> Content:
    words = []
    for result in _about_time(results)[:2]:
        name = result.metric.removeprefix("response_time.").replace("_", " ")
        words.append(
            Content(f"{name} {limit_text(result.target or result.critical, result.metric)} ")
            + verdict_glyph(result.verdict)
        )
    return Content("  ").join(words)
