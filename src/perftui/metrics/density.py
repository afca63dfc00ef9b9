"""Where times lie on a logarithmic axis, in bins that are the same for every histogram and so add up.

A screen holds one for each second that is kept. Few of the bins are used, and only those are held: a tenth of the room.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from perftui.metrics.histogram import SLOT_MIDDLE_US, Float64s
from perftui.metrics.sparse import Sparse

LOWEST_US = 10.0
"""Lower edge of the first bin; what is quicker is counted in it."""
BINS_PER_DECADE = 64
"""One bin is 3.7 % wide: finer than a row of any terminal."""
BINS = 548
"""Up to one hour, the longest time a histogram holds."""
EDGES_US: Float64s = LOWEST_US * 10.0 ** (np.arange(BINS + 1) / BINS_PER_DECADE)
_BIN_OF_SLOT = np.clip(np.searchsorted(EDGES_US, SLOT_MIDDLE_US, side="right") - 1, 0, BINS - 1)


@dataclass(frozen=True, slots=True)
class Density:
    """How many values lie in each bin that has any."""

    bins: npt.NDArray[np.uint16]
    """Rising."""
    counts: Float64s


def density_of(histogram: Sparse) -> Density:
    """How many values each bin holds."""
    counts = np.bincount(_BIN_OF_SLOT[histogram.slots], weights=histogram.counts, minlength=BINS)
    bins = np.nonzero(counts)[0]
    return Density(bins.astype(np.uint16), counts[bins].astype(np.float64))


def added_up(densities: Sequence[Density]) -> Float64s:
    """How many values of all of them, at least one, each of all bins holds."""
    bins = np.concatenate([each.bins for each in densities])
    counts = np.concatenate([each.counts for each in densities])
    return np.bincount(bins, weights=counts, minlength=BINS).astype(np.float64, copy=False)


def quantiles_us(density: Float64s, qs: Sequence[float]) -> list[float]:
    """Times that shares qs of the values do not exceed, to the middle of their bins; zeros when there are none."""
    cumulative = density.cumsum()
    if not cumulative[-1]:
        return [0.0] * len(qs)
    ranks = np.maximum(1.0, np.ceil(np.asarray(qs) * cumulative[-1] - 1e-9))
    places = cumulative.searchsorted(ranks)
    middles: list[float] = np.sqrt(EDGES_US[places] * EDGES_US[places + 1]).tolist()
    return middles
