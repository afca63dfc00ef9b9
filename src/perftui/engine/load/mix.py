"""Which request comes next: operations and journeys in the proportion of their weights."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from itertools import cycle
from typing import TypeVar

_ROUND = 4096

Choice = TypeVar("Choice")


def weighted_order(weights: Sequence[float], length: int = _ROUND, seed: int = 1) -> list[int]:
    """Positions in a random order that is the same for the same seed.

    Each comes as often as its weight says, to within one, in the whole and nearly so in every part of it: its places
    are spread evenly, each moved by chance within its share.

    Raises:
        ValueError: no weight is above zero.
    """
    total = sum(weights)
    if not total > 0:
        raise ValueError("no operation has a weight above zero")
    shares = [weight / total * length for weight in weights]
    counts = [int(share) for share in shares]
    by_remainder = sorted(range(len(shares)), key=lambda position: counts[position] - shares[position])
    for position in by_remainder[: length - sum(counts)]:
        counts[position] += 1
    chance = random.Random(seed)
    places: list[tuple[float, int]] = []
    for position, weight in enumerate(weights):
        # a weight too small for one place in the round still gets one
        count = counts[position] or int(weight > 0)
        places += [((number + chance.random()) / count, position) for number in range(count)]
    return [position for _, position in sorted(places)]


class Split:
    """A growing number of requests in the proportion of weights: whole parts, what is left over is owed."""

    def __init__(self, weights: Sequence[float]) -> None:
        total = sum(weights) or 1.0
        self._shares = [weight / total for weight in weights]
        self._owed = [0.0] * len(weights)

    def of(self, count: int) -> list[int]:
        """The parts of so many more."""
        self._owed = [owed + count * share for owed, share in zip(self._owed, self._shares, strict=True)]
        parts = [int(owed) for owed in self._owed]
        most_owed = sorted(range(len(parts)), key=lambda place: parts[place] - self._owed[place])
        for place in most_owed[: count - sum(parts)]:
            parts[place] += 1
        self._owed = [owed - part for owed, part in zip(self._owed, parts, strict=True)]
        return parts


def endless(choices: Sequence[Choice], weights: Sequence[float], seed: int) -> Callable[[], Choice]:
    """A function that returns the next choice, for ever."""
    if len(choices) == 1:
        return cycle(choices).__next__
    return cycle([choices[position] for position in weighted_order(weights, seed=seed)]).__next__
