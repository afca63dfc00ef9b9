"""A few lines of numbers for a terminal too small for panels. Pure."""

from __future__ import annotations

from perftui.model.units import format_clock, format_count, format_percent
from perftui.report.words import percentile_text
from perftui.tui.describe import host_text
from perftui.tui.widgets.cells import Drawing, Text, join, paint
from perftui.tui.widgets.picture import LivePicture
from perftui.tui.widgets.progress import progress_bar, state_word
from perftui.tui.widgets.recent import recent_text

_TIMES = ("p50", "p95", "p99")


def draw_tiny(picture: LivePicture, width: int, height: int) -> Drawing:
    """State, rates, percentiles, errors, trust: the most wanted first."""
    window, run = picture.window.total, picture.run.total
    recent = [f"{name} {recent_text(window.response_time_ms, name)}" for name in _TIMES]
    timeout_s = picture.plan.timeout_s
    whole = [f"{name} {percentile_text(run, run.response_time_ms, name, timeout_s)}" for name in _TIMES]
    host = picture.interval.host
    clock = f"{format_clock(picture.elapsed_s)}/{format_clock(picture.planned_s)}"
    objectives = [result.verdict for result in picture.objectives]
    missed = sum(verdict in {"warn", "fail"} for verdict in objectives)
    lines: list[Text] = [
        join((state_word(picture.state), clock, paint(f"trust {picture.trust.verdict}", "$quiet"))),
        f"sent {format_count(window.rate_per_s)}/s  ok {format_count(window.throughput_per_s)}/s",
        f"ms, {picture.window_s} s: {' '.join(recent)}",
        f"ms, run: {' '.join(whole)}",
        f"errors {format_percent(run.error_rate)}  {picture.counts.timeouts:,} timeouts",
        f"objectives {missed} of {len(objectives)} missed" if objectives else "no objectives",
        f"cpu {host.cpu_percent:.0f} %  memory {host.memory_percent:.0f} %",
        progress_bar(picture, width),
        paint(f"{picture.plan.name} {host_text(picture.plan.where)}", "$quiet"),
    ]
    return Drawing(lines[:height] if height else lines)
