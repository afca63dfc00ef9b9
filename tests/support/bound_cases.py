"""Cases for the bounds of numbers: requests with the target's time, what the generator added, and what must hold."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from perftui.metrics.generator_bounds import OWN_CODE_US, QUANTILES, Generator, bounds, lower_us
from perftui.metrics.histogram import Int64s
from perftui.metrics.sparse import Sparse

_DELAYS = (
    st.integers(0, 50),
    st.integers(0, 20_000),
    st.sampled_from([0, 0, 0, 0, 3_000_000]),
    st.sampled_from([4, 5_000, 150_000]),
)
Request = tuple[int, int, int, int]
"""In us: the target's time, how late the loop was, what its own code took, how late the request started."""
REQUESTS = st.lists(
    st.tuples(
        st.integers(1, 5_000_000), st.one_of(*_DELAYS), st.integers(0, OWN_CODE_US), st.one_of(*_DELAYS)
    ),
    min_size=1,
    max_size=120,
)  # fmt: skip


def rank(values: Int64s, q: float) -> int:
    """The value that a share of all does not exceed."""
    return int(np.sort(values)[max(0, math.ceil(q * len(values) - 1e-9) - 1)])


def check(held: list[Request]) -> None:
    """Every true quantile lies inside, whether long lags hit long or short answers: no independence is assumed."""
    true, lag, own, late = (np.array(column, dtype=np.int64) for column in zip(*held, strict=True))
    service, response = Sparse.counted(true + lag + own), Sparse.counted(true + lag + own + late)
    generator = Generator(Sparse.counted(lag))
    every = sorted({number / len(held) for number in range(1, len(held) + 1)} | set(QUANTILES.values()))
    lowers = lower_us(service, generator.lag, every)
    uppers = response.quantiles_us(every)
    for q, lower, upper in zip(every, lowers, uppers, strict=True):
        # the middle of a slot of 0.1 % is what is shown of a percentile
        assert lower <= rank(true, q) <= upper * 1.0006 + 1, q
    found = bounds(response.stats(), service, generator)
    for name, q in QUANTILES.items():
        assert found[name].lower <= rank(true, q) / 1e3 <= found[name].upper * 1.0006 + 0.001, name
    assert found["mean"].lower <= float(true.mean()) / 1e3 <= found["mean"].upper * 1.0001
