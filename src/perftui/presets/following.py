"""Objectives that state the preset's own rate follow another one: 990/s of 1,000/s is 49.5/s of 50/s."""

from __future__ import annotations

from msgspec.structs import replace

from perftui.model.load_profile import peak
from perftui.model.objectives import RATE_METRICS, parse_limit
from perftui.model.plan import Load, Objective


def following(objectives: tuple[Objective, ...], before: Load, after: Load) -> tuple[Objective, ...]:
    """The objectives of a preset whose load was changed, each changed one with a note that says so.

    Where the rate became users, none is left that states it: how fast they are is for the target to say.
    """
    if before.mode != "rate" or peak(before) <= 0 or (before.mode == after.mode and peak(before) == peak(after)):
        return objectives
    if after.mode != "rate":
        return tuple(objective for objective in objectives if objective.metric not in RATE_METRICS)
    factor = peak(after) / peak(before)
    return tuple(
        _scaled(objective, factor, peak(before)) if objective.metric in RATE_METRICS else objective
        for objective in objectives
    )


def _scaled(objective: Objective, factor: float, written_for: float) -> Objective:
    target, critical = (_times(text, objective.metric, factor) for text in (objective.target, objective.critical))
    note = f"follows the rate: {objective.critical or objective.target} was written for {written_for:,.6g}/s"
    return replace(objective, target=target, critical=critical, note=note)


def _times(text: str, metric: str, factor: float) -> str:
    if not text:
        return ""
    limit = parse_limit(text, metric)
    return f"{limit.operator} {limit.value * factor:.6f}".rstrip("0").rstrip(".") + "/s"
