"""The histogram against exact arithmetic and against the hdrhistogram package."""

from __future__ import annotations

import base64
import zlib

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hypothesis import given
from hypothesis import strategies as st

from perftui.metrics.histogram import HIGHEST_US, SLOTS, Histogram, pack, slots_of
from perftui.metrics.sparse import Sparse, data_of
from perftui.model.interval import HistogramData
from support.bombs import zlib_bomb

ORACLE = HdrHistogram(1, HIGHEST_US, 3)
TOP_SLOT = ORACLE.get_counts_array_index(HIGHEST_US)
times = st.lists(st.integers(0, HIGHEST_US), max_size=300)
parts = st.lists(times, max_size=6)


@given(parts)
def test_merging_equals_recording_everything_at_once(lists: list[list[int]]) -> None:
    merged = Sparse()
    for values in lists:
        merged = Sparse.merged((merged, Sparse.used(Histogram.of(values))))
    whole = Histogram.of([value for values in lists for value in values])
    assert merged.data == whole.data


@given(parts)
def test_bulk_merge_of_packed_data_equals_merging_one_by_one(lists: list[list[int]]) -> None:
    packed = [Histogram.of(values).data for values in lists]
    whole = Histogram.of([value for values in lists for value in values])
    assert Sparse.merged((), packed).data == whole.data
    halves = Sparse.merged((), packed[:2]), Sparse.merged((), packed[2:])
    assert Sparse.merged(halves).data == whole.data
    assert Sparse.merged(halves[:1], packed[2:]).data == whole.data


@given(st.lists(st.integers(0, 2 * HIGHEST_US), max_size=300))
def test_values_are_counted_the_same_one_by_one_in_bulk_and_in_all_slots(values: list[int]) -> None:
    array = np.array(values, dtype=np.int64)
    assert data_of(array) == Sparse.counted(array).data == Sparse.used(Histogram.of(values)).data
    assert data_of(array) == Histogram.of(values).data


@pytest.mark.parametrize("count", [1, 1000])
def test_a_time_below_nought_is_refused_however_many_there_are(count: int) -> None:
    with pytest.raises(ValueError, match="negative time: -1 us"):
        data_of(np.full(count, -1, dtype=np.int64))


@given(times, times, times)
def test_merging_is_associative_and_empty_changes_nothing(a: list[int], b: list[int], c: list[int]) -> None:
    first, second, third = (Sparse.used(Histogram.of(values)) for values in (a, b, c))
    left = Sparse.merged((Sparse.merged((first, second)), third))
    right = Sparse.merged((first, Sparse.merged((second, third)), Sparse()))
    assert left.data == right.data


@given(st.lists(st.integers(0, HIGHEST_US), min_size=1, max_size=500), st.floats(0, 1))
def test_any_quantile_is_within_a_tenth_of_a_per_cent(values: list[int], q: float) -> None:
    exact = float(np.quantile(np.array(values), q, method="inverted_cdf"))
    for histogram in (Sparse.used(Histogram.of(values)), Sparse.of(Histogram.of(values).data)):
        (found,) = histogram.quantiles_us((q,))
        assert abs(found - exact) <= max(0.001 * exact, 0.5)


@given(st.lists(st.integers(0, HIGHEST_US), min_size=1, max_size=300))
def test_statistics_agree_with_numpy(values: list[int]) -> None:
    array = np.array(values, dtype=np.float64)
    stats = Sparse.of(Histogram.of(values).data).stats()
    assert stats.count == len(values)
    assert (stats.min, stats.max) == (min(values) / 1e3, max(values) / 1e3)
    assert stats.mean == pytest.approx(float(array.mean()) / 1e3, rel=1e-5)
    assert stats.stddev == pytest.approx(float(array.std()) / 1e3, rel=2e-3, abs=max(values) * 1e-6)
    assert stats.min <= stats.p50 <= stats.p75 <= stats.p90 <= stats.p95 <= stats.p99 <= stats.p99_9 <= stats.max


@given(st.lists(st.integers(1, HIGHEST_US), min_size=1, max_size=300))
def test_slots_are_those_of_hdrhistogram(values: list[int]) -> None:
    expected = [ORACLE.get_counts_array_index(value) for value in values]
    assert slots_of(np.array(values)).tolist() == expected


def test_slots_at_the_edges_of_the_powers_of_two() -> None:
    edges = [edge for bits in range(1, 32) for edge in (2**bits - 1, 2**bits, 2**bits + 1) if edge <= HIGHEST_US]
    assert slots_of(np.array(edges)).tolist() == [ORACLE.get_counts_array_index(edge) for edge in edges]
    assert slots_of(np.array([0, HIGHEST_US])).tolist() == [0, TOP_SLOT]
    assert TOP_SLOT < SLOTS


def test_above_an_hour_is_counted_in_the_top_slot_and_as_overflow() -> None:
    histogram = Histogram.of([5, HIGHEST_US + 7])
    assert (histogram.overflow, histogram.total, histogram.max_us) == (1, 2, HIGHEST_US + 7)
    assert histogram.counts[TOP_SLOT] == 1


def test_negative_times_are_an_error() -> None:
    with pytest.raises(ValueError, match="negative time: -3 us"):
        Histogram.of([1, -3])


def _packed(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw)).decode()


DAMAGED = {
    "no base64": "~~~",
    "no zlib": base64.b64encode(b"not compressed").decode(),
    "cut off": pack(Histogram.of(range(100)).counts)[:-8],
    "odd size": _packed(b"12345"),
    "slot out of range": _packed(np.array([60000], "<u2").tobytes() + np.array([1], "<u4").tobytes()),
    "slots not rising": _packed(np.array([5, 0], "<u2").tobytes() + np.array([1, 1], "<u4").tobytes()),
}


@pytest.mark.parametrize("packed", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_data_is_refused(packed: str) -> None:
    assert_refused(packed)


def test_a_bomb_is_refused() -> None:
    assert_refused(base64.b64encode(zlib_bomb(20_000_000)).decode())


def assert_refused(packed: str) -> None:
    data = HistogramData(count=1, sum_us=5, min_us=5, max_us=5, packed=packed)
    with pytest.raises(ValueError, match="damaged histogram"):
        Sparse.of(data)


def test_a_forged_count_is_refused() -> None:
    data = HistogramData(count=2**62, sum_us=5, min_us=5, max_us=5, packed=pack(Histogram.of([5]).counts))
    with pytest.raises(ValueError, match="and holds 1"):
        Sparse.of(data)


def test_more_than_fits_in_a_slot_is_an_error_and_not_a_smaller_number() -> None:
    counts = np.zeros(SLOTS, dtype=np.int64)
    counts[7] = 2**32
    with pytest.raises(ValueError, match="4,294,967,295"):
        pack(counts)
