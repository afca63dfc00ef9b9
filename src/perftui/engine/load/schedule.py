"""When requests are due: the load profile and its inverse. Pure; seconds and ns count from the run's origin.

With the cumulative number of arrivals N(t), the integral of the level, arrival i is due at N(t) = i. A hold at r from
a: t = a + (i - N(a)) / r. A linear ramp from r0 with slope s: t = a + (-r0 + sqrt(r0**2 + 2 s (i - N(a)))) / s, in
the form without cancellation. Boundaries are exact fractions, so counts are exact.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from perftui.metrics.histogram import Float64s, Int64s
from perftui.model.load_profile import Segment, exact, planned_segments
from perftui.model.plan import Load, Phase

NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class _Wish:
    """How somebody wants the plan changed from a moment on."""

    factor: Fraction = Fraction(1)
    level: Fraction | None = None
    """Held instead of the planned levels."""

    def piece(self, planned: Segment, start_s: Fraction, end_s: Fraction) -> Segment:
        """The part of a planned segment between two moments, as wished."""
        if self.level is None:
            return planned.cut(start_s, end_s, self.factor)
        return Segment(start_s, end_s, self.level, self.level, planned.phase)


_PAUSED = _Wish(Fraction(0))


class Schedule:
    """The intended times of a whole run, and how commands change them. All workers compute the same one."""

    def __init__(self, load: Load) -> None:
        self.load = load
        self._planned = planned_segments(load)
        self._wish = _Wish()
        self._changes = [(Fraction(0), self._wish)]
        self._paused = False
        self.end_s = float(self._planned[-1].end_s) if self._planned else 0.0
        self._build()

    def scale(self, at_s: float, factor: float) -> None:
        """From a moment on, the levels are the original ones times `factor`."""
        self._want(at_s, _Wish(exact(factor)))

    def hold(self, at_s: float, level: float) -> None:
        """From a moment on, the level is this one, whatever the plan says, until told otherwise."""
        self._want(at_s, _Wish(level=exact(level)))

    def _want(self, at_s: float, wish: _Wish) -> None:
        self._wish = wish
        if not self._paused:
            self._change(at_s, wish)

    def pause(self, at_s: float) -> None:
        """From a moment on, nothing is due. The planned end stays."""
        self._paused = True
        self._change(at_s, _PAUSED)

    def resume(self, at_s: float) -> None:
        """From a moment on, the profile goes on where it would be by now, or at the level that is held."""
        self._paused = False
        self._change(at_s, self._wish)

    def stop(self, at_s: float) -> None:
        """The profile ends at this moment; a later end than planned is not possible."""
        at = max(Fraction(0), Fraction(round(at_s * NS), NS))
        kept = [segment for segment in self._planned if segment.start_s < at]
        if kept and kept[-1].end_s > at:
            kept[-1] = kept[-1].cut(kept[-1].start_s, at, Fraction(1))
        self._planned = tuple(kept)
        self.end_s = min(self.end_s, float(at))
        self._build()

    @property
    def paused(self) -> bool:
        """Whether the last command was a pause."""
        return self._paused

    def highest_from(self, at_s: float) -> float:
        """The highest level from a moment on, as if the profile were not paused."""
        at = max(Fraction(0), Fraction(round(at_s * NS), NS))
        levels: list[Fraction] = []
        for planned in self._planned:
            if planned.end_s > at:
                piece = self._wish.piece(planned, max(at, planned.start_s), planned.end_s)
                levels += [piece.from_level, piece.to_level]
        return float(max(levels, default=Fraction(0)))

    def _change(self, at_s: float, wish: _Wish) -> None:
        at = max(Fraction(0), Fraction(round(at_s * NS), NS))
        self._changes = [change for change in self._changes if change[0] < at]
        self._changes.append((at, wish))
        self._build()

    def _build(self) -> None:
        segments: list[Segment] = []
        before = Fraction(0)
        for planned in self._planned:
            cuts = [planned.start_s, *(at for at, _ in self._changes if planned.start_s < at < planned.end_s)]
            for start, end in zip(cuts, [*cuts[1:], planned.end_s], strict=True):
                wish = next(wish for at, wish in reversed(self._changes) if at <= start)
                piece = wish.piece(planned, start, end)
                segments.append(
                    Segment(piece.start_s, piece.end_s, piece.from_level, piece.to_level, piece.phase, before)
                )
                before += piece.arrivals
        self.segments = tuple(segments)
        self.total = before
        self._starts = [float(segment.start_s) for segment in segments]
        self._ends_at = np.array([float(segment.before + segment.arrivals) for segment in segments])

    @property
    def count(self) -> int:
        """Arrivals of the whole profile (uniform), within the request limit."""
        return self._limited(math.ceil(self.total))

    @property
    def warm_count(self) -> int:
        """Arrivals of the warm-up (uniform)."""
        warm = (segment.before + segment.arrivals for segment in self.segments if segment.phase == "warmup")
        return math.ceil(max(warm, default=Fraction(0)))

    @property
    def most(self) -> int | None:
        """Arrivals up to the request limit (uniform), which counts after the warm-up; None: no limit."""
        return self.warm_count + self.load.max_requests if self.load.max_requests else None

    def _limited(self, count: int) -> int:
        return count if self.most is None else min(count, self.most)

    def times_ns(self, positions: Float64s) -> Int64s:
        """When the cumulative number of arrivals reaches each position; positions ascend and lie below `total`."""
        times = np.empty(len(positions), dtype=np.int64)
        if not len(positions):
            return times
        which = np.minimum(np.searchsorted(self._ends_at, positions, side="right"), len(self.segments) - 1)
        for number in range(int(which[0]), int(which[-1]) + 1):
            segment = self.segments[number]
            chosen = which == number
            offset = positions[chosen] - float(segment.before)
            level, slope = float(segment.from_level), float(segment.slope)
            if slope:
                root = np.sqrt(np.maximum(level * level + 2 * slope * offset, 0.0))
                denominator = level + root
                seconds = np.divide(2 * offset, denominator, out=np.zeros_like(offset), where=denominator > 0)
            else:
                seconds = offset / level
            times[chosen] = round(segment.start_s * NS) + np.rint(seconds * NS).astype(np.int64)
        return times

    def arrivals_until(self, at_s: float) -> float:
        """The integral of the level up to a moment."""
        segment = self._segment_at(at_s)
        if segment is None:
            return 0.0 if at_s <= 0 else float(self.total)
        return float(self._until(segment, at_s))

    def _until(self, segment: Segment, at_s: float) -> Fraction:
        at = Fraction(at_s)
        return segment.before + (segment.from_level + segment.level_at(at)) / 2 * (at - segment.start_s)

    def count_until(self, at_s: float) -> int:
        """Arrivals due before a moment (uniform)."""
        segment = self._segment_at(at_s)
        if segment is None:
            return 0 if at_s <= 0 else self.count
        return self._limited(math.ceil(self._until(segment, at_s)))

    def level_at(self, at_s: float) -> float:
        """The level asked at a moment: arrivals per second, or users; 0 before the start and from the end on."""
        segment = self._segment_at(at_s)
        return 0.0 if segment is None else float(segment.level_at(Fraction(at_s)))

    def phase_at(self, at_s: float) -> Phase:
        """The phase of a moment; from the end on `drain`."""
        segment = self._segment_at(max(0.0, at_s))
        return "drain" if segment is None else segment.phase

    def phase_changes_ns(self) -> list[tuple[int, Phase]]:
        """Where phases begin, in order; the last is the end (`drain`)."""
        changes: list[tuple[int, Phase]] = []
        for segment in self.segments:
            if not changes or changes[-1][1] != segment.phase:
                changes.append((round(segment.start_s * NS), segment.phase))
        changes.append((round(self.end_s * NS), "drain"))
        return changes

    def _segment_at(self, at_s: float) -> Segment | None:
        if not 0 <= at_s < self.end_s:
            return None
        return self.segments[bisect_right(self._starts, at_s) - 1]
