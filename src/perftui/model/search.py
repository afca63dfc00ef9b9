"""A search for the highest level at which the objectives hold: its steps, and what it found."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from perftui.model.plan import Mode

StepKind = Literal["rise", "narrow", "beyond", "confirm"]
FEWEST_FOR_KNEE = 3
"""Levels without which a curve cannot be said to bend."""
LimitedBy = Literal["target", "generator", "ceiling"]


class SearchStep(Struct, frozen=True, kw_only=True):
    """A level that was tried."""

    level: float
    kind: StepKind
    holds: bool
    why: str = ""
    """What did not hold."""
    seconds: float = 0.0
    requests: int = 0
    throughput_per_s: float = 0.0
    """Ok answers."""
    p50_ms: float = 0.0
    p95_ms: float = 0.0
    error_rate: float = 0.0


class Search(Struct, frozen=True, kw_only=True):
    """What a search found."""

    mode: Mode
    answer: float
    """The highest level found to hold; 0: none."""
    above: float | None = None
    """The lowest level found not to hold, so that the limit lies between answer and it; None: none was found."""
    limited_by: LimitedBy = "target"
    detail: str = ""
    """Why no higher level was tried, when not the target was the limit."""
    knee: float | None = None
    """The level at which throughput in relation to p95 was best; None: the curve did not bend."""
    steps: tuple[SearchStep, ...] = ()
