"""What is compared beside what every request has: times of hits and misses, and what only some protocols measure.

Only what both sides have is compared. A time has the median and p95 of its values decide; where there are too few for
that, as of a browser's visits, their mean does. An operation has rows of its own for what others have, too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from perftui.analysis.round_data import Part
from perftui.model.objectives import OWN_MEANS, OWN_RATES

FEWEST_BEYOND = 50
"""Values beyond a quantile on each side, below which it is shown but decides nothing."""
_FEW = 2 * FEWEST_BEYOND
"""Values on a side, below which not even the median is known."""


class Further:
    """The further metrics that two sets of rounds have in common."""

    def __init__(self, before: Sequence[Part], after: Sequence[Part]) -> None:
        parts = (*before, *after)
        fewest = {
            name: min(sum(part.count_of(name) for part in side) for side in (before, after))
            for name in parts[0].further_times
            if all(part.count_of(name) for part in parts)
        }
        self.times = {
            name: (("mean", "p50"), ("mean",)) if number < _FEW else (("mean", "p50", "p95"), ("p50", "p95"))
            for name, number in fewest.items()
        }
        """Which statistics of a time are shown, and which of them decide."""
        self.rates = [name for name in OWN_RATES if all(_amount(part, name) for part in parts)]
        """Counted per second."""
        self.means = [
            name
            for name, each in OWN_MEANS.items()
            if all(_amount(part, name) and _amount(part, each) for part in parts)
        ]
        """Counted for each of something."""
        self.has_hits = all(part.stats.hit_rate is not None for part in parts)

    @property
    def names(self) -> list[str]:
        """All of it."""
        return [*self.times, *self.rates, *self.means, *(["hit_rate"] if self.has_hits else [])]

    def keep(self, names: Mapping[str, object]) -> None:
        """Leave out every other."""
        self.times = {name: shown for name, shown in self.times.items() if name in names}
        self.rates = [name for name in self.rates if name in names]
        self.means = [name for name in self.means if name in names]
        self.has_hits = self.has_hits and "hit_rate" in names

    @property
    def deciding(self) -> int:
        """How many verdicts it takes."""
        times = sum(len(deciding) for _, deciding in self.times.values())
        return times + len(self.rates) + len(self.means) + self.has_hits


def further_metrics(sides: Mapping[str, tuple[Sequence[Part], Sequence[Part]]]) -> dict[str, Further]:
    """Of the total (no name), and of operations what several of them have.

    Args:
        sides: the parts of both by operation, the total among them.
    """
    found = {operation: Further(*both) for operation, both in sides.items()}
    shared = Counter(name for operation, each in found.items() if operation for name in each.names)
    several = {name: number for name, number in shared.items() if number > 1}
    for operation, each in found.items():
        if operation:
            each.keep(several)
    return found


def _amount(part: Part, name: str) -> int:
    amounts = part.stats.of_protocol.amounts
    return amounts[name].total if name in amounts else 0
