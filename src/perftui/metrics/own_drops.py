"""Requests that were due and not sent by the generator's own fault: never the target's errors."""

from __future__ import annotations

from collections.abc import Mapping

OWN_DROPS = ("dropped.generator", "dropped.worker_lost")


def own_drops(error_classes: Mapping[str, int]) -> int:
    """How many of the failures of some requests these are."""
    return sum(error_classes.get(name, 0) for name in OWN_DROPS)
