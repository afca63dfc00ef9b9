"""A run as an HdrHistogram log (`.hlog`, format 1.2), for the tools that read those.

One line per interval for the total, without a tag, and one per operation, tagged with its name: response times of the
measure phase (service times in users mode, and tagged `NAME:service_time` in rate mode). Times of hits and misses, and
those that only some protocols have, are tagged `NAME:hit_time`, `NAME:round_trip` and so on. Values are microseconds,
the maximum of a line is in milliseconds, times count from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

from perftui.metrics import hdr_v2
from perftui.metrics.sparse import Sparse
from perftui.model.interval import Interval
from perftui.model.record import Record
from perftui.model.text import safe_text

_LEGEND = '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"'


def write(record: Record, intervals: Iterable[Interval]) -> str:
    """The log of a run."""
    return "\n".join([*_head(record), *_lines(record, intervals)]) + "\n"


def _head(record: Record) -> Iterator[str]:
    started = _moment(record.started_at)
    yield f"#[perftui {safe_text(record.id)}: {safe_text(record.plan.name)}, values in microseconds]"
    yield "#[Histogram log format version 1.2]"
    yield f"#[StartTime: {started.timestamp():.3f} (seconds since epoch), {started:%a %b %d %H:%M:%S UTC %Y}]"
    yield _LEGEND


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)  # a run without a start: times still count from it
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _lines(record: Record, intervals: Iterable[Interval]) -> Iterator[str]:
    users = record.plan.load.mode == "users"
    for interval in intervals:
        cells = interval.cells.get("measure", {})
        services = {name: Sparse.of(cell.service_time) for name, cell in cells.items()}
        responses = {name: Sparse.of(cell.response_time) for name, cell in cells.items() if cell.response_time}
        shown = services if users else responses
        yield from _line("", interval, Sparse.merged(shown.values()))
        for name, times in shown.items():
            yield from _line(_tag(name), interval, times)
        if not users:
            for name, times in services.items():
                yield from _line(f"{_tag(name)}:service_time", interval, times)
        for name, cell in cells.items():
            further = {"hit_time": cell.hit_time, "miss_time": cell.miss_time, **cell.own_times}
            for time, data in further.items():
                if data is not None:
                    yield from _line(f"{_tag(name)}:{time}", interval, Sparse.of(data))


def _tag(name: str) -> str:
    """A name as a tag: neither comma nor white space, which end one."""
    return "_".join(safe_text(name).replace(",", " ").split())


def _line(tag: str, interval: Interval, times: Sparse) -> Iterator[str]:
    if times.total:
        start = f"Tag={tag}," if tag else ""
        text = hdr_v2.encode(times.slots, times.counts)
        yield f"{start}{interval.at_s:.3f},{interval.duration_s:.3f},{times.max_us / 1e3:.3f},{text}"
