"""Takes the picture of a run at one moment: everything the panels show, from the timeline."""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass

from perftui.analysis.objectives import evaluate
from perftui.metrics.series import LEAST_S
from perftui.metrics.timeline import Timeline
from perftui.model.interval import Interval
from perftui.model.load_profile import planned_level_at
from perftui.model.objectives import sampled_as
from perftui.model.plan import Load, Plan
from perftui.tui.widgets.chart import Points
from perftui.tui.widgets.operations import TIME_SORTS
from perftui.tui.widgets.picture import ENDED, TREND_S, Against, LivePicture, Palette, Window

TRENDS = ("response_time.p50", "response_time.p90", "response_time.p95", "response_time.p99", "response_time.p99_9",
          "response_time.max", "errors_per_s", "cpu", "memory")  # fmt: skip
_AXIS_POINTS = 400
"""Points of the planned profile: twice the widest panel."""
_AXIS_STEPS = 4
"""A part of the axis moves on by a quarter of itself."""
ZOOMS_S = (0.0, 300.0, 60.0)
"""Lengths of the time axis; 0: the whole plan."""


_MOVE_S = 5
"""Seconds whose middle stands for now; as many before them for what was."""
_MOVED = 0.1


@dataclass(frozen=True, kw_only=True)
class Look:
    """How the person looks at the run: what does not come from the run itself."""

    window_s: int = 1
    sort: str = "share"
    first_row: int = 0
    zoom_s: float = 0.0
    cursor_s: float | None = None
    sides: tuple[tuple[str, float], ...] = ()
    """Moments that are compared, by their letters: `A`, `B`."""
    lines_only: bool = False
    palette: Palette = "full"
    readonly: bool = False
    baseline: Points = ()
    baseline_id: str = ""
    against: Against | None = None
    state: str = ""
    """Overrides the state of the run: `lost`, `replay`."""
    problem: str = ""


def take_picture(
    timeline: Timeline,
    look: Look,
    *,
    plan: Plan,
    run_id: str = "",
    label: str = "",
    ended: Timeline | None = None,
    compared: Timeline | None = None,
) -> LivePicture:
    """The picture of a timeline.

    Args:
        timeline: up to the moment that is looked at.
        look: the person's choices.
        plan: of the run.
        run_id: its id.
        label: its label.
        ended: the whole run, for the plot, when the moment is in the past.
        compared: the run of which two places are compared, when it is not the one that is drawn.
    """
    whole = ended or timeline
    interval = timeline.last_interval or Interval(at_s=0.0, duration_s=0.0, phase="warmup")
    elapsed_s = interval.at_s + interval.duration_s
    measured = timeline.measured(timeline.judged)
    run = measured.summary
    newest = whole.last_interval or interval
    axis_s = axis(plan.load, newest.at_s + newest.duration_s, look)
    window_s = look.window_s + (elapsed_s - interval.at_s if _is_partial(interval) else 0.0)
    operations = timeline.run_operations() if run.total.counts.scheduled else timeline.window_operations(window_s)
    return LivePicture(
        plan=plan,
        run_id=run_id,
        label=label,
        state=look.state or state_of(timeline),
        elapsed_s=max(0.0, elapsed_s),
        planned_s=plan.load.warmup_s + plan.load.duration_s,
        axis_s=axis_s,
        trust=timeline.trust(),
        window_s=look.window_s,
        window=timeline.window(window_s, only=()),
        run=run,
        operations=operations,
        outlines=operations.outlines(times=look.sort in TIME_SORTS),
        counts=timeline.whole_run(),
        interval=interval,
        trends={name: _newest(timeline, name) for name in TRENDS},
        second=round(interval.at_s),
        densities=whole.densities(),
        attained=whole.series("throughput"),
        errors=whole.series("errors_per_s"),
        sampled=whole.series,
        last_seen=timeline.last_seen,
        asked=_asked(plan.load, whole, newest, axis_s, ended=look.state in ENDED or whole.end is not None),
        baseline=look.baseline,
        baseline_id=look.baseline_id,
        against=_against(look),
        events=tuple(whole.events),
        samples=tuple(timeline.error_samples),
        objectives=evaluate(plan.objectives, measured),
        moves={} if timeline.end is not None else _moves(timeline, plan),
        sort=look.sort,
        first_row=look.first_row,
        cursor_s=look.cursor_s,
        ended_as=whole.end.status if look.cursor_s is not None and whole.end is not None else "",
        windows={letter: _window(compared or whole, at_s, look.window_s) for letter, at_s in look.sides},
        lines_only=look.lines_only,
        palette=look.palette,
        readonly=look.readonly,
        problem=look.problem,
    )


def state_of(timeline: Timeline) -> str:
    """The state of a run from what its journal says."""
    if timeline.end is not None:
        return timeline.end.status
    interval = timeline.last_interval
    if interval is None:
        return "starting"
    if interval.phase == "drain":
        return "draining"
    if interval.paused:
        return "paused"
    return "warm-up" if interval.phase == "warmup" else "running"


def axis(load: Load, newest_s: float, look: Look) -> tuple[float, float]:
    """Seconds that the plot shows: the whole plan, or the newest part of it."""
    whole_s = max(load.warmup_s + load.duration_s, newest_s, 1.0)
    if not look.zoom_s or look.zoom_s >= whole_s:
        return 0.0, whole_s
    # in steps: an axis that moved every second would send the whole picture every second
    step_s = look.zoom_s / _AXIS_STEPS
    last_s = newest_s if look.cursor_s is None else look.cursor_s + step_s
    end_s = min(whole_s, max(look.zoom_s, math.ceil(last_s / step_s - 1e-9) * step_s))
    return end_s - look.zoom_s, end_s


def _asked(load: Load, timeline: Timeline, newest: Interval, axis_s: tuple[float, float], *, ended: bool) -> Points:
    """What was asked so far, then what the plan still asks, at the level it was steered to."""
    if load.mode != "rate":
        return ()
    # the level, not the arrivals counted: those go up and down by one from second to second
    due = {at_s for at_s, arrivals in timeline.series("asked") if arrivals}
    levels = timeline.series("level")
    # a level is that of a second's end: its middle is half-way from the end before
    past = [
        (at_s, (level + (levels[place - 1][1] if place else level)) / 2)
        for place, (at_s, level) in enumerate(levels)
        if at_s in due
    ]
    if ended:
        return past
    now_s = newest.at_s + newest.duration_s
    planned = planned_level_at(load, max(0.0, now_s - 1e-6))
    factor = newest.level / planned if planned and newest.duration_s else 1.0
    # as far apart as the seconds that are past, at least: the plot bridges the mean distance, no more
    step_s = max((axis_s[1] - axis_s[0]) / _AXIS_POINTS, 1.0)
    future: list[tuple[float, float]] = []
    at_s = now_s
    while at_s < axis_s[1]:
        future.append((at_s, planned_level_at(load, at_s) * factor))
        at_s += step_s
    return [*past, *future]


def _against(look: Look) -> Against | None:
    """How the run stood against its baseline at the moment that is looked at."""
    against = look.against
    if against is None or look.cursor_s is None or look.cursor_s >= against.at_s:
        return against
    return Against(at_s=against.at_s)


def _window(timeline: Timeline, end_s: float, seconds: int) -> Window:
    """The seconds that end at a moment, as many as the window of the percentiles has."""
    return Window(end_s, seconds, timeline.between(end_s - seconds, end_s, only=()))


def _is_partial(interval: Interval) -> bool:
    """Whether an interval is the short rest of a run: its rates and percentiles say nothing."""
    return interval.duration_s < LEAST_S


def _moves(timeline: Timeline, plan: Plan) -> dict[tuple[str, str], int]:
    """Which way each objective's value goes: the middle of the newest seconds against that of the ones before."""
    found = {}
    for each in plan.objectives:
        sampled = sampled_as(each.metric)
        try:
            points = timeline.series(sampled[0] if sampled else each.metric, each.operation, last_s=2 * _MOVE_S)
        except ValueError:
            continue  # a check, or a growth over the whole run: it has no value of a second
        values = [value for _, value in points]
        if len(values) < _MOVE_S:
            continue
        half = len(values) // 2
        before, now = statistics.median(values[:half]), statistics.median(values[half:])
        least = _MOVED * max(abs(before), abs(now))
        found[each.metric, each.operation] = (now - before > least) - (before - now > least)
    return found


def _newest(timeline: Timeline, metric: str) -> tuple[float | None, ...]:
    """One value per second of the newest TREND_S seconds; None where nothing was measured."""
    newest = timeline.last_interval
    if newest is None:
        return ()
    last = round(newest.at_s) - _is_partial(newest)
    values: list[float | None] = [None] * max(0, min(TREND_S, last + 1))
    for at_s, value in reversed(timeline.series(metric, last_s=TREND_S)):
        place = round(at_s) - last + len(values) - 1
        if place < 0:
            break
        if place < len(values):
            values[place] = value
    return tuple(values)
