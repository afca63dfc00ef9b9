"""What each held level of a run measured, added up second by second."""

from __future__ import annotations

from collections.abc import Collection

from perftui.metrics.cells import CellSum
from perftui.model.interval import Interval
from perftui.model.load_profile import HeldStage, held_stages
from perftui.model.plan import Plan
from perftui.model.record import LevelStats

_SAME_LEVEL = 1e-6


class LevelSums:
    """Takes intervals. Nothing is kept of a run with a single level: that is its summary."""

    def __init__(self, plan: Plan) -> None:
        self._mode = plan.load.mode
        held = held_stages(plan.load)
        self._stages = held if len(held) > 1 else ()
        self._sums: dict[int, dict[str, CellSum]] = {}
        self._totals: dict[int, CellSum] = {}
        self._seconds: dict[int, float] = {}

    def add(self, interval: Interval) -> None:
        """Add an interval to the level that was held in it; one in which somebody steered belongs to none."""
        stage = self._stage_of(interval)
        if stage is None or interval.paused:
            return
        sums = self._sums.setdefault(stage.number, {})
        total = self._totals.setdefault(stage.number, CellSum())
        for cells in interval.cells.values():
            for name, cell in cells.items():
                if name not in sums:
                    sums[name] = CellSum()
                sums[name].add(cell)
                total.add(cell)
        self._seconds[stage.number] = self._seconds.get(stage.number, 0.0) + interval.duration_s

    def _stage_of(self, interval: Interval) -> HeldStage | None:
        middle_s = interval.at_s + interval.duration_s / 2
        for stage in self._stages:
            if stage.start_s <= middle_s < stage.end_s:
                return stage if abs(interval.level - stage.level) <= _SAME_LEVEL * stage.level else None
        return None

    def stats(self, only: Collection[str] | None = None) -> tuple[LevelStats, ...]:
        """The levels that were reached so far, in their order.

        Args:
            only: operations that are wanted beside the total; None: every one.
        """
        return tuple(self._of(stage, only) for stage in self._stages if stage.number in self._sums)

    def _of(self, stage: HeldStage, only: Collection[str] | None) -> LevelStats:
        seconds = self._seconds[stage.number]
        return LevelStats(
            stage=stage.number,
            level=stage.level,
            start_s=stage.start_s,
            duration_s=round(seconds, 3),
            total=self._totals[stage.number].stats(seconds, self._mode),
            operations={
                name: part.stats(seconds, self._mode)
                for name, part in self._sums[stage.number].items()
                if only is None or name in only
            },
        )
