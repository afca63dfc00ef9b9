"""The plots of a run's page: throughput, times, errors and load of this machine over time, and the percentile curve."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from perftui.metrics.timeline import Timeline
from perftui.report.svg import Css, Line, svg_plot
from perftui.store.loading import LoadedRun

_CURVE_TICKS = ((0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %"))

_PERCENTILES: tuple[tuple[str, Css], ...] = (("p99", "c"), ("p95", "b"), ("p50", "a"))


def run_plots(run: LoadedRun) -> list[str]:
    """Figures as HTML; none when the run has no intervals (a TOML export, say)."""
    if not run.intervals:
        return []
    timeline = _timeline(run)
    rate_mode = run.record.plan.load.mode == "rate"
    times = "response_time" if rate_mode else "service_time"
    marks = [(event.at_s, event.detail or event.kind) for event in run.events if event.kind in _MARKED]
    throughput = [Line(label="ok", points=timeline.series("throughput"), css="a")]
    if rate_mode:
        throughput.insert(0, Line(label="asked", points=timeline.series("asked"), css="q"))
    errors = timeline.series("errors_per_s")
    figures = [
        svg_plot("Throughput", throughput, unit="per second", marks=marks),
        svg_plot(
            times.replace("_", " ").capitalize(),
            [Line(label=name, points=timeline.series(f"{times}.{name}"), css=css) for name, css in _PERCENTILES],
            unit="ms, of each second",
            marks=marks,
        ),
    ]
    if any(value > 0 for _, value in errors if math.isfinite(value)):
        figures.append(
            svg_plot("Errors", [Line(label="errors", points=errors, css="c")], unit="per second", marks=marks)
        )
    figures.append(_curve(timeline, rate_mode=rate_mode))
    cpu = [Line(label="all cores", points=timeline.series("cpu"), css="a")]
    cpu.append(Line(label="busiest worker", points=timeline.series("worker_cpu"), css="b"))
    figures.append(svg_plot("CPU of this machine", cpu, unit="per cent", limit=100.0))
    return [figure for figure in figures if figure]


def comparison_plots(baseline: LoadedRun, run: LoadedRun) -> list[str]:
    """Both runs in one figure each: percentiles, p95 and throughput over time. None where one has no intervals."""
    if not baseline.intervals or not run.intervals:
        return []
    before, after = _timeline(baseline), _timeline(run)
    both_rate = baseline.record.plan.load.mode == run.record.plan.load.mode == "rate"
    times: Literal["response_time", "service_time"] = "response_time" if both_rate else "service_time"
    name = times.replace("_", " ").capitalize()
    ticks = [(_stretched(quantile), label) for quantile, label in _CURVE_TICKS]
    figures = [
        svg_plot(
            f"{name}, percentiles",
            [_line("baseline", before.curve(times), "q"), _line("run", after.curve(times), "a")],
            unit="ms at or below",
            x_ticks=ticks,
        )
    ]
    for metric, title, unit in (
        (f"{times}.p95", f"{name}, p95", "ms, of each second"),
        ("throughput", "Throughput", "ok per second"),
    ):
        lines = [
            Line(label="baseline", points=before.series(metric), css="q"),
            Line(label="run", points=after.series(metric), css="a"),
        ]
        figures.append(svg_plot(title, lines, unit=unit))
    return [figure for figure in figures if figure]


def _timeline(run: LoadedRun) -> Timeline:
    timeline = Timeline(run.record.plan)
    for interval in run.intervals:
        timeline.add(interval)
    for event in run.events:
        timeline.add(event)
    return timeline


_MARKED = frozenset({"pause", "resume", "level", "mark", "stop", "abort", "worker_lost", "auto_stop", "disk"})


def _curve(timeline: Timeline, *, rate_mode: bool) -> str:
    """Percentiles on an axis that stretches the tail."""
    lines = [_line("service time", timeline.curve("service_time"), "b" if rate_mode else "a")]
    if rate_mode:
        lines.append(_line("response time", timeline.curve("response_time"), "a"))
    ticks = [(_stretched(quantile), label) for quantile, label in _CURVE_TICKS]
    return svg_plot("Percentiles", lines, unit="ms at or below", x_ticks=ticks)


def _line(label: str, curve: Sequence[tuple[float, float]], css: Css) -> Line:
    return Line(
        label=label, points=[(_stretched(quantile), value) for quantile, value in curve if quantile < 1], css=css
    )


def _stretched(quantile: float) -> float:
    return -math.log10(1 - quantile)
