"""A finished run as a film: its lines in the order of their time, and where one is in it. Knows no screen."""

from __future__ import annotations

from perftui.metrics.timeline import Timeline
from perftui.model.interval import ErrorSample, Event, Interval
from perftui.model.plan import Plan

SPEEDS = (1.0, 2.0, 5.0, 10.0, 60.0)
"""Seconds of the run per second of watching."""


class ReplayClock:
    """Position, speed, and the timeline up to the position. Going on is cheap, going back starts anew."""

    def __init__(self, plan: Plan, whole: Timeline) -> None:
        self.plan = plan
        self.whole = whole
        self.speed = 1.0
        self.playing = True
        self.at_s = 0.0
        self.end_s = whole.at_s
        lines: list[Interval | Event | ErrorSample] = [*whole.intervals, *whole.events, *whole.error_samples]
        self._lines = sorted(lines, key=_known_at)
        self._next = 0
        self.timeline = Timeline(plan)

    def advance(self, seconds: float) -> bool:
        """Let time pass; whether another line came to be known."""
        if not self.playing:
            return False
        if self.at_s >= self.end_s:
            self.playing = False
            return True
        return self.seek(self.at_s + seconds * self.speed)

    def seek(self, at_s: float) -> bool:
        """Go to a moment; whether that shows anything else."""
        target_s = min(max(0.0, at_s), self.end_s)
        if target_s < self.at_s:
            self._next = 0
            self.timeline = Timeline(self.plan)
        changed = target_s < self.at_s
        self.at_s = target_s
        while self._next < len(self._lines) and _known_at(self._lines[self._next]) <= target_s + 1e-6:
            self.timeline.add(self._lines[self._next])
            self._next += 1
            changed = True
        return changed

    def toggle(self) -> None:
        """Play, or pause; at the end from the start."""
        if not self.playing and self.at_s >= self.end_s:
            self.seek(0.0)
        self.playing = not self.playing

    def faster(self, step: int) -> None:
        """The next higher or lower speed."""
        place = SPEEDS.index(self.speed) + step
        self.speed = SPEEDS[min(max(0, place), len(SPEEDS) - 1)]


def _known_at(line: Interval | Event | ErrorSample) -> float:
    return line.at_s + line.duration_s if isinstance(line, Interval) else line.at_s
