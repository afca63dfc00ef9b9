"""Two places of a run beside each other: before and after a mark, say. Pure."""

from __future__ import annotations

from perftui.model.record import Stats, Summary
from perftui.model.units import format_clock, format_count, format_percent
from perftui.tui.widgets.cells import Column, Drawing, Text, header, paint, row
from perftui.tui.widgets.picture import LivePicture, Window
from perftui.tui.widgets.recent import recent_text

_TIMES = (("p50", "p50"), ("p90", "p90"), ("p95", "p95"), ("p99", "p99"), ("max", "max"))
_ROOMY = 34
_MANY = 10
"""From so many times as much on, the factor says it better than per cent."""
_NOTHING = Window(0.0, 1, Summary())


def draw_windows(picture: LivePicture, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """A and B in columns, and the change from A to B; a side that is not set yet is told how."""
    sides = [picture.windows.get(letter, _NOTHING) for letter in "AB"]
    before, after = (side.summary.total for side in sides)
    number = max(6, min(9, (width - 8 - 3) // 3))
    columns = (
        Column("", width - 3 * (number + 1), right=False),
        *(Column(name, number) for name in ("A", "B", "B − A")),
    )
    lines: list[Text] = [
        header(columns, " "),
        row(
            columns,
            (
                paint("until", "$quiet"),
                *(format_clock(side.end_s) if side is not _NOTHING else "–" for side in sides),
                "",
            ),
            " ",
        ),
        row(columns, ("ok/s", *_pair(before, after, "throughput_per_s")), " "),
        row(columns, ("errors", format_percent(before.error_rate), format_percent(after.error_rate), ""), " "),
    ]
    for field, name in _TIMES:
        texts = [recent_text(stats.response_time_ms, field) for stats in (before, after)]
        known = all(text != "–" for text in texts)
        old, new = (float(getattr(stats.response_time_ms, field)) for stats in (before, after))
        lines.append(row(columns, (paint(name, "bold"), *texts, _change(old, new) if known else ""), " "))
    missing = [letter for letter in "AB" if letter not in picture.windows]
    if missing:
        lines.append(paint(f"← → go to a moment, {missing[0].lower()} sets {missing[0]}", "$accent"))
    lines.append(paint("Esc ends this", "$quiet"))
    seconds = picture.window_s
    return Drawing(
        lines, title="A and B, ms", note=f"{seconds} s each, w: longer" if width >= 34 else f"{seconds} s each"
    )


def _pair(before: Stats, after: Stats, field: str) -> tuple[str, str, Text]:
    old, new = float(getattr(before, field)), float(getattr(after, field))
    return format_count(old), format_count(new), _change(old, new)


def _change(old: float, new: float) -> Text:
    if not old:
        return ""
    if new >= _MANY * old:
        return f"×{new / old:,.0f}"
    percent = round((new / old - 1) * 100)
    return f"{percent:+,} %" if percent else "0 %"
