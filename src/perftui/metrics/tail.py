"""The older part of a run: blocks that are the longer, the older they are, so that a run of any length fits."""

from __future__ import annotations

from perftui.metrics.interval_merge import merge_intervals
from perftui.metrics.series import IntervalView
from perftui.model.plan import Mode

MOST = 120
"""Blocks of each length: two hours of minutes, before them four of two minutes, before them eight of four minutes, ...
A day is less than 450 blocks, more than a plot has columns."""


class Tail:
    """Takes blocks of equal length, oldest first. Two neighbours become one when there are too many of their length."""

    def __init__(self, mode: Mode, most: int = MOST) -> None:
        self._mode: Mode = mode
        self._most = most
        self._lengths: list[list[IntervalView]] = []
        """Shortest first; each twice as long as the one before."""

    def add(self, block: IntervalView) -> None:
        """Take the next one. At most one pair of each length is merged."""
        for held in self._lengths:
            held.append(block)
            if len(held) <= self._most:
                return
            older, newer = held[:2]
            del held[:2]
            block = IntervalView(merge_intervals([older.interval, newer.interval]), self._mode)
        self._lengths.append([block])

    @property
    def blocks(self) -> list[IntervalView]:
        """All of it, oldest first."""
        return [block for held in reversed(self._lengths) for block in held]
