"""Tables of times: all percentiles of a run, and its phases beside each other. Pure."""

from __future__ import annotations

from perftui.model.interval import NumberVerdict
from perftui.model.record import LatencyStats, Stats
from perftui.model.units import format_count, format_ms, format_percent
from perftui.report.own import own_lines, own_times
from perftui.report.words import PERCENTILES, percentile_text
from perftui.report.worth import OURS, ours_text, worth
from perftui.tui.widgets.cells import Column, Drawing, Text, header, paint, row
from perftui.tui.widgets.result_picture import ResultPicture

_NAME = Column("ms", 14, right=False)
_NUMBER = 7
"""Cells of the longest time."""
_SEVEN_WIDE = 70
"""Cells from which the short table has room for seven numbers."""
_REST = (("max", "max"), ("min", "min"), ("mean", "mean"), ("stddev", "std. deviation"), ("iqr", "p75 − p25"))


def draw_percentiles(picture: ResultPicture, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """Response time beside its parts: the server's (service) and the generator's (start delay), and failed requests."""
    total = picture.record.summary.total
    timeout_s = picture.record.plan.timeout_s
    kinds = [("response", total.response_time_ms), ("service", total.service_time_ms)]
    if picture.record.plan.load.mode == "rate":
        kinds.append(("start delay", total.start_delay_ms))
    if total.error_time_ms.count and width >= 62:
        kinds.append(("failed", total.error_time_ms))
    if total.hit_rate is not None and width >= 62:
        kinds += [("hits", total.hit_time_ms), ("misses", total.miss_time_ms)]
    columns, gap = _long_columns([name for name, _ in kinds], width, ours=bool(total.response_time_bounds))
    ours = len(columns) == len(kinds) + 2

    def line(name: Text, values: list[Text], field: str = "") -> Text:
        """With how much of the response time may be the generator's behind it."""
        part = paint(ours_text(total, field) if field in total.response_time_bounds else "", "$quiet")
        return row(columns, (name, values[0], *([part] if ours else []), *values[1:]), gap)

    lines: list[Text] = [header(columns, gap)]
    for field, name, _ in PERCENTILES:
        values = [
            _cell(percentile_text(total, stats, field, timeout_s), number, worth(total, stats, field))
            for number, (_, stats) in enumerate(kinds)
        ]
        lines.append(line(paint(name, "bold"), values, field))
    for field, name in _REST:
        rest: list[Text] = [
            _longest(total, stats, timeout_s) if field == "max" else _plain(stats, field) for _, stats in kinds
        ]
        lines.append(line(paint(name, "$quiet"), rest, field))
    lines.append(line(paint("values", "$quiet"), [paint(f"{stats.count:,}", "$quiet") for _, stats in kinds]))
    return Drawing(lines, title="Times, ms", note="measure phase")


def _long_columns(names: list[str], width: int, *, ours: bool) -> tuple[tuple[Column, ...], str]:
    """The columns and what is between them: closer together where that makes room for what may be the generator's."""
    cell = min(12, max(8, (width - _NAME.width - 2 - ours * (_NUMBER + 1)) // len(names) - 2))
    if cell < len("start delay"):
        names = [name.removeprefix("start ") for name in names]
    tight = [max(_NUMBER, len(name)) for name in names]
    roomy = [max(cell, len(name)) for name in names]
    for cells, gap in ((roomy, "  "), (tight, " ")) if ours else ():
        columns = [Column(name, each) for name, each in zip(names, cells, strict=True)]
        shown = (_NAME, columns[0], Column("ours", _NUMBER), *columns[1:])
        if sum(column.width + len(gap) for column in shown) - len(gap) <= width:
            return shown, gap
    return (_NAME, *(Column(name, each) for name, each in zip(names, roomy, strict=True))), "  "


def draw_short_times(picture: ResultPicture, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """The same with a line for each time: what there is room for on the first page of a small terminal."""
    total = picture.record.summary.total
    timeout_s = picture.record.plan.timeout_s
    kinds = [("response time", total.response_time_ms), ("service time", total.service_time_ms)]
    if picture.record.plan.load.mode == "rate":
        kinds.append(("start delay", total.start_delay_ms))
    columns = (
        Column("ms", 13, right=False),
        *(Column(name, _NUMBER) for _, name, _ in PERCENTILES if name != "p75" or width >= _SEVEN_WIDE),
        Column("max", 7),
    )
    lines: list[Text] = [header(columns, " ")]
    for number, (name, stats) in enumerate(kinds):
        shown = [
            _cell(percentile_text(total, stats, field, timeout_s), number, worth(total, stats, field))
            for field, title, _ in PERCENTILES
            if title != "p75" or width >= _SEVEN_WIDE
        ]
        lines.append(
            row(columns, (paint(name, "" if number else "bold"), *shown, _longest(total, stats, timeout_s)), " ")
        )
    if total.response_time_bounds:
        own = [
            ours_text(total, field) if field in total.response_time_bounds else ""
            for field, title, _ in PERCENTILES
            if title != "p75" or width >= _SEVEN_WIDE
        ]
        lines.append(row(columns, (paint(OURS, "$quiet"), *(paint(text, "$quiet") for text in own), ""), " "))
    return Drawing(lines, title="Times, ms", note="measure phase")


def draw_own(picture: ResultPicture, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """What only some protocols measure; no line where there is nothing of it."""
    total = picture.record.summary.total
    times, said = own_times(total), own_lines(total)
    columns = (
        Column("ms", 14, right=False),
        *(Column(name, 7) for _, name, _ in PERCENTILES if name != "p75" or width >= _SEVEN_WIDE),
        Column("max", 7),
    )
    lines: list[Text] = [header(columns, " ")] if times else []
    for name, stats in times:
        shown = [
            percentile_text(total, stats, field, picture.record.plan.timeout_s)
            for field, title, _ in PERCENTILES
            if title != "p75" or width >= _SEVEN_WIDE
        ]
        lines.append(row(columns, (paint(name, "bold"), *shown, _plain(stats, "max")), " "))
    wide = (columns[0], Column("", max(8, width - 15), right=False))
    lines += [row(wide, (paint(label, "bold"), " · ".join(words)), " ") for label, words in said]
    return Drawing(lines, title="Of the protocol", note="measure phase")


def _cell(text: str, number: int, worth: NumberVerdict = "sound") -> Text:
    """The first number of a line in bold; what is not sound recedes."""
    if worth != "sound":
        return paint(text, "$quiet")
    return paint(text, "bold") if number == 0 else text


def _longest(total: Stats, stats: LatencyStats, timeout_s: float) -> str:
    """The maximum, only known to be at least the timeout where requests ran into it."""
    return percentile_text(total, stats, "max", timeout_s) if stats.count else "–"


def _plain(stats: LatencyStats, field: str) -> str:
    return format_ms(getattr(stats, field)) if stats.count else "–"


def draw_phases(picture: ResultPicture, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """A line per phase; only `measure` is judged. Of a run of several levels, a line per level."""
    wide = width >= 70
    levels = picture.record.levels
    unit = " u" if picture.record.plan.load.mode == "users" else "/s"
    parts = [(f"{level.level:,.6g}{unit}", level.total) for level in levels]
    parts = parts or list(picture.record.phases.items())
    timeout_s = picture.record.plan.timeout_s
    columns = [
        Column("level" if levels else "phase", 8, right=False),
        Column("due", 8),
        Column("ok", 8),
        Column("ok/s", 6),
    ]
    fields = ("p50", "p95", "p99") if wide else ("p95",)
    columns += [Column(field, 7) for field in fields]
    columns.append(Column("errors", 7))
    lines: list[Text] = [header(columns)]
    for phase, stats in parts:
        times = [percentile_text(stats, stats.response_time_ms, field, timeout_s) for field in fields]
        lines.append(row(columns, _phase(phase, stats, times)))
    return Drawing(lines, title="Levels" if levels else "Phases", note="response time, ms")


def _phase(phase: str, stats: Stats, times: list[str]) -> tuple[Text, ...]:
    counts = stats.counts
    return (
        paint(phase, "bold" if phase == "measure" else ""),
        f"{counts.scheduled:,}",
        f"{counts.ok:,}",
        format_count(stats.throughput_per_s),
        *times,
        format_percent(stats.error_rate),
    )


_UNITS: dict[str, tuple[str, float, str]] = {
    "cpu_percent": ("CPU, all cores", 1, "%"),
    "cpu_max_core_percent": ("busiest core", 1, "%"),
    "memory_percent": ("memory", 1, "%"),
    "worker_cpu_percent": ("busiest worker", 1, "%"),
    "worker_memory_bytes": ("workers' memory", 1e6, "MB"),
    "loop_lag_ms": ("loop lag", 1, "ms"),
    "target_cpu_percent": ("target CPU", 1, "%"),
    "target_memory_bytes": ("target memory", 1e6, "MB"),
    "remote_cpu_percent": ("remote CPU", 1, "%"),
    "remote_memory_percent": ("remote memory", 1, "%"),
    "target_threads": ("target threads", 1, ""),
    "target_open_files": ("target files", 1, ""),
    "open_connections": ("connections", 1, ""),
    "net_received_bytes": ("net in", 1e6, "MB/s"),
    "net_sent_bytes": ("net out", 1e6, "MB/s"),
    "disk_read_bytes": ("disk read", 1e6, "MB/s"),
    "disk_write_bytes": ("disk written", 1e6, "MB/s"),
}


def draw_spreads(picture: ResultPicture, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """Mean, p95 and maximum of what was sampled."""
    columns = (
        Column("", max(10, min(18, width - 36)), right=False),
        Column("mean", 7),
        Column("p95", 7),
        Column("max", 7),
        Column("", 4, right=False),
    )
    lines: list[Text] = [header(columns)]
    host = picture.record.host
    for key, (name, scale, unit) in _UNITS.items():
        if key in host:
            spread = host[key]
            values = (f"{value / scale:,.1f}" for value in (spread.mean, spread.p95, spread.max))
            lines.append(row(columns, (paint(name, "$quiet"), *values, paint(unit, "$quiet"))))
    return Drawing(
        lines if host else [paint("not sampled", "$quiet")], title="Machine, workers, target", note="over the run"
    )
