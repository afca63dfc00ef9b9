"""The stages of a load that hold a level: what a run of several levels is made of."""

from __future__ import annotations

from perftui.model.plan import Frozen, Load


class HeldStage(Frozen, frozen=True, kw_only=True):
    """A stretch of the profile at one level; seconds since the run's origin."""

    number: int
    """Of the stretches, from 1."""
    level: float
    start_s: float
    end_s: float


def held_stages(load: Load) -> tuple[HeldStage, ...]:
    """Every stage that holds a level above 0, in order."""
    held: list[HeldStage] = []
    at_s, level = load.warmup_s, load.start_level
    for stage in load.stages:
        end_s = at_s + stage.duration_s
        if stage.duration_s > 0 and stage.to == level > 0:
            held.append(HeldStage(number=len(held) + 1, level=level, start_s=at_s, end_s=end_s))
        at_s, level = end_s, stage.to
    return tuple(held)
