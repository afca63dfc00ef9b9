"""Two runs with all that their comparison shows. `read_pair` and `judge` block: call them in a thread."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from perftui.model.comparison import Comparison
from perftui.tui.plot import PERCENTILE_TICKS, Plot, percentile_points

if TYPE_CHECKING:
    from perftui.metrics.timeline import Timeline
    from perftui.store.loading import LoadedRun


class Side(Struct, frozen=True, kw_only=True):
    """One of the two runs."""

    run: LoadedRun
    timeline: Timeline


class Pair(Struct, frozen=True, kw_only=True):
    """Baseline and run."""

    baseline: Side
    run: Side

    def percentiles(self, operation: str) -> Plot:
        """Both percentile curves of an operation, or of the total."""
        from perftui.report.plots import Series

        old = percentile_points(self.baseline.timeline.curve(operation=operation))
        new = percentile_points(self.run.timeline.curve(operation=operation))
        last = max((x for x, _ in (*old[-1:], *new[-1:])), default=1.0)
        ticks = tuple(tick for tick in PERCENTILE_TICKS if tick[0] <= last + 1e-6)
        return Plot(
            series=(Series("baseline", old, "ghost"), Series("run", new, "main")),
            unit="ms",
            x_range=(0.0, max(1.0, last)),
            x_ticks=ticks,
        )

    def over_time(self, metric: str, operation: str, unit: str) -> Plot:
        """A metric of both runs by seconds since their start."""
        from perftui.report.plots import Series

        old, new = (_until_drain(side, metric, operation) for side in (self.baseline, self.run))
        return Plot(series=(Series("baseline", old, "ghost"), Series("run", new, "main")), unit=unit)


def _until_drain(side: Side, metric: str, operation: str) -> tuple[tuple[float, float], ...]:
    load = side.run.record.plan.load
    end_s = load.warmup_s + load.duration_s
    return tuple(point for point in side.timeline.series(metric, operation) if point[0] < end_s - 1e-3)


def read_pair(baseline: Path, run: Path) -> Pair:
    """Both runs.

    Raises:
        PerftuiError: one of them cannot be read.
    """
    return Pair(baseline=_side(baseline), run=_side(run))


def _side(path: Path) -> Side:
    from perftui.metrics.timeline import Timeline
    from perftui.store.loading import load_run

    run = load_run(str(path))
    timeline = Timeline(run.record.plan)
    for interval in run.intervals:
        timeline.add(interval)
    for event in run.events:
        timeline.add(event)
    return Side(run=run, timeline=timeline)


def judge(pair: Pair) -> Comparison:
    """What changed from the baseline to the run, as `perftui compare` says it.

    Raises:
        PerftuiError: it cannot be said.
    """
    from perftui.analysis.saved_runs import compare_saved, sides

    return compare_saved(*sides(pair.baseline.run, pair.run.run))
