"""A long run in few lines, beside its journal: a day opens in less than a second."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from perftui.metrics.interval_merge import merge_intervals
from perftui.metrics.timeline import Timeline
from perftui.model.interval import Interval
from perftui.model.journal import End, JournalLine
from perftui.store.files import write_atomic
from perftui.store.journal import JournalFollower
from perftui.store.journal_format import encode_line

OVERVIEW_NAME = "overview.jsonl"
WORTH_IT_S = 1800.0
"""Shorter runs are read from their journal as fast."""
MOST_BLOCKS = 400
"""More than a plot has columns."""


def write_overview(folder: Path, timeline: Timeline) -> None:
    """Save what a viewer needs of a finished run: blocks of a few minutes. The journal stays what counts.

    Raises:
        OSError: the disk refused.
    """
    blocks = iter(_blocks(timeline.intervals, timeline.at_s / MOST_BLOCKS))
    lines: list[JournalLine] = [line for line in timeline.decimated() if not isinstance(line, Interval)]
    at = next((place for place, line in enumerate(lines) if isinstance(line, End)), len(lines))
    lines[at:at] = blocks
    write_atomic(folder / OVERVIEW_NAME, b"".join(encode_line(number, line) for number, line in enumerate(lines)))


def overview_lines(folder: Path) -> Iterator[JournalLine] | None:
    """The lines of a finished long run; None when there is no overview, or none that is whole.

    Raises:
        UsageError: it is of a newer format.
    """
    path = folder / OVERVIEW_NAME
    if not path.is_file():
        return None
    follower = JournalFollower(path)
    lines = follower.poll()
    is_whole = lines and follower.problem is None and not follower.has_partial_line
    return iter(lines) if is_whole else None


def _blocks(intervals: Sequence[Interval], shortest_s: float) -> Iterator[Interval]:
    """Neighbours of the same phase, merged until they are long enough."""
    held: list[Interval] = []
    for interval in intervals:
        if held and (interval.phase != held[0].phase or sum(each.duration_s for each in held) >= shortest_s):
            yield merge_intervals(held)
            held = []
        held.append(interval)
    if held:
        yield merge_intervals(held)
