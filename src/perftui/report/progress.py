"""One interval as one line: progress of headless runs, and `watch` without a screen."""

from __future__ import annotations

import math

from perftui.metrics.series import LEAST_S
from perftui.metrics.summary import stats_of
from perftui.model.interval import Event, Interval
from perftui.model.plan import Plan
from perftui.model.record import Stats
from perftui.model.units import format_clock, format_ms, format_percent
from perftui.report.words import number_text


def interval_text(interval: Interval, plan: Plan) -> str:
    """`00:42 / 01:05  measure  100/s sent  100/s ok  p95 12.4 ms  errors 0 %  cpu 31 %`, and what is not well."""
    cells = [cell for operations in interval.cells.values() for cell in operations.values()]
    stats = stats_of(cells, interval.duration_s, plan.load.mode)
    times = stats.response_time_ms if plan.load.mode == "rate" else stats.service_time_ms
    planned = plan.load.warmup_s + plan.load.duration_s
    parts = [
        f"{format_clock(interval.at_s + interval.duration_s)} / {format_clock(planned)}",
        f"{'paused' if interval.paused else interval.phase:<7}",
        *_amounts(stats, interval.duration_s),
        f"p95 {format_ms(times.p95) if times.count else '–':>6} ms",
        f"errors {format_percent(stats.error_rate)}",
        f"cpu {interval.host.cpu_percent:.0f} %",
    ]
    if stats.error_classes:
        name, count = max(stats.error_classes.items(), key=lambda item: (item[1], item[0]))
        parts.append(f"{name} {count:,}")
    if interval.trust != "valid":
        codes = ", ".join(
            dict.fromkeys(reason.code.replace("_time.", " ").replace("_", " ") for reason in interval.trust_reasons)
        )
        parts.append(f"trust {interval.trust}" + (f" ({codes})" if codes else ""))
    return "  ".join(parts)


def _amounts(stats: Stats, duration_s: float) -> tuple[str, str]:
    """What was sent and answered well per second; as counts in the short rest of a run, where rates mean nothing."""
    if duration_s < LEAST_S:
        return f"{stats.counts.started:>6,}   sent", f"{stats.counts.ok:>6,}   ok"
    return f"{number_text(stats.rate_per_s):>6}/s sent", f"{number_text(stats.throughput_per_s):>6}/s ok"


def event_text(event: Event) -> str:
    """`00:42          level 200 (ctl)`."""
    level = f" {event.level:,.6g}" if event.level is not None and not event.detail else ""
    origin = f" ({event.origin})" if event.origin else ""
    detail = f": {event.detail}" if event.detail else ""
    return f"{format_clock(event.at_s)}          {event.kind.replace('_', ' ')}{level}{detail}{origin}"


class InOrder:
    """Puts events and intervals in the order of their times: an interval is known a moment after it has ended."""

    def __init__(self) -> None:
        self._held: list[Event] = []
        self._until_s = 0.0

    def add(self, line: Interval | Event) -> list[Interval | Event]:
        """Take the next line of a journal; what can be shown now."""
        if isinstance(line, Event):
            if line.at_s > self._until_s:
                self._held.append(line)
                return []
            return [line]
        self._until_s = line.at_s + line.duration_s
        due = sorted((event for event in self._held if event.at_s <= self._until_s), key=lambda event: event.at_s)
        self._held = [event for event in self._held if event.at_s > self._until_s]
        return [*due, line]

    def rest(self) -> list[Interval | Event]:
        """No further interval comes: what waited for one."""
        held, self._held, self._until_s = self._held, [], math.inf
        return [*held]
