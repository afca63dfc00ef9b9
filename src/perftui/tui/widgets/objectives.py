"""Objectives: what is measured, its two limits, the distance to a breach, the verdict. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from textual.content import Content

from perftui.model.objectives import Limit, Unit, format_value, is_metric, metric_unit, parse_limit
from perftui.model.record import ObjectiveResult
from perftui.model.units import format_duration
from perftui.report.words import number_text
from perftui.tui.widgets.cells import Column, Drawing, Text, content, header, paint, row
from perftui.tui.widgets.picture import LivePicture
from perftui.tui.widgets.trend import bar

_MARKS = {"pass": ("✓", "$success"), "warn": ("!", "$warning"), "fail": ("✗", "$error"), "none": ("·", "$quiet")}
_WAY = " "
"""Title of the column that says which way a value goes."""
_ARROWS: dict[int | None, str] = {None: "", 0: "→", 1: "↗", -1: "↘"}
_TIMES = 3
_WORDS = 12
_FEW_WORDS = 10
_CRITICAL = 10


def verdict_glyph(verdict: str) -> Content:
    """`✓`, `!`, `✗` or `·`."""
    glyph, style = _MARKS.get(verdict, _MARKS["none"])
    return paint(glyph, f"bold {style}")


def objective_name(result: ObjectiveResult) -> str:
    """`response p95`, with the operation it is about in front."""
    name = result.metric.replace("p99_9", "p99.9").replace("_time", "").replace("_", " ").replace(".", " ", 1)
    name = f"{result.operation}: {name}" if result.operation else name
    if result.level is not None:
        return f"{name} at {result.level:,.6g}"
    return f"{name} / {format_duration(result.over_s)}" if result.over_s else name


def distance(result: ObjectiveResult) -> tuple[float, str] | None:
    """How much of the target is used up (1 is the breach), and the distance in words; None without a value."""
    limit = limit_of(result.target or result.critical, result.metric)
    if limit is None or result.value is None:
        return None
    room = limit.headroom(result.value)
    used = 1.0 - room
    if math.isinf(room):  # a limit of 0 has no share that is left or missing
        return (0.0, "kept") if room > 0 else (1.0, "over")
    if not limit.holds(result.value):
        if room == 0:
            return used, "at the limit"
        if used >= _TIMES:
            return used, f"{used:,.0f}× limit"
        return used, f"{_share(-room)} over" if limit.is_upper else f"{_share(-room)} short"
    return used, f"{_share(room)} left"


def draw_objectives(picture: LivePicture, width: int, height: int) -> Drawing:
    """A line per objective, over the measure phase so far."""
    return objectives_drawing(picture.objectives, width, height, note="run", moves=picture.moves)


def objectives_drawing(
    results: tuple[ObjectiveResult, ...],
    width: int,
    height: int,
    *,
    note: str = "",
    moves: Mapping[tuple[str, str], int] | None = None,
) -> Drawing:
    """A line per objective; what fails comes first where there is not room for all.

    Args:
        results: as they are judged now.
        width: cells.
        height: lines; 0: as many as there are.
        note: the window of the numbers.
        moves: while a run is live, which way each value goes.
    """
    columns = _columns(results, width, moving=bool(moves))
    shown = list(results)
    room = max(1, height - 1) if height else len(shown)
    if len(shown) > room:
        order = {"fail": 0, "warn": 1}
        shown = sorted(shown, key=lambda result: order.get(result.verdict, 2))[:room]
    lines: list[Text] = [header(columns)]
    lines += [row(columns, _cells(result, columns, moves or {})) for result in shown]
    if not results:
        lines = [paint("The preset names no objectives: nothing passes or fails.", "$quiet")]
    missed = sum(result.verdict in {"warn", "fail"} for result in results)
    broken = any(result.verdict == "fail" for result in results)
    words = (
        f"{missed} of {len(results)} missed"
        if missed
        else "all kept"
        if any(r.value is not None for r in results)
        else ""
    )
    hidden = f" · {len(results) - len(shown)} more" if len(results) > len(shown) else ""
    return Drawing(
        lines, title="Objectives", note=note, status=words + hidden, tone="$error" if broken else "$panel-border"
    )


def _columns(results: Sequence[ObjectiveResult], width: int, *, moving: bool) -> tuple[Column, ...]:
    longest = max((content(_name(result)).cell_length for result in results), default=9)
    words = _WORDS if width >= 56 else _FEW_WORDS
    arrow = [Column(_WAY, 1)] if moving and width >= 46 else []
    name = max(9, min(longest, width - 3 - (9 + 2) - 3 * len(arrow) - (words + 2 if width >= 46 else 0)))
    columns = [Column("", 1), Column("objective", name, right=False), Column("measured", 9), *arrow]
    rest = width - sum(column.width + 2 for column in columns)
    if rest >= _CRITICAL + 2 + words:
        columns.append(Column("critical", _CRITICAL))
        rest -= _CRITICAL + 2
    if rest >= words:
        columns.append(Column("distance", rest, right=False))
    return tuple(columns)


def _name(result: ObjectiveResult) -> str:
    return f"{objective_name(result)} {limit_text(result.target or result.critical, result.metric)}"


def _cells(
    result: ObjectiveResult, columns: tuple[Column, ...], moves: Mapping[tuple[str, str], int]
) -> tuple[Text, ...]:
    known = result.value is not None and is_metric(result.metric)
    value = _value_text(result.value or 0.0, metric_unit(result.metric)) if known else "–"
    style = f"bold {_MARKS.get(result.verdict, _MARKS['none'])[1]}"
    cells: dict[str, Text] = {
        "": verdict_glyph(result.verdict),
        "objective": Content(objective_name(result))
        + paint(f" {limit_text(result.target or result.critical, result.metric)}", "$quiet"),
        "measured": paint(value, style),
        _WAY: _ARROWS[moves.get((result.metric, result.operation))],
        "critical": paint(limit_text(result.critical, result.metric), "$quiet"),
        "distance": _distance(result, columns[-1].width),
    }
    return tuple(cells[column.title] for column in columns)


def _distance(result: ObjectiveResult, width: int) -> Content:
    found = distance(result)
    if found is None:
        return paint("not measured", "$quiet")
    used, words = found
    style = _MARKS.get(result.verdict, _MARKS["none"])[1]
    room = min(24, width - _WORDS - 2)
    if room < 6:
        return paint(words, style)
    return paint(bar(used, room), f"{style} on $panel") + Content(f"  {words}")


def _value_text(value: float, unit: Unit) -> str:
    return f"{number_text(value)}/s" if unit == "per_s" else format_value(value, unit)


def limit_text(text: str, metric: str) -> str:
    """A limit as it is shown beside values: `< 500 ms`; as it stands when it cannot be read."""
    limit = limit_of(text, metric)
    return str(limit) if limit is not None else text


def limit_of(text: str, metric: str) -> Limit | None:
    """A limit as it stands in a plan or a record; None when it cannot be read."""
    if not text or not is_metric(metric):
        return None
    try:
        return parse_limit(text, metric)
    except ValueError:
        return None


def _share(fraction: float) -> str:
    return f"{fraction * 100:.0f} %" if fraction >= 0.1 else f"{fraction * 100:.1f} %"
