"""The V2 format and the log format against the hdrhistogram package."""

from __future__ import annotations

import base64
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from hdrh.histogram import HdrHistogram
from hdrh.log import HistogramLogReader
from hypothesis import given, settings
from hypothesis import strategies as st

from perftui.metrics import hdr_v2, hlog
from perftui.metrics.histogram import HIGHEST_US, Histogram, Int64s
from perftui.metrics.sparse import Sparse
from support.bombs import zlib_bomb
from support.simulated_runs import Model, simulated_run

values = st.lists(st.integers(1, HIGHEST_US), max_size=200)


def _oracle(recorded: list[int], digits: int = 3, lowest: int = 1) -> HdrHistogram:
    oracle = HdrHistogram(lowest, HIGHEST_US, digits)
    for value in recorded:
        oracle.record_value(value)
    return oracle


def _used(recorded: list[int]) -> tuple[Int64s, Int64s]:
    """Slots of our histogram that hold values, and how many."""
    times = Sparse.of(Histogram.of(recorded).data)
    return times.slots, times.counts


@settings(max_examples=25)
@given(values)
def test_ours_reads_what_theirs_wrote_and_writes_the_same_bytes(recorded: list[int]) -> None:
    text = _oracle(recorded).encode().decode()
    slots, counts = _used(recorded)
    read_slots, read_counts = hdr_v2.decode(text)
    assert np.array_equal(read_slots, slots)
    assert np.array_equal(read_counts, counts)
    if recorded:
        assert hdr_v2.encode(slots, counts) == text


@settings(max_examples=25)
@given(st.lists(st.integers(1, HIGHEST_US), min_size=1, max_size=200))
def test_theirs_reads_what_ours_wrote(recorded: list[int]) -> None:
    read = HdrHistogram.decode(hdr_v2.encode(*_used(recorded)))
    assert read is not None
    expected = _oracle(recorded)
    assert read.get_total_count() == len(recorded)
    for percent in (0, 50, 90, 99, 100):
        assert read.get_value_at_percentile(percent) == expected.get_value_at_percentile(percent)


@given(st.lists(st.integers(0, HIGHEST_US), max_size=200), st.integers(1, 2**40))
def test_round_trip_keeps_every_count(recorded: list[int], factor: int) -> None:
    slots, counts = _used(recorded)
    read_slots, read_counts = hdr_v2.decode(hdr_v2.encode(slots, counts * factor))
    assert np.array_equal(read_slots, slots)
    assert np.array_equal(read_counts, counts * factor)


@pytest.mark.parametrize(("digits", "lowest"), [(1, 1), (2, 1), (3, 1000), (4, 1), (5, 1)])
def test_other_precisions_are_refused(digits: int, lowest: int) -> None:
    text = _oracle([5000, 70_000], digits, lowest).encode().decode()
    with pytest.raises(ValueError, match="not a histogram from 1 us on with 3 digits"):
        hdr_v2.decode(text)


def _wrapped(inner: bytes, cookie: int = 0x1C849314) -> str:
    return _outer(zlib.compress(inner), cookie)


def _outer(packed: bytes, cookie: int = 0x1C849314) -> str:
    return base64.b64encode(struct.pack(">ii", cookie, len(packed)) + packed).decode()


def _inner(counts: bytes, *, digits: int = 3, lowest: int = 1, offset: int = 0) -> bytes:
    return _head(len(counts), digits=digits, lowest=lowest, offset=offset) + counts


def _head(size: int, *, digits: int = 3, lowest: int = 1, offset: int = 0) -> bytes:
    return struct.pack(">iiiiqqd", 0x1C849313, size, offset, digits, lowest, HIGHEST_US, 1.0)


FORGED = {
    "nothing": "",
    "no base64": "HISTFAAAA~",
    "not ascii": "HISTFÄ",
    "other cookie": _wrapped(_inner(b"\x02"), cookie=0x1C849301),
    "V0 inside": _wrapped(b"\0" * 60),
    "too short": _wrapped(b"\0" * 8),
    "digits 99": _wrapped(_inner(b"\x02", digits=99)),
    "lowest 2^40": _wrapped(_inner(b"\x02", lowest=2**40)),
    "shifted": _wrapped(_inner(b"\x02", offset=5)),
    "count cut off": _wrapped(_inner(b"\x80")),
    "count of nine bytes": _wrapped(_inner(b"\xff" * 9)),
    "count above 2^53": _wrapped(_inner(b"\xfe\xff\xff\xff\xff\xff\xff\x7f")),
    "run of 2^50 empty slots": _wrapped(_inner(b"\xff\xff\xff\xff\xff\xff\xff\x07\x02")),
    "sizes disagree": _wrapped(_inner(b"\x02") + b"\0\0"),
}


@pytest.mark.parametrize("text", FORGED.values(), ids=FORGED.keys())
def test_forged_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="histogram"):
        hdr_v2.decode(text)


def test_a_bomb_is_refused() -> None:
    size = 20_000_000
    with pytest.raises(ValueError, match="histogram"):
        hdr_v2.decode(_outer(zlib_bomb(size, _head(size))))


def test_a_log_of_a_run_reads_back_with_their_reader(tmp_path: Path) -> None:
    run = simulated_run(Model(seconds=12, operations=("list items", "create,one")), "log")
    path = tmp_path / "run.hlog"
    path.write_text(hlog.write(run.record, run.intervals))
    reader = HistogramLogReader(str(path), HdrHistogram(1, HIGHEST_US, 3))
    by_tag: dict[str, HdrHistogram] = {}
    while (histogram := reader.get_next_interval_histogram()) is not None:
        whole = by_tag.setdefault(histogram.get_tag() or "", HdrHistogram(1, HIGHEST_US, 3))
        whole.add(histogram)
    reader.close()
    times = run.record.summary.total.response_time_ms
    assert by_tag[""].get_total_count() == times.count
    assert by_tag[""].get_value_at_percentile(95) / 1e3 == pytest.approx(times.p95, rel=1e-3)
    assert set(by_tag) == {
        "", "list_items", "create_one", "list_items:service_time", "create_one:service_time",
    }  # fmt: skip
