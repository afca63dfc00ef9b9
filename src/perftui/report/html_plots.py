"""The figures of a page: times, throughput, errors and load of this machine over time, and percentile curves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Literal

from msgspec import Struct

from perftui.metrics.series import LEAST_S
from perftui.metrics.timeline import Timeline
from perftui.model.objectives import parse_limit
from perftui.model.plan import Plan
from perftui.report.svg import Css, Figure, Line, Mark, line_figure
from perftui.report.svg_heat import heat_figure
from perftui.store.loading import LoadedRun

Times = Literal["response_time", "service_time"]
_CURVE_TICKS = ((0.5, "50 %"), (0.9, "90 %"), (0.99, "99 %"), (0.999, "99.9 %"), (0.9999, "99.99 %"))
_PERCENTILES: tuple[tuple[str, Css], ...] = (("p99", "c"), ("p95", "b"), ("p50", "a"))
_OPERATION_CSS: tuple[Css, ...] = ("a", "b", "c", "d", "e", "f")
"""So many operations have curves of their own: the busiest."""
_MARKED = frozenset({"pause", "resume", "level", "mark", "stop", "abort", "worker_lost", "auto_stop", "disk"})


class RunFigures(Struct, frozen=True, kw_only=True):
    """The figures of one run, by their place on the page."""

    heat: Figure | None = None
    over_time: Sequence[Figure] = ()
    operations: Sequence[Figure] = ()
    machine: Sequence[Figure] = ()


def run_figures(run: LoadedRun) -> RunFigures:
    """All of them; none when the run has no intervals (a TOML export, say)."""
    if not run.intervals:
        return RunFigures()
    timeline = _timeline(run)
    plan = run.record.plan
    marks = [(event.at_s, event.detail or event.kind) for event in run.events if event.kind in _MARKED]
    return RunFigures(
        heat=heat_figure(timeline.densities(), max(1.0, timeline.at_s), marks=marks, goal_ms=_goal_ms(plan)),
        over_time=[figure for figure in _over_time(timeline, plan, marks) if figure],
        operations=[figure for figure in _by_operation(timeline, run, marks) if figure],
        machine=[figure for figure in (_cpu(timeline),) if figure],
    )


def _goal_ms(plan: Plan) -> float:
    for objective in plan.objectives:
        if objective.metric.startswith("response_time.") and not objective.operation:
            return parse_limit(objective.limits[0], objective.metric).value
    return 0.0


def _over_time(timeline: Timeline, plan: Plan, marks: Sequence[Mark]) -> Iterator[Figure | None]:
    is_open = plan.load.mode == "rate"
    times = _times_of(plan)
    throughput = [_series(timeline, "throughput", "ok", "a")]
    if is_open:
        throughput.insert(0, _series(timeline, "asked", "asked", "q"))
    yield line_figure("Throughput", throughput, unit="per second", marks=marks)
    lines = [_series(timeline, f"{times}.{name}", name, css) for name, css in _PERCENTILES]
    yield line_figure(_title(times), lines, unit="ms, of each second", marks=marks)
    errors = _series(timeline, "errors_per_s", "errors", "c")
    if any(value > 0 for _, value in errors.points if math.isfinite(value)):
        yield line_figure("Errors", [errors], unit="per second", marks=marks, whole=True)
    curves = [_line("service time", timeline.curve("service_time"), "b" if is_open else "a")]
    if is_open:
        curves.append(_line("response time", timeline.curve("response_time"), "a"))
    yield _curves("Percentiles", curves)


def _by_operation(timeline: Timeline, run: LoadedRun, marks: Sequence[Mark]) -> Iterator[Figure | None]:
    """Percentile curves and p95 over time of the busiest operations, where there are several."""
    plan = run.record.plan
    operations = run.record.summary.operations
    if len(operations) < 2:
        return
    times = _times_of(plan)
    busiest = sorted(operations, key=lambda name: -operations[name].counts.scheduled)[: len(_OPERATION_CSS)]
    styled = list(zip(busiest, _OPERATION_CSS, strict=False))
    which = "" if len(busiest) == len(operations) else f", the {len(busiest)} busiest of {len(operations)}"
    curves = [_line(name, timeline.curve(times, name), css) for name, css in styled]
    yield _curves(f"Percentiles by operation{which}", curves, wide=True)
    lines = [_series(timeline, f"{times}.p95", name, css, operation=name) for name, css in styled]
    yield line_figure(f"{_title(times)} p95 by operation", lines, unit="ms, of each second", marks=marks, wide=True)


def _cpu(timeline: Timeline) -> Figure | None:
    lines = [_series(timeline, "cpu", "all cores", "a"), _series(timeline, "worker_cpu", "busiest worker", "b")]
    return line_figure("CPU of this machine", lines, unit="per cent", limit=100.0)


def comparison_figures(baseline: LoadedRun, run: LoadedRun) -> list[Figure]:
    """Both runs in one figure each: percentiles, p95 and throughput over time. None where one has no intervals."""
    if not baseline.intervals or not run.intervals:
        return []
    before, after = _timeline(baseline), _timeline(run)
    both_rate = baseline.record.plan.load.mode == run.record.plan.load.mode == "rate"
    times: Times = "response_time" if both_rate else "service_time"
    figures = [
        _curves(
            f"{_title(times)}, percentiles",
            [_line("baseline", before.curve(times), "q"), _line("run", after.curve(times), "a")],
        )
    ]
    for metric, title, unit in (
        (f"{times}.p95", f"{_title(times)}, p95", "ms, of each second"),
        ("throughput", "Throughput", "ok per second"),
    ):
        lines = [_series(before, metric, "baseline", "q"), _series(after, metric, "run", "a")]
        figures.append(line_figure(title, lines, unit=unit))
    return [figure for figure in figures if figure]


def _timeline(run: LoadedRun) -> Timeline:
    timeline = Timeline(run.record.plan)
    for interval in run.intervals:
        timeline.add(interval)
    for event in run.events:
        timeline.add(event)
    return timeline


def _times_of(plan: Plan) -> Times:
    return "response_time" if plan.load.mode == "rate" else "service_time"


def _title(times: Times) -> str:
    return times.replace("_", " ").capitalize()


def _series(timeline: Timeline, metric: str, label: str, css: Css, *, operation: str = "") -> Line:
    """A metric over time; a second in which it was not measured, as nothing was answered, breaks the line."""
    known = dict(timeline.series(metric, operation))
    starts = [interval.at_s for interval in timeline.intervals if interval.duration_s >= LEAST_S]
    return Line(label=label, points=[(at_s, known.get(at_s, math.nan)) for at_s in starts], css=css)


def _curves(title: str, lines: Sequence[Line], *, wide: bool = False) -> Figure | None:
    """Percentiles on an axis that stretches the tail."""
    ticks = [(_stretched(quantile), label) for quantile, label in _CURVE_TICKS]
    return line_figure(title, lines, unit="ms at or below", x_ticks=ticks, x_name=_percent, wide=wide)


def _line(label: str, curve: Sequence[tuple[float, float]], css: Css) -> Line:
    return Line(
        label=label, points=[(_stretched(quantile), value) for quantile, value in curve if quantile < 1], css=css
    )


def _stretched(quantile: float) -> float:
    return -math.log10(1 - quantile)


def _percent(stretched: float) -> str:
    return f"{100 * (1 - 10**-stretched):.6g} %"
