"""Histograms added up when somebody asks: all at once costs a fraction of one by one."""

from __future__ import annotations

from perftui.metrics.sparse import Sparse
from perftui.model.interval import HistogramData

_FOLD_AT = 512
"""Packed histograms that may wait before they are merged."""
_FOLD_SUMS_AT = 16
"""Merged ones: they are ten times as large, and where one comes each minute 512 would be those of a working day."""


class TimeSum:
    """The sum of histograms, kept packed until it is looked at."""

    __slots__ = ("_merged", "_packed", "_sums")

    def __init__(self) -> None:
        self._merged = Sparse()
        self._packed: list[HistogramData] = []
        self._sums: list[Sparse] = []

    def add(self, data: HistogramData | None) -> None:
        """Add a packed histogram; None and an empty one add nothing."""
        if data is not None and data.count:
            self._packed.append(data)
            self._fold_many()

    def add_sum(self, other: Sparse) -> None:
        """Add a merged histogram."""
        self._sums.append(other)
        self._fold_many()

    def _fold_many(self) -> None:
        if len(self._packed) >= _FOLD_AT or len(self._sums) >= _FOLD_SUMS_AT:
            self.merged()

    def merged(self) -> Sparse:
        """All of it."""
        if self._packed or self._sums:
            self._merged = Sparse.merged((self._merged, *self._sums), self._packed)
            self._packed.clear()
            self._sums.clear()
        return self._merged
