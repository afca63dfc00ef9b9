"""A line per operation, in any order one likes. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from perftui.model.plan import Plan
from perftui.model.record import Stats
from perftui.model.units import format_count, format_ms, format_percent
from perftui.report.words import percentile_text
from perftui.tui.widgets.against import CELLS, TITLE, against_cell, against_status, rank
from perftui.tui.widgets.cells import Column, Drawing, Text, header, paint, row
from perftui.tui.widgets.picture import Against, LivePicture
from perftui.tui.widgets.recent import recent_text

SORTS = ("share", "name", "rate", "p50", "p95", "p99", "errors")
"""Columns that order the table, in the order the key goes through them."""
BY_BASELINE = "baseline"
"""The order of a run that has a baseline: worst first."""
TIME_SORTS = _TIMES = ("p50", "p95", "p99")
_TIME_CELLS = 7
_OK_CELLS = 9
_MANY_ERRORS = 0.01
_NAMED = 24
"""Cells that a name has in the lower border."""
Percentile = Callable[[Stats, str], str]
"""Shows a percentile of an operation: with what is not known left out."""


def draw_operations(picture: LivePicture, width: int, height: int) -> Drawing:
    """Operations of the run so far; before the measure phase, of the window."""
    measured = picture.run.total.counts.scheduled > 0
    window = "run" if measured else f"last {picture.window_s} s"
    return operations_drawing(
        picture.operations, width, height, sort=picture.sort, first=picture.first_row, window=window,
        percentile=run_percentiles(picture.plan) if measured else window_percentile, outlines=picture.outlines,
        names=tuple(operation.name for operation in picture.plan.counted_operations), against=picture.against,
    )  # fmt: skip


def run_percentiles(plan: Plan) -> Percentile:
    """How the percentiles of a run of this plan are shown."""
    return lambda stats, field: percentile_text(stats, stats.response_time_ms, field, plan.timeout_s)


def window_percentile(stats: Stats, field: str) -> str:
    """How those of a window are shown."""
    return recent_text(stats.response_time_ms, field)


def operations_drawing(
    found: Mapping[str, Stats],
    width: int,
    height: int,
    *,
    sort: str,
    percentile: Percentile,
    first: int = 0,
    window: str = "run",
    names: tuple[str, ...] = (),
    outlines: Mapping[str, Stats] | None = None,
    against: Against | None = None,
) -> Drawing:
    """The table; `names` adds operations that nothing was sent for yet.

    Only the rows that are seen are looked up in `found`; `outlines` has of every operation what puts it in its place;
    `against` adds how each stands against the baseline.
    """
    rough = found if outlines is None else outlines
    operations = {name: rough.get(name, Stats()) for name in dict.fromkeys((*names, *rough))}
    total = sum(stats.counts.scheduled for stats in operations.values()) or 1
    if sort == BY_BASELINE and against is not None:
        place_of = {name: rank(against, _compared(name, operations)) for name in operations}
        ordered = sorted(operations, key=place_of.__getitem__)
    else:
        ordered = sorted(operations, key=lambda name: _key(sort, name, operations[name]))
    rows = max(1, height - 1) if height else len(ordered)
    first = min(first, max(0, len(ordered) - rows))
    shown = {name: found.get(name, Stats()) for name in ordered[first : first + rows]}
    unseen = [*ordered[:first], *ordered[first + rows :]]
    times = {name: {field: percentile(stats, field) for field in _TIMES} for name, stats in shown.items()}
    longest = max((len(time) for found_times in times.values() for time in found_times.values()), default=0)
    most_ok = max((len(f"{stats.counts.ok:,}") for stats in operations.values()), default=0)
    hits = any(stats.hit_rate is not None for stats in shown.values())
    columns = _columns(width, sort, max(_TIME_CELLS, longest), max(_OK_CELLS, most_ok), hits=hits, against=against)
    lines: list[Text] = [header(columns)]
    for name, stats in shown.items():
        known: dict[str, Text] = dict(times[name])
        if against is not None:
            known[TITLE] = against_cell(against, _compared(name, operations))
        lines.append(row(columns, _cells(name, stats, known, total, columns)))
    more = f"{first + 1}–{min(len(ordered), first + rows)} of {len(ordered)}" if len(ordered) > rows else ""
    standing = against_status(against) if against is not None else ""
    return Drawing(
        lines,
        title="Operations",
        note=f"response time, ms · {window}",
        status=" · ".join(filter(None, (more, standing, _failing({name: operations[name] for name in unseen})))),
    )


def _failing(unseen: Mapping[str, Stats]) -> str:
    """The worst of the operations that there is no room for: who fails is not to be looked for."""
    worst = max(unseen, key=lambda name: unseen[name].error_rate, default="")
    if not worst or unseen[worst].error_rate < _MANY_ERRORS:
        return ""
    shown = worst if len(worst) <= _NAMED else f"{worst[: _NAMED - 1]}…"
    return f"{shown} fails: {format_percent(unseen[worst].error_rate)}"


def _compared(name: str, operations: Collection[str]) -> str:
    """What a comparison calls the operation: the only one of a plan is the total."""
    return name if len(operations) > 1 else ""


def _columns(width: int, sort: str, time: int, ok: int, *, hits: bool, against: Against | None) -> tuple[Column, ...]:
    """As many as there is room for: what is known of them does not matter, or they would come and go during a run."""
    wanted = [
        ("share", "share", 6),
        ("rate", "sent/s", 6),
        *((field, field, time) for field in _TIMES),
        *([("hits", "hits", 6)] if hits else []),
        ("errors", "errors", 7),
        *([(BY_BASELINE, TITLE, CELLS)] if against is not None else []),
    ]
    if width >= 100:
        wanted[5:5] = [("max", "max", 6)]
        wanted += [("ok", "ok", ok), ("received", "MB in", 7)]
    for key in ("rate", "p50", "share", "p99"):
        if len(wanted) > 2 and width - sum(cells + 2 for _, _, cells in wanted) < 12:
            wanted = [column for column in wanted if column[0] != key]
    name = max(8, width - sum(cells + 2 for _, _, cells in wanted))
    mark = {"name": "▲"}.get(sort, "▼")
    return (
        Column("name" + (mark if sort == "name" else ""), name, right=False),
        *(Column(mark * (key == sort) + title, cells) for key, title, cells in wanted),
    )


def _cells(
    name: str, stats: Stats, known: dict[str, Text], total: int, columns: tuple[Column, ...]
) -> tuple[Text, ...]:
    """`known` has what is written already: times, and how it stands against the baseline."""
    bad = stats.error_rate
    values: dict[str, Text] = {
        "share": format_percent(stats.counts.scheduled / total),
        "sent/s": _rate(stats.rate_per_s),
        **known,
        "max": format_ms(stats.response_time_ms.max) if stats.response_time_ms.count else "–",
        "hits": "–" if stats.hit_rate is None else format_percent(stats.hit_rate),
        "errors": paint(format_percent(bad), "bold $error" if bad >= _MANY_ERRORS else "$warning" if bad else "$quiet"),
        "ok": f"{stats.counts.ok:,}",
        "MB in": f"{stats.received_bytes / 1e6:,.1f}",
    }
    return (name, *(values[column.title.lstrip("▼")] for column in columns[1:]))


def _rate(value: float) -> str:
    return f"{value:.1f}" if value < 100 else format_count(value)


def _key(sort: str, name: str, stats: Stats) -> float | str:
    match sort:
        case "name":
            return name
        case "rate":
            return -stats.rate_per_s
        case "errors":
            return -stats.error_rate
        case "share":
            return -stats.counts.scheduled
        case _:
            return -float(getattr(stats.response_time_ms, sort))
