"""The profile: what the load shall be over time. The one meaning of `stages`.

Pure; seconds count from the run's origin. Boundaries and levels are exact fractions, so counts are exact.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from perftui.model.plan import Load, Phase


@dataclass(frozen=True, slots=True)
class Segment:
    """A part of the profile with a constant slope."""

    start_s: Fraction
    end_s: Fraction
    from_level: Fraction
    to_level: Fraction
    phase: Phase
    before: Fraction = Fraction(0)
    """Arrivals before it."""

    @property
    def slope(self) -> Fraction:
        """Change of the level per second."""
        return (self.to_level - self.from_level) / (self.end_s - self.start_s)

    @property
    def arrivals(self) -> Fraction:
        """Arrivals in it."""
        return (self.from_level + self.to_level) / 2 * (self.end_s - self.start_s)

    def level_at(self, at_s: Fraction) -> Fraction:
        """The level at a moment within it."""
        return self.from_level + self.slope * (at_s - self.start_s)

    def cut(self, start_s: Fraction, end_s: Fraction, factor: Fraction) -> Segment:
        """The piece between two moments, its levels multiplied."""
        return Segment(start_s, end_s, self.level_at(start_s) * factor, self.level_at(end_s) * factor, self.phase)


def exact(number: float) -> Fraction:
    """The number as it is written, without the error of its binary form."""
    return Fraction(repr(float(number)))


@lru_cache(maxsize=64)
def planned_segments(load: Load) -> tuple[Segment, ...]:
    """The profile as written: warm-up, then the stages. Asked for every second, and more often, of the same load."""
    pieces: list[tuple[Fraction, Fraction, Fraction, bool]] = []
    level = exact(load.start_level)
    for stage in load.stages:
        to = exact(stage.to)
        if stage.duration_s > 0:
            pieces.append((exact(stage.duration_s), level, to, level != to))
        level = to
    has_hold = any(not ramps and high > 0 for _, _, high, ramps in pieces)
    has_ramp = any(ramps for *_, ramps in pieces)
    warm_level = exact(load.start_level or load.stages[0].to)
    if load.warmup_s > 0:
        pieces.insert(0, (exact(load.warmup_s), warm_level, warm_level, False))
    segments: list[Segment] = []
    start = Fraction(0)
    for position, (duration, low, high, ramps) in enumerate(pieces):
        # holds are measured; where there is none above 0, ramps are; a rest at 0 only where there is nothing else
        measured = (not ramps and high > 0) if has_hold else ramps or not has_ramp
        phase: Phase = "measure" if measured else "ramp"
        if load.warmup_s > 0 and position == 0:
            phase = "warmup"
        segments.append(Segment(start, start + duration, low, high, phase))
        start += duration
    return tuple(segments)


def planned_level_at(load: Load, at_s: float) -> float:
    """The planned level at a moment: arrivals per second, or users; 0 before the start and from the end on."""
    at = Fraction(at_s)
    for segment in planned_segments(load):
        if segment.start_s <= at < segment.end_s:
            return float(segment.level_at(at))
    return 0.0


def planned_arrivals(load: Load) -> float:
    """The integral of the planned level over the whole run, warm-up included: in rate mode the arrivals."""
    return float(sum((segment.arrivals for segment in planned_segments(load)), Fraction(0)))


def peak(load: Load) -> float:
    """The highest level of the profile."""
    return max(load.start_level, *(stage.to for stage in load.stages))


def measure_spans(load: Load) -> list[tuple[float, float]]:
    """Start and end of each part of the measure phase, in seconds."""
    return [
        (float(segment.start_s), float(segment.end_s))
        for segment in planned_segments(load)
        if segment.phase == "measure"
    ]


@dataclass(frozen=True, slots=True)
class HeldStage:
    """A stretch of the measure phase at one level."""

    number: int
    """Of the stretches, from 1."""
    level: float
    start_s: float
    end_s: float


def held_stages(load: Load) -> tuple[HeldStage, ...]:
    """Every stretch that holds a level above 0, in order: what a run of several levels is made of."""
    held = [one for one in planned_segments(load) if one.phase == "measure" and not one.slope and one.to_level]
    return tuple(
        HeldStage(number, float(one.to_level), float(one.start_s), float(one.end_s))
        for number, one in enumerate(held, 1)
    )
