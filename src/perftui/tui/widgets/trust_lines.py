"""Why the numbers of a run are believed, or not: the reasons, and what is watched. Pure."""

from __future__ import annotations

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
from perftui.tui.widgets.cells import Column, Drawing, Text, header, paint, row

_WORDS = {
    "valid": "The generator kept up: the numbers are the target's.",
    "degraded": "The generator did not always keep up: read the numbers with care.",
    "invalid": "The generator did not keep up: the numbers are its own, not the target's. Do not compare them.",
}
_STYLES = {"valid": "bold $success", "degraded": "bold $warning", "invalid": "bold $error"}
Watched = tuple[Record, Timeline]


def draw_reasons(picture: Watched, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """The verdict in words, then every reason with when it was first seen."""
    trust = picture[0].trust
    lines: list[Text] = [paint(trust.verdict.upper(), _STYLES[trust.verdict])]
    lines += Content(_WORDS[trust.verdict]).wrap(width)
    for reason in trust.reasons:
        when = f" (first at {format_clock(reason.at_s)})" if reason.at_s is not None else ""
        lines.append("")
        lines.append(
            paint(f"{reason.verdict}: ", _STYLES[reason.verdict])
            + paint(reason.code.replace("_", " "), "bold")
            + paint(when, "$quiet")
        )
        lines += [Content("  ") + piece for piece in Content(reason.detail).wrap(max(10, width - 2))]
    tone = {"valid": "$panel-border", "degraded": "$warning", "invalid": "$error"}[trust.verdict]
    return Drawing(lines, title="Trust", note=f"{len(trust.reasons)} reasons" if trust.reasons else "", tone=tone)


def draw_watched(picture: Watched, width: int, height: int) -> Drawing:  # noqa: ARG001 - a drawing's signature
    """What is watched, what was seen, where the limits are."""
    record, timeline = picture
    total = record.summary.total
    degraded_ms, invalid_ms = start_delay_limits(total.service_time_ms.p50)
    counts = record.whole_run
    deficit = 1 - total.counts.started / total.counts.scheduled if total.counts.scheduled else 0.0
    host = record.host
    pause_ms = max(
        (worker.gc_pause_max_ms for interval in timeline.intervals for worker in interval.workers), default=0.0
    )
    rows: list[tuple[str, str, str, str]] = []
    if record.plan.load.mode == "rate":
        rows.append(
            (
                "start delay p99",
                f"{format_ms(total.start_delay_ms.p99)} ms",
                f"{format_ms(degraded_ms)} ms",
                f"{format_ms(invalid_ms)} ms",
            )
        )
        rows.append(("due but not sent", format_percent(deficit), "1 %", "5 %"))
    if "loop_lag_ms" in host:
        rows.append(
            (
                "loop lag, longest",
                f"{format_ms(host['loop_lag_ms'].max)} ms",
                f"p99 {LAG_P99_MS:.0f} ms",
                f"{LAG_TWICE_MS:.0f} ms twice",
            )
        )
    if "worker_cpu_percent" in host:
        rows.append(
            (
                "busiest worker, max",
                f"{host['worker_cpu_percent'].max:.0f} %",
                f"{WORKER_CPU[0]:.0f} % for 3 s",
                f"{WORKER_CPU[1]:.0f} % for 3 s",
            )
        )
    steal = max((interval.host.steal_percent for interval in timeline.intervals), default=0.0)
    rows.append(("CPU stolen, max", f"{steal:.0f} %", f"{STEAL:.0f} %", "–"))
    rows.append(
        ("GC pause, longest", f"{format_ms(pause_ms)} ms", f"{GC_PAUSE_MS[0]:.0f} ms", f"{GC_PAUSE_MS[1]:.0f} ms")
    )
    rows.append(("generator's errors", f"{counts.client_errors:,}", "–", "1"))
    rows.append(("dropped", f"{counts.dropped:,}", "–", "–"))
    columns = (
        Column("watched", max(12, min(22, width - 45)), right=False),
        Column("seen", 10),
        Column("degraded above", 15),
        Column("invalid above", 15),
    )
    lines: list[Text] = [header(columns, " ")]
    lines += [
        row(columns, (name, paint(seen, "bold"), paint(low, "$quiet"), paint(high, "$quiet")), " ")
        for name, seen, low, high in rows
    ]
    return Drawing(lines, title="What is watched", note="over the run")


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
