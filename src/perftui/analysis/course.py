"""The seconds of a run as rules look at them: what is usual, and which stretches are not."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from msgspec import Struct

from perftui.metrics.series import LEAST_S, IntervalView
from perftui.metrics.timeline import Timeline
from perftui.model.interval import Counts
from perftui.model.plan import Plan
from perftui.model.units import format_clock


class Stretch(Struct, frozen=True):
    """Neighbouring seconds."""

    views: tuple[IntervalView, ...]

    @property
    def start_s(self) -> float:
        """When it begins."""
        return self.views[0].interval.at_s

    @property
    def end_s(self) -> float:
        """When it is over."""
        last = self.views[-1].interval
        return last.at_s + last.duration_s

    @property
    def words(self) -> str:
        """`00:07–00:13`, or `00:07` of a single second."""
        start, end = format_clock(self.start_s + 0.5), format_clock(self.end_s + 0.5)
        return start if self.end_s - self.start_s < 1.5 else f"{start}–{end}"

    @property
    def counts(self) -> Counts:
        """How requests ended in it."""
        return sum((view.counts() for view in self.views), Counts())


class Course:
    """A run, second by second, up to the drain."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.plan: Plan = timeline.plan
        mode = self.plan.load.mode
        self.views = [
            IntervalView(interval, mode)
            for interval in timeline.intervals
            if interval.phase != "drain" and interval.duration_s >= LEAST_S and not interval.paused
        ]
        self.measured = [view for view in self.views if view.interval.phase == "measure"]
        self.steered = any(event.kind in {"level", "pause"} for event in timeline.events)

    @cached_property
    def is_steady(self) -> bool:
        """Whether one level is held all the time."""
        levels = {view.interval.level for view in self.measured}
        return len(levels) <= 1 and not self.steered

    def stretches(self, is_meant: Callable[[IntervalView], bool]) -> list[Stretch]:
        """Neighbouring seconds for which something holds, together."""
        found: list[list[IntervalView]] = []
        previous = None
        for view in self.views:
            if not is_meant(view):
                continue
            if previous is not None and view.interval.at_s - _end_s(previous) < LEAST_S:
                found[-1].append(view)
            else:
                found.append([view])
            previous = view
        return [Stretch(tuple(views)) for views in found]

    def usual(self, metric: str, views: Iterable[IntervalView] | None = None) -> float | None:
        """The median of a metric over seconds; None without any."""
        values = [value for view in (views or self.measured) if (value := view.value(metric)) is not None]
        return statistics.median(values) if values else None


def _end_s(view: IntervalView) -> float:
    return view.interval.at_s + view.interval.duration_s


def classes_of(views: Sequence[IntervalView]) -> dict[str, int]:
    """Error classes of some seconds, most frequent first."""
    found: dict[str, int] = {}
    for view in views:
        for cells in view.interval.cells.values():
            for cell in cells.values():
                for name, count in cell.error_classes.items():
                    found[name] = found.get(name, 0) + count
    return dict(sorted(found.items(), key=lambda item: -item[1]))
