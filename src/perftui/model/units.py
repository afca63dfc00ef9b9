"""Durations, rates, sizes and percentages: text in, numbers out, and back."""

from __future__ import annotations

import math
import re

_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_BYTES = {"b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}
_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([a-zA-Zµ]+)")
_WHOLE = re.compile(r"\s*(?:\d+(?:\.\d+)?\s*[a-zA-Zµ]+\s*)+")


def to_digits(value: float, digits: int = 6) -> float:
    """The value with so many significant digits: more were not measured."""
    return float(f"{value:.{digits}g}")


def fraction_of(part: int, whole: int) -> float:
    """Part of a whole, 0 of nothing: nine digits, so that one of a hundred million is still told from none."""
    return to_digits(part / whole, 9) if whole else 0.0


def ms_of(microseconds: float) -> float:
    """Microseconds as milliseconds; what is below a microsecond was not measured."""
    return round(microseconds / 1e3, 3)


def parse_duration(text: str) -> float:
    """Seconds in a text such as `250ms`, `5s`, `1m30s`, `2h`.

    Raises:
        ValueError: the text is no duration, or a unit is unknown.
    """
    if not _WHOLE.fullmatch(text):
        raise ValueError(f"{text!r} is not a duration; write a number and a unit, such as 250ms, 5s, 2m or 1h")
    total = 0.0
    for number, unit in _PART.findall(text):
        scale = _SECONDS.get(unit.replace("µ", "u").lower())
        if scale is None:
            raise ValueError(f"{text!r} has the unknown unit {unit!r}; units are us, ms, s, m, h")
        total += float(number) * scale
    if not math.isfinite(total):
        raise ValueError(f"{text!r} is too long")
    return total


def parse_size(text: str) -> int:
    """Bytes in a text such as `100MB`, `64KiB`.

    Raises:
        ValueError: the text is no size, or its unit is unknown.
    """
    match = _PART.fullmatch(text.strip())
    scale = _BYTES.get(match[2].lower()) if match else None
    if match is None or scale is None:
        raise ValueError(f"{text!r} is not a size; write a number and a unit, such as 512B, 64KiB or 10MB")
    size = float(match[1]) * scale
    if not math.isfinite(size):
        raise ValueError(f"{text[:40]!r} is too large")
    return int(size)


def format_duration(seconds: float) -> str:
    """A duration as a person writes it: `250ms`, `5s`, `1m30s`, `2h`. Reads back with parse_duration."""
    if seconds < 0:
        return f"-{format_duration(-seconds)}"
    if seconds < 1e-3:
        return f"{seconds * 1e6:.6g}us" if seconds else "0s"
    if seconds < 1:
        return f"{seconds * 1e3:.6g}ms"
    hours, rest = divmod(seconds, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{int(hours)}h" if hours else "", f"{int(minutes)}m" if minutes else "", f"{rest:.6g}s" if rest else ""]
    return "".join(parts)


def format_clock(seconds: float) -> str:
    """Elapsed time as `MM:SS`, or `H:MM:SS` from an hour on."""
    whole = max(0, int(seconds))
    hours, rest = divmod(whole, 3600)
    clock = f"{rest // 60:02d}:{rest % 60:02d}"
    return f"{hours}:{clock}" if hours else clock


def format_ms(milliseconds: float) -> str:
    """Milliseconds with three significant digits and never an exponent: `0.123`, `4.56`, `78.9`, `1,234`."""
    if milliseconds >= 100:
        return f"{milliseconds:,.0f}"
    if milliseconds >= 10:
        return f"{milliseconds:.1f}"
    return f"{milliseconds:.2f}" if milliseconds >= 1 else f"{milliseconds:.3f}"


def format_count(number: float) -> str:
    """A count or a rate in at most six characters: `7`, `99.5`, `1,234`, `12.3k`, `4.56M`."""
    if number >= 1e6:
        return f"{number / 1e6:.3g}M" if number < 1e9 else f"{number / 1e9:.3g}G"
    if number >= 1e4:
        return f"{number / 1e3:.1f}k" if number < 1e5 else f"{number / 1e3:.0f}k"
    if number >= 100 or number == int(number):
        return f"{number:,.0f}"
    return f"{number:.1f}"


def format_bytes(size: float) -> str:
    """Bytes in decimal units: `512 B`, `3.4 MB`."""
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" or size >= 100 else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"


def format_percent(fraction: float) -> str:
    """A fraction of one as per cent: `0 %`, `0.12 %`, `6.2 %`, `100 %`."""
    percent = fraction * 100
    if percent in {0.0, 100.0}:
        return f"{percent:.0f} %"
    if percent < 0.01:
        return "<0.01 %"
    return f"{percent:.2f} %" if percent < 1 else f"{percent:.1f} %"


def whole_number(text: str) -> int | None:
    """A whole number of at most nine digits; None: it is none. Nobody means more, and Python reads not every length."""
    return int(text) if text.isdecimal() and len(text) < 10 else None
