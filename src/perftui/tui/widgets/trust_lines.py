"""Why the numbers of a run are believed, or not: the reasons, and what is watched. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from perftui.metrics.failures import own_drops
from perftui.metrics.timeline import Timeline
from perftui.metrics.trust_rules import GC_PAUSE_MS, LAG_P99_MS, STEAL, WORKER_CPU, start_delay_limit
from perftui.model.interval import NumberVerdict
from perftui.model.record import Record
from perftui.model.units import format_clock, format_ms, format_percent
from perftui.report.words import PERCENTILES, TRUST_WORDS
from perftui.tui.describe import metric_text
from perftui.tui.widgets.cells import Column, Drawing, Text, header, paint, row

_STYLES = {"valid": "bold $success", "degraded": "bold $warning", "invalid": "bold $error"}
_NUMBER_STYLES: dict[NumberVerdict, str] = {"sound": "bold $success", "blurred": "$warning", "unusable": "bold $error"}
_FOOTNOTE = "What is above is a cause, no verdict: what it did to the numbers stands above. Own errors are one at once."
_OURS = "The generator can only add time: the target's own value lies between the least and what was measured."
Watched = tuple[Record, Timeline]


def draw_reasons(picture: Watched, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """The verdict in words, then every reason with when it was first seen."""
    trust = picture[0].trust
    lines: list[Text] = [paint(trust.verdict.upper(), _STYLES[trust.verdict])]
    lines += Content(TRUST_WORDS[trust.verdict]).wrap(width)
    for reason in trust.reasons:
        when = f" (first at {format_clock(reason.at_s)})" if reason.at_s is not None else ""
        lines.append("")
        word = "note" if reason.verdict == "valid" else reason.verdict
        lines.append(
            paint(f"{word}: ", _STYLES[reason.verdict] if word != "note" else "bold $quiet")
            + paint(metric_text(reason.code), "bold")
            + paint(when, "$quiet")
        )
        lines += [Content("  ") + piece for piece in Content(reason.detail).wrap(max(10, width - 2))]
    tone = {"valid": "$panel-border", "degraded": "$warning", "invalid": "$error"}[trust.verdict]
    return Drawing(lines, title="Trust", note=_reasons(len(trust.reasons)), tone=tone)


def _reasons(count: int) -> str:
    return "1 reason" if count == 1 else f"{count} reasons" if count else ""


def draw_numbers(picture: Watched, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """How much of each percentile may be the generator's, and which of its two ways to be late that was."""
    total = picture[0].summary.total
    is_open = picture[0].plan.load.mode == "rate"
    columns = [Column("ms", 6, right=False), Column("measured", 9), Column("at least", 9), Column("ours", 8)]
    columns += [Column("late start", 11), Column("late look", 10)] if is_open else [Column("late look", 10)]
    columns.append(Column(" verdict", 10, right=False))
    lines: list[Text] = [header(columns, " ")]
    for name, title in [*((field, title) for field, title, _ in PERCENTILES), ("mean", "mean")]:
        bound, service = total.response_time_bounds.get(name), total.service_time_bounds.get(name)
        if bound is None or service is None:
            continue
        parts = [bound.upper - service.upper] if is_open else []
        parts.append(service.upper - service.lower)
        cells = (bound.upper, bound.lower, bound.upper - bound.lower, *(max(0.0, part) for part in parts))
        verdict = paint(f" {bound.verdict}", _NUMBER_STYLES[bound.verdict])
        lines.append(row(columns, (paint(title, "bold"), *(format_ms(value) for value in cells), verdict), " "))
    if len(lines) == 1:
        lines = [paint("not known: how late the workers' loops were was not measured", "$quiet")]
    lines += ["", *paint(_OURS, "$quiet").wrap(width)]
    return Drawing(lines, title="What may be the generator's", note="response time")


def draw_watched(picture: Watched, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """What is watched each second, the worst that was seen, the limits, and how many seconds were above them."""
    columns = [
        Column("watched", 18, right=False),
        Column("worst", 10),
        Column("named above", 15),
        Column("seconds", 10),
    ]
    late = _late_seconds(picture[1])
    lines: list[Text] = [header(columns, " ")]
    for watched in _watched(picture):
        seconds = late.get(watched.code, 0)
        count = paint(f"{seconds:,}", "bold $warning") if seconds else paint("0", "$quiet")
        cells: tuple[Text, ...] = (watched.name, paint(watched.worst, "bold"), paint(watched.limit, "$quiet"))
        lines.append(row(columns, (*cells, count), " "))
    measured = len(picture[1].intervals)
    lines += ["", *paint(_FOOTNOTE, "$quiet").wrap(width)]
    return Drawing(lines, title="What is watched", note="limits of one second", status=f"{measured:,} seconds")


@dataclass(frozen=True, slots=True)
class _Signal:
    code: str
    name: str
    worst: str
    limit: str


def _watched(picture: Watched) -> list[_Signal]:
    record, timeline = picture
    total, host = record.summary.total, record.host
    intervals = timeline.intervals
    workers = [worker for interval in intervals for worker in interval.workers]
    late_ms = max((worker.start_delay_p99_ms for worker in workers), default=0.0)
    pause_ms = max((worker.gc_pause_max_ms for worker in workers), default=0.0)
    at_cap = max(
        (worker.at_cap_s / interval.duration_s for interval in intervals if interval.duration_s > 0
         for worker in interval.workers),
        default=0.0,
    )  # fmt: skip
    steal = max((interval.host.steal_percent for interval in intervals), default=0.0)
    signals = []
    if record.plan.load.mode == "rate":
        limit = f"{format_ms(start_delay_limit(total.service_time_ms.p50))} ms"
        signals.append(_Signal("start_delay", "start delay p99", f"{format_ms(late_ms)} ms", limit))
    if "loop_lag_ms" in host:
        lag = f"{format_ms(host['loop_lag_ms'].max)} ms"
        signals.append(_Signal("loop_lag", "loop lag", lag, f"p99 {LAG_P99_MS:.0f} ms"))
    if "worker_cpu_percent" in host:
        cpu = f"{host['worker_cpu_percent'].max:.0f} %"
        signals.append(_Signal("worker_cpu", "busiest worker", cpu, f"{WORKER_CPU:.0f} %, 3 s"))
    signals += [
        _Signal("at_cap", "at in-flight cap", format_percent(min(1.0, at_cap)), "any time"),
        _Signal("steal", "CPU stolen", f"{steal:.0f} %", f"{STEAL:.0f} %"),
        _Signal("gc", "GC pause", f"{format_ms(pause_ms)} ms", f"{GC_PAUSE_MS:.0f} ms"),
        _Signal("client_errors", "own errors", f"{record.whole_run.client_errors:,}", "any"),
        _Signal("schedule_deficit", "never sent", format_percent(_deficit(record)), "1 %"),
    ]
    return signals


def _deficit(record: Record) -> float:
    total = record.summary.total
    return own_drops(total.error_classes) / total.counts.scheduled if total.counts.scheduled else 0.0


def _late_seconds(timeline: Timeline) -> dict[str, int]:
    """By code, how many seconds were above a limit."""
    found: dict[str, int] = {}
    for interval in timeline.intervals:
        codes = {"loop_lag" if reason.code == "held_up" else reason.code for reason in interval.trust_reasons}
        for code in codes:
            found[code] = found.get(code, 0) + 1
    return found


def draw_seconds(picture: Watched, width: int, height: int) -> Drawing:
    """A cell per second: which ones were not valid."""
    intervals = picture[1].intervals
    rows = max(1, height) if height else max(1, -(-len(intervals) // max(1, width)))
    glyphs = {"valid": ("▪", "$series-4"), "degraded": ("▒", "$warning"), "invalid": ("█", "$error")}
    cells = [glyphs[interval.trust] for interval in intervals][-rows * max(1, width) :]
    lines: list[Text] = [
        Content.assemble(*cells[start : start + width]) for start in range(0, len(cells), max(1, width))
    ]
    legend = Content("  ").join([paint(glyph, style) + Content(f" {name}") for name, (glyph, style) in glyphs.items()])
    return Drawing(lines or [paint("nothing yet", "$quiet")], title="Second by second", note=legend)
