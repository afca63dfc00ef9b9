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


def endless(choices: Sequence[Choice], weights: Sequence[float], seed: int) -> Callable[[], Choice]:
    """A function that returns the next choice, for ever."""
    if len(choices) == 1:
        return cycle(choices).__next__
    return cycle([choices[position] for position in weighted_order(weights, seed=seed)]).__next__
