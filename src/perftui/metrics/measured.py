"""All that an objective may be about, of a run so far."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from perftui.model.plan import Objective
from perftui.model.record import Growth, LevelStats, Spread, Summary


class Stretch(Struct, frozen=True, kw_only=True):
    """A metric over some seconds of a run."""

    start_s: float
    value: float | None
    """None: nothing was answered in it."""


class Windowed(Struct, frozen=True, kw_only=True):
    """An objective's metric in every stretch of its length."""

    worst: Stretch
    newest: Stretch


class Measured(Struct, frozen=True, kw_only=True):
    """What was measured."""

    summary: Summary
    levels: tuple[LevelStats, ...] = ()
    host: Mapping[str, Spread] = {}
    growth: Growth | None = None
    windows: Mapping[Objective, Windowed] = {}
