"""One line of blocks that starts at zero. Its maximum is for the caller to print, together with its window. Pure."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"


def trend(values: Sequence[float | None], width: int, top: float | None = None, *, last: int = 0) -> str:
    """The newest values as blocks, newest on the right; None leaves a gap.

    Zero is the lowest block and nothing else is: the smallest error is seen. Where a cell stands for several values it
    shows the largest, so no peak is lost, and the groups stay the same from second to second.

    Args:
        values: oldest first.
        width: cells.
        top: value of the highest block; the largest value when None.
        last: number of the newest value, counted from the start of the run; it keeps the groups in place.
    """
    if width <= 0:
        return ""
    shown = grouped(values, group_of(len(values), width), last)[-width:]
    highest = top if top is not None else peak(shown)
    return "".join(_block(value, highest) for value in shown).rjust(width)


def trend_rows(values: Sequence[float | None], width: int, height: int, *, last: int = 0) -> list[str]:
    """The same over several lines, top line first."""
    shown = grouped(values, group_of(len(values), width), last)[-width:] if width > 0 else []
    highest = peak(shown)
    lines = []
    for base in reversed(range(height)):
        cells = []
        for value in shown:
            if value is None:
                cells.append(" ")
                continue
            eighths = 1 if value <= 0 or highest <= 0 else 2 + int(value / highest * (height * 8 - 3.001))
            filled = min(8, eighths - base * 8)
            cells.append(BLOCKS[filled - 1] if filled > 0 else " ")
        lines.append("".join(cells).rjust(max(0, width)))
    return lines


def group_of(count: int, width: int) -> int:
    """How many values a cell stands for."""
    return max(1, -(-count // max(1, width)))


def grouped(values: Sequence[float | None], size: int, last: int = 0) -> list[float | None]:
    """The largest of each group of `size` values; groups end at multiples of `size` since the start of the run."""
    if size <= 1:
        return list(values)
    groups: list[float | None] = []
    number: int | None = None
    for position, value in enumerate(values):
        place = (last - len(values) + 1 + position) // size
        if place != number:
            groups.append(value)
            number = place
        elif value is not None:
            groups[-1] = value if groups[-1] is None else max(groups[-1], value)
    return groups


def peak(values: Sequence[float | None]) -> float:
    """The largest value; 0 when there is none."""
    return max((value for value in values if value is not None), default=0.0)


def _block(value: float | None, highest: float) -> str:
    if value is None:
        return " "
    if value <= 0 or highest <= 0:
        return BLOCKS[0]
    # never the full block: lines of blocks below each other stay apart
    return BLOCKS[min(6, 1 + int(value / highest * 5.999))]


def bar(fraction: float, width: int) -> str:
    """A horizontal bar in eighths of a cell, padded to `width`."""
    eighths = round(min(1.0, max(0.0, fraction)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (" ▏▎▍▌▋▊▉"[rest] if rest else "")).ljust(width)[:width]
