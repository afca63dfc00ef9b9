"""Percentiles of the response time, the window beside the run, with a trend each. Pure."""

from __future__ import annotations

from textual.content import Content

from perftui.model.record import LatencyStats, ObjectiveResult
from perftui.model.units import format_ms
from perftui.report.words import percentile_text
from perftui.tui.widgets.cells import Column, Drawing, Text, fit, header, join, paint, row
from perftui.tui.widgets.objectives import limit_text, verdict_glyph
from perftui.tui.widgets.picture import LivePicture, trend_seconds

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
_LEAST = {"p90": 10, "p95": 20, "p99": 100, "p99_9": 1000}
"""Values a window needs so that a value lies above its percentile."""


def draw_response(picture: LivePicture, width: int, height: int) -> Drawing:
    """Rows of percentiles; below them service time and start delay, which tell server and generator apart."""
    parts = _parts(picture, _columns(picture, width)) if height >= 7 else []
    titled = height >= 4
    room = max(1, height - len(parts) - titled)
    names = dict(ROWS[:room])
    columns = _columns(picture, width)
    lines: list[Text] = [header(columns, " ")] if titled else []
    lines += [_row(picture, columns, field, names[field]) for field in _ORDER if field in names]
    window = f"last {picture.window_s} s | run"
    return Drawing(
        lines + parts,
        title="Response time, ms" if picture.is_open else "Response time, ms (queueing hidden)",
        note=window if titled else f"trend and top of {trend_seconds(columns[1].width)} s | {window}",
        status=_status(picture.objectives),
        tone="$error"
        if any(result.verdict == "fail" for result in _about_time(picture.objectives))
        else "$panel-border",
    )


def _columns(picture: LivePicture, width: int) -> tuple[Column, ...]:
    line = max(0, width - 5 - 3 * (_NUMBER + 1) - 1)
    return (
        Column("", 5, right=False),
        Column(f"last {trend_seconds(line)} s, from 0", line, right=False),
        Column("top", _NUMBER),
        Column(f"{picture.window_s} s", _NUMBER),
        Column("run", _NUMBER),
    )


def _row(picture: LivePicture, columns: tuple[Column, ...], field: str, name: str) -> Content:
    line, top = picture.trend(f"response_time.{field}", columns[1].width)
    window, run = picture.window.total, picture.run.total
    timeout_s = picture.plan.target.timeout_s
    return row(
        columns,
        (
            paint(name, "bold"),
            paint(line, _STYLES[field]),
            paint(format_ms(top) if top else "–", "$quiet"),
            paint(_recent(window.response_time_ms, field), "bold"),
            percentile_text(run, run.response_time_ms, field, timeout_s),
        ),
        " ",
    )


def _parts(picture: LivePicture, columns: tuple[Column, ...]) -> list[Text]:
    window, run = picture.window.total, picture.run.total
    timeout_s = picture.plan.target.timeout_s
    first = sum(column.width + 1 for column in columns[:3]) - 1
    parts = [("service time p95", "send to last byte", window.service_time_ms, run.service_time_ms, "p95")]
    if picture.is_open:
        parts.append(("start delay p99", "generator's own", window.start_delay_ms, run.start_delay_ms, "p99"))
    lines: list[Text] = [paint("─" * (first + 2 * (_NUMBER + 1)), "$panel-border")]
    for title, hint, newest, whole, field in parts:
        label = Content(title) + paint(f"  {hint}", "$quiet")
        recent = fit(paint(_recent(newest, field), "bold"), _NUMBER, right=True)
        lines.append(
            join((fit(label, first), recent, fit(percentile_text(run, whole, field, timeout_s), _NUMBER, right=True)))
        )
    return lines


def _recent(stats: LatencyStats, field: str) -> str:
    """A percentile of the window; with too few values for it, nothing: the maximum says more."""
    least = _LEAST.get(field, 1)
    return format_ms(getattr(stats, field)) if stats.count >= least else "–"


def _about_time(results: tuple[ObjectiveResult, ...]) -> list[ObjectiveResult]:
    return [result for result in results if "time" in result.metric and not result.operation]


def _status(results: tuple[ObjectiveResult, ...]) -> Content:
    words = []
    for result in _about_time(results)[:2]:
        name = result.metric.removeprefix("response_time.").replace("_", " ")
        words.append(Content(f"{name} {limit_text(result.target, result.metric)} ") + verdict_glyph(result.verdict))
    return Content("  ").join(words)
