"""Why the numbers of a run are believed, or not: the reasons, and what is watched. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content

from perftui.metrics.timeline import Timeline
from perftui.metrics.trust_rules import (
    GC_PAUSE_MS,
    LAG_P99_MS,
    LAG_TWICE_MS,
    STEAL,
    WORKER_CPU,
    start_delay_limits,
)
from perftui.model.record import Record
from perftui.model.units import format_clock, format_ms, format_percent
from perftui.report.words import TRUST_WORDS
from perftui.tui.widgets.cells import Column, Drawing, Text, header, paint, row

_STYLES = {"valid": "bold $success", "degraded": "bold $warning", "invalid": "bold $error"}
_FOOTNOTE = "One late second alone is no reason, more than 5 % of them are. Own errors are one at once."
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
            + paint(reason.code.replace("_", " "), "bold")
            + paint(when, "$quiet")
        )
        lines += [Content("  ") + piece for piece in Content(reason.detail).wrap(max(10, width - 2))]
    tone = {"valid": "$panel-border", "degraded": "$warning", "invalid": "$error"}[trust.verdict]
    return Drawing(lines, title="Trust", note=_reasons(len(trust.reasons)), tone=tone)


def _reasons(count: int) -> str:
    return "1 reason" if count == 1 else f"{count} reasons" if count else ""


def draw_watched(picture: Watched, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """What is watched each second, the worst that was seen, the limits, and how many seconds were above them."""
    columns = [
        Column("watched", 18, right=False),
        Column("worst", 9),
        Column("degraded", 12),
        Column("invalid", 12),
        Column("seconds", 10),
    ]
    if width >= 76:
        columns[2:4] = [Column("degraded above", 15), Column("invalid above", 15)]
    late = _late_seconds(picture[1])
    lines: list[Text] = [header(columns, " ")]
    for watched in _watched(picture):
        seconds = late.get(watched.code, 0)
        count = paint(f"{seconds:,}", "bold $warning") if seconds else paint("0", "$quiet")
        cells: tuple[Text, ...] = (watched.name, paint(watched.worst, "bold"), paint(watched.degraded, "$quiet"))
        lines.append(row(columns, (*cells, paint(watched.invalid, "$quiet"), count), " "))
    measured = len(picture[1].intervals)
    lines += ["", *paint(_FOOTNOTE, "$quiet").wrap(width)]
    return Drawing(lines, title="What is watched", note="limits of one second", status=f"{measured:,} seconds")


@dataclass(frozen=True, slots=True)
class _Signal:
    code: str
    name: str
    worst: str
    degraded: str
    invalid: str


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
        degraded_ms, invalid_ms = start_delay_limits(total.service_time_ms.p50)
        limits = (f"{format_ms(degraded_ms)} ms", f"{format_ms(invalid_ms)} ms")
        signals.append(_Signal("start_delay", "start delay p99", f"{format_ms(late_ms)} ms", *limits))
    if "loop_lag_ms" in host:
        lag = f"{format_ms(host['loop_lag_ms'].max)} ms"
        signals.append(_Signal("loop_lag", "loop lag", lag, f"p99 {LAG_P99_MS:.0f} ms", f"{LAG_TWICE_MS:.0f} ms twice"))
    if "worker_cpu_percent" in host:
        cpu = f"{host['worker_cpu_percent'].max:.0f} %"
        limits = (f"{WORKER_CPU[0]:.0f} %, 3 s", f"{WORKER_CPU[1]:.0f} %, 3 s")
        signals.append(_Signal("worker_cpu", "busiest worker", cpu, *limits))
    signals += [
        _Signal("at_cap", "at in-flight cap", format_percent(min(1.0, at_cap)), "any time", "5 % of it"),
        _Signal("steal", "CPU stolen", f"{steal:.0f} %", f"{STEAL:.0f} %", "–"),
        _Signal("gc", "GC pause", f"{format_ms(pause_ms)} ms", f"{GC_PAUSE_MS[0]:.0f} ms", f"{GC_PAUSE_MS[1]:.0f} ms"),
        _Signal("client_errors", "own errors", f"{record.whole_run.client_errors:,}", "–", "any"),
        _Signal("schedule_deficit", "never sent", format_percent(_deficit(record)), "1 %", "5 %"),
    ]
    return signals


def _deficit(record: Record) -> float:
    counts = record.summary.total.counts
    return counts.dropped / counts.scheduled if counts.scheduled else 0.0


def _late_seconds(timeline: Timeline) -> dict[str, int]:
    """By code, how many seconds were above a limit."""
    found: dict[str, int] = {}
    for interval in timeline.intervals:
        for code in {reason.code for reason in interval.trust_reasons if reason.verdict != "valid"}:
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
