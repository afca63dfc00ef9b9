"""A quarter of a minute of what `python tests/benchmarks/soak.py --hours 8` does for hours with every driver."""

from __future__ import annotations

import pytest

from support.conservation import assert_conserved
from support.home import Home
from support.soak import DRIVERS, soak

SECONDS = 15
MOST_JOURNAL_BYTES_PER_S = 20_000
MOST_GROWN_BYTES = 12_000_000


@pytest.mark.slow
def test_a_short_soak(home: Home) -> None:
    soaked = soak(home, SECONDS, ["http"])

    record = soaked.records["http"]
    assert_conserved(record)
    assert record.whole_run.scheduled == DRIVERS["http"][0] * SECONDS
    assert soaked.viewers >= 1
    assert soaked.marks >= 1
    assert soaked.journal_bytes["http"] < MOST_JOURNAL_BYTES_PER_S * SECONDS
    for role in ("http runner", "http worker"):
        assert soaked.grown_bytes(role) < MOST_GROWN_BYTES, role
        assert max(soaked.descriptors[role]) < 150, role
