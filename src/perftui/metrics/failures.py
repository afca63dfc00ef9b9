"""Which failures are the target's: what was due and not sent by the generator's own fault is none of them."""

from __future__ import annotations

from collections.abc import Mapping

from perftui.model.interval import Counts

OWN_DROPS = ("dropped.generator", "dropped.worker_lost")


def own_drops(error_classes: Mapping[str, int]) -> int:
    """How many of the failures of some requests the generator made itself."""
    return sum(error_classes.get(name, 0) for name in OWN_DROPS)


def failures(counts: Counts, error_classes: Mapping[str, int]) -> int:
    """How many requests the target failed: errors, timeouts, and those it kept so long that others were dropped."""
    return counts.errors + counts.timeouts + counts.dropped - own_drops(error_classes)
