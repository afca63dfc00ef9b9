"""Durations, sizes and numbers as people write and read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from perftui.model.units import (
    format_bytes,
    format_clock,
    format_count,
    format_duration,
    format_ms,
    format_percent,
    parse_duration,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("250ms", 0.25),
        ("5s", 5),
        ("1m30s", 90),
        ("2h", 7200),
        ("1.5m", 90),
        (" 10 s ", 10),
        ("30us", 3e-5),
        ("3min", 180),
    ],
)
def test_durations_are_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize("text", ["", "5", "s", "-5s", "5 parsecs", "1s2", "nan", "1e3s", "5s;"])
def test_what_is_no_duration_is_refused_with_the_text_in_the_message(text: str) -> None:
    with pytest.raises(ValueError, match=r"duration|unit") as caught:
        parse_duration(text)
    assert repr(text) in str(caught.value)


def test_a_duration_of_too_many_digits_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        parse_duration("9" * 400 + "s")


@given(st.floats(min_value=1e-6, max_value=1e6))
def test_a_written_duration_reads_back(seconds: float) -> None:
    assert math.isclose(parse_duration(format_duration(seconds)), seconds, rel_tol=1e-4)


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0s"), (0.25, "250ms"), (90, "1m30s"), (7200, "2h"), (3661, "1h1m1s")]
)
def test_durations_are_written_as_people_do(seconds: float, text: str) -> None:
    assert format_duration(seconds) == text


@pytest.mark.parametrize(("seconds", "text"), [(0, "00:00"), (42.9, "00:42"), (3600, "1:00:00"), (-1, "00:00")])
def test_clock(seconds: float, text: str) -> None:
    assert format_clock(seconds) == text


@pytest.mark.parametrize(("text", "size"), [("512B", 512), ("64KiB", 65536), ("10 MB", 10_000_000), ("1.5kb", 1500)])
def test_sizes_are_read(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["12", "MB", "1 XB", "-1B", "9" * 400 + "MB"])
def test_what_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a size|too large"):
        parse_size(text)


@pytest.mark.parametrize(("ms", "text"), [(0.1234, "0.123"), (4.567, "4.57"), (78.94, "78.9"), (1234.4, "1,234")])
def test_milliseconds_have_three_digits_that_count(ms: float, text: str) -> None:
    assert format_ms(ms) == text


@pytest.mark.parametrize(
    "number", [0, 7, 99.5, 100, 999.94, 9999, 9999.6, 12_345, 99_999, 999_949, 4.56e6, 9.99e8, 1e9]
)
def test_a_count_never_needs_more_than_seven_characters(number: float) -> None:
    assert len(format_count(number)) <= 7


@pytest.mark.parametrize(("size", "text"), [(0, "0 B"), (999, "999 B"), (3_400_000, "3.4 MB"), (2e15, "2000.0 TB")])
def test_bytes(size: float, text: str) -> None:
    assert format_bytes(size) == text


@pytest.mark.parametrize(
    ("fraction", "text"), [(0, "0 %"), (0.0012, "0.12 %"), (0.062, "6.2 %"), (1, "100 %"), (0.00001, "<0.01 %")]
)
def test_percent(fraction: float, text: str) -> None:
    assert format_percent(fraction) == text
