"""Mean, 95th percentile and maximum of a sampled quantity, in constant memory."""

from __future__ import annotations

from array import array

from perftui.model.record import Spread

_MOST = 2048
"""A run of half an hour is kept whole."""


class SpreadOf:
    """Takes samples one by one. Mean and maximum are exact; the percentile is of every 2^k-th sample of long runs."""

    __slots__ = ("_kept", "_max", "_stride", "_sum", "count")

    def __init__(self) -> None:
        self._kept = array("d")
        self._stride = 1
        self.count = 0
        self._sum = 0.0
        self._max = 0.0

    def add(self, value: float) -> None:
        """Take a sample."""
        if self.count % self._stride == 0:
            self._kept.append(value)
            if len(self._kept) > _MOST:
                del self._kept[1::2]
                self._stride *= 2
        self._max = value if not self.count else max(self._max, value)
        self.count += 1
        self._sum += value

    @property
    def spread(self) -> Spread:
        """What the samples say; zeros without any."""
        if not self.count:
            return Spread()
        ordered = sorted(self._kept)
        rank = -(-95 * len(ordered) // 100)
        return Spread(mean=round(self._sum / self.count, 3), p95=round(ordered[rank - 1], 3), max=round(self._max, 3))
