"""Everything the live panels draw, at one moment of a run. Taken once per interval (screens/live_picture.py)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from perftui.metrics.heat import Interval as Answers
from perftui.model.comparison import Comparison
from perftui.model.interval import Counts, ErrorSample, Event, Interval
from perftui.model.plan import Plan
from perftui.model.record import ObjectiveResult, Stats, Summary, Trust
from perftui.tui.widgets.chart import Points
from perftui.tui.widgets.trend import peak, trend, trend_rows

Palette = Literal["full", "16", "none"]
"""What a terminal can show: shades of a colour, sixteen colours, or no colour at all."""
ENDED = frozenset({"finished", "stopped", "aborted", "interrupted", "failed"})
"""States of a run that is over."""
TREND_S = 60
"""Seconds of the past that the sparklines have."""


def trend_seconds(width: int) -> int:
    """How many seconds a trend of this width shows: whole seconds per cell, at most TREND_S."""
    return TREND_S if width >= TREND_S else max(1, width) * (TREND_S // max(1, width))


@dataclass(frozen=True, slots=True)
class Window:
    """Some seconds of the run that are compared with others."""

    end_s: float
    seconds: int
    summary: Summary


@dataclass(frozen=True, slots=True)
class Against:
    """A run compared with its baseline while it goes on."""

    comparison: Comparison | None = None
    """Of the newest look; None before the first."""
    at_s: float = 0.0
    """When that look was, or the first will be."""
    note: str = ""
    """Why there is none, in words."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LivePicture:
    """A run at one moment."""

    plan: Plan
    run_id: str = ""
    label: str = ""
    state: str = "starting"
    """`starting`, `warm-up`, `running`, `paused`, `draining`, `finished`, ..., `lost`."""
    elapsed_s: float = 0.0
    planned_s: float = 0.0
    """Warm-up and stages; the drain comes on top."""
    axis_s: tuple[float, float] = (0.0, 1.0)
    """Seconds that the throughput plot shows."""
    trust: Trust = field(default_factory=Trust)
    window_s: int = 1
    window: Summary = field(default_factory=Summary)
    """The newest `window_s` seconds, whatever phase."""
    run: Summary = field(default_factory=Summary)
    """The measure phase so far; of operations those that an objective is about."""
    operations: Mapping[str, Stats] = field(default_factory=dict)
    """Operations of the measure phase so far; before it, of the window."""
    outlines: Mapping[str, Stats] = field(default_factory=dict)
    """Counts of each of them, and times where they are put in an order by these."""
    counts: Counts = field(default_factory=Counts)
    """The whole run."""
    interval: Interval = field(default_factory=lambda: Interval(at_s=0.0, duration_s=1.0, phase="warmup"))
    """The newest one."""
    trends: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict)
    """Per metric one value per second, the newest TREND_S of them, oldest first; None where nothing was measured."""
    second: int = 0
    """Number of the newest second."""
    densities: Sequence[Answers] = ()
    """Start and length of each second, and where its response times lie."""
    attained: Points = ()
    """Ok per second over the axis."""
    errors: Points = ()
    """Failed requests per second over the axis."""
    sampled: Callable[[str], Points] = field(default=lambda _: ())
    """Any other series over the axis, by its name (metrics/series.py); looked up only where it is drawn."""
    last_seen: Mapping[str, float] = field(default_factory=dict)
    """When each error class was counted last."""
    asked: Points = ()
    """Arrivals per second the plan asks for, over the axis, the future included."""
    baseline: Points = ()
    """Ok per second of the baseline run, by its own time."""
    baseline_id: str = ""
    against: Against | None = None
    """None without a baseline."""
    events: tuple[Event, ...] = ()
    samples: tuple[ErrorSample, ...] = ()
    objectives: tuple[ObjectiveResult, ...] = ()
    moves: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """Whether the value of a metric and operation rises (1), falls (-1) or stays (0), of the newest seconds."""
    sort: str = "share"
    """Column that orders the operations."""
    first_row: int = 0
    """Operations scrolled past."""
    cursor_s: float | None = None
    """The moment that is looked at when the view is held; None follows the run."""
    ended_as: str = ""
    """How the run has ended meanwhile, when the moment that is looked at was before that."""
    windows: Mapping[str, Window] = field(default_factory=dict)
    """Two places that are compared, `A` and `B`, or one of them."""
    lines_only: bool = False
    """Percentiles as lines instead of the heat map below them."""
    palette: Palette = "full"
    readonly: bool = False
    problem: str = ""
    """Why the journal cannot be read further."""

    @property
    def is_open(self) -> bool:
        """Whether arrivals are scheduled (rate mode), so that delay and asked rate mean something."""
        return self.plan.load.mode == "rate"

    def trend(self, metric: str, width: int, top: float | None = None) -> tuple[str, float]:
        """A metric as a line of blocks as wide as there is room for, and its maximum in that time."""
        values = self.trends.get(metric, ())[-trend_seconds(width) :]
        return trend(values, width, top, last=self.second), peak(values)

    def trend_rows(self, metric: str, width: int, height: int) -> tuple[list[str], float]:
        """The same over several lines, top line first."""
        if height <= 1:
            line, top = self.trend(metric, width)
            return [line], top
        values = self.trends.get(metric, ())[-trend_seconds(width) :]
        return trend_rows(values, width, height, last=self.second), peak(values)

    @property
    def over(self) -> bool:
        """Whether the run has ended."""
        return self.state in ENDED

    @property
    def held(self) -> bool:
        """Whether the view stands still."""
        return self.cursor_s is not None
