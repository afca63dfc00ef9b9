"""Adding up cells: of several workers, of several seconds, of several operations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from operator import add
from typing import Literal

from msgspec import UNSET, UnsetType
from msgspec.structs import astuple

from perftui.metrics.failures import failures
from perftui.metrics.generator_bounds import Generator, bounds
from perftui.metrics.own_values import OwnSum
from perftui.metrics.sparse import Sparse
from perftui.metrics.time_sum import TimeSum
from perftui.model.interval import Cell, Counts, HistogramData, TimePart
from perftui.model.plan import Mode
from perftui.model.record import Hits, LatencyStats, Stats
from perftui.model.units import fraction_of, to_digits

TimeName = Literal["response_time", "service_time", "start_delay", "error_time", "hit_time", "miss_time"]
TIMES: tuple[TimeName, ...] = ("response_time", "service_time", "start_delay", "error_time", "hit_time", "miss_time")
_COUNTS = Counts.__struct_fields__


class CellSum:
    """The sum of cells. Histograms are kept packed until somebody asks."""

    def __init__(self) -> None:
        self.error_classes: dict[str, int] = {}
        self.statuses: dict[str, int] = {}
        self.noted: dict[str, int] = {}
        self.redirect = ""
        self.received_bytes = 0
        self.sent_bytes = 0
        self.parts: dict[str, list[int]] = {}
        self._counts = [0] * len(_COUNTS)
        self._times: defaultdict[TimeName, TimeSum] = defaultdict(TimeSum)
        self.ok_in_measure: int | None = 0
        """None: a cell does not say it."""
        self._has_intended = False
        self.own = OwnSum()

    def add(self, cell: Cell) -> None:
        """Add a cell."""
        self._counts = list(map(add, self._counts, astuple(cell.counts)))
        self._add_named(cell)
        self.received_bytes += cell.received_bytes
        self.sent_bytes += cell.sent_bytes
        for name, part in cell.times.items():
            self._add_part(name, part.count, part.sum_us, part.max_us)
        self._has_intended |= cell.response_time is not None
        self._count_in_measure(cell.ok_in_measure if cell.ok_in_measure is not None or cell.counts.ok else 0)
        for name in TIMES:
            data: HistogramData | None = getattr(cell, name)
            if data is not None and data.count:
                self._times[name].add(data)
        self.own.add(cell)

    def _count_in_measure(self, ok: int | None) -> None:
        self.ok_in_measure = None if ok is None or self.ok_in_measure is None else self.ok_in_measure + ok

    def add_sum(self, other: CellSum) -> None:
        """Add another sum."""
        self.add_counts(other)
        for name in other._times:
            self._times[name].add_sum(other.time(name))
        self.own.add_sum(other.own)

    def add_counts(self, other: CellSum) -> None:
        """Add another sum without its histograms, which then stay packed."""
        self._counts = list(map(add, self._counts, other._counts))
        self._add_named(other)
        self.received_bytes += other.received_bytes
        self.sent_bytes += other.sent_bytes
        for part, (count, sum_us, max_us) in other.parts.items():
            self._add_part(part, count, sum_us, max_us)
        self._has_intended |= other._has_intended
        self._count_in_measure(other.ok_in_measure)

    def _add_named(self, other: Cell | CellSum) -> None:
        _add(self.error_classes, other.error_classes)
        if other.statuses:
            _add(self.statuses, other.statuses)
        if other.noted:
            _add(self.noted, other.noted)
        self.redirect = self.redirect or other.redirect

    def _add_part(self, name: str, count: int, sum_us: int, max_us: int) -> None:
        part = self.parts.setdefault(name, [0, 0, 0])
        part[0] += count
        part[1] += sum_us
        part[2] = max(part[2], max_us)

    @property
    def counts(self) -> Counts:
        """How the requests ended."""
        return Counts(**dict(zip(_COUNTS, self._counts, strict=True)))

    def time(self, name: TimeName) -> Sparse:
        """The merged histogram of one time, as stored: empty response times in users mode."""
        return self._times[name].merged()

    def shown_time(self, name: TimeName, mode: Mode) -> Sparse:
        """The merged histogram of one time; without intended times the response time is the service time."""
        return self.time("service_time" if name == "response_time" and mode == "users" else name)

    def stats(
        self, duration_s: float, mode: Mode, *, generator: Generator | None = None, ended_ok: int | None = None
    ) -> Stats:
        """What follows from the sum over so many seconds; rates are 0 without a duration.

        Args:
            duration_s: the seconds.
            mode: how the load was made.
            generator: what it did meanwhile; None: not known.
            ended_ok: ok answers that ended within these seconds; None: those of the sum.
        """
        counts = self.counts
        failed = failures(counts, self.error_classes)
        judged = counts.ok + failed
        times = {name: self.shown_time(name, mode).stats() for name in TIMES}
        ended_ok = counts.ok if ended_ok is None else ended_ok
        service = self.time("service_time")
        return Stats(
            counts=counts,
            error_classes=_most_first(self.error_classes),
            statuses=_most_first(self.statuses),
            noted=_most_first(self.noted),
            redirect=self.redirect,
            rate_per_s=to_digits(counts.started / duration_s) if duration_s > 0 else 0.0,
            throughput_per_s=to_digits(ended_ok / duration_s) if duration_s > 0 else 0.0,
            attained=fraction_of(counts.ok, counts.scheduled),
            error_rate=fraction_of(failed, judged),
            timeout_rate=fraction_of(counts.timeouts, judged),
            received_bytes=self.received_bytes,
            sent_bytes=self.sent_bytes,
            response_time_ms=times["response_time"],
            service_time_ms=times["service_time"],
            start_delay_ms=times["start_delay"] if mode == "rate" else LatencyStats(),
            error_time_ms=times["error_time"],
            hits=hits_of(times["hit_time"], times["miss_time"]),
            response_time_bounds=bounds(times["response_time"], service, generator) if generator else {},
            service_time_bounds=bounds(times["service_time"], service, generator) if generator else {},
            times_ms=self._part_means(counts),
            own=self.own.said(duration_s),
        )

    def outline(self, duration_s: float, mode: Mode, *, times: bool) -> Stats:
        """Counts and rates of `stats` only, with the response times where they are wanted."""
        counts = self.counts
        failed = failures(counts, self.error_classes)
        return Stats(
            counts=counts,
            rate_per_s=counts.started / duration_s if duration_s > 0 else 0.0,
            error_rate=fraction_of(failed, counts.ok + failed),
            response_time_ms=self.shown_time("response_time", mode).stats() if times else LatencyStats(),
        )

    def _part_means(self, counts: Counts) -> dict[str, float]:
        # a connection is made for few requests: its time is spread over all answered ones, so that the parts add up
        means = {}
        for name, (count, sum_us, _) in self.parts.items():
            requests = max(count, counts.started if name == "queue" else counts.ok)
            means[name] = to_digits(sum_us / requests / 1e3) if requests else 0.0
        return means

    @property
    def cell(self) -> Cell:
        """The sum as one cell."""
        return Cell(
            counts=self.counts,
            error_classes=self.error_classes,
            received_bytes=self.received_bytes,
            sent_bytes=self.sent_bytes,
            service_time=self.time("service_time").data,
            response_time=self.time("response_time").data if self._has_intended else None,
            start_delay=self.time("start_delay").data if self._has_intended else None,
            error_time=self.time("error_time").data,
            hit_time=self.time("hit_time").data if self.time("hit_time").total else None,
            miss_time=self.time("miss_time").data if self.time("miss_time").total else None,
            times={name: TimePart(count=part[0], sum_us=part[1], max_us=part[2]) for name, part in self.parts.items()},
            ok_in_measure=self.ok_in_measure,
            own_times=self.own.times_data,
            amounts=self.own.amounts,
            assets=self.own.assets_data,
            statuses=self.statuses,
            noted=self.noted,
            redirect=self.redirect,
        )


def _add(counts: dict[str, int], more: Mapping[str, int]) -> None:
    for name, count in more.items():
        counts[name] = counts.get(name, 0) + count


def _most_first(counts: Mapping[str, int]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def hits_of(hits: LatencyStats, misses: LatencyStats) -> Hits | UnsetType:
    """What is said about hits; nothing without any answer to judge."""
    answers = hits.count + misses.count
    return Hits(rate=fraction_of(hits.count, answers), hit_time_ms=hits, miss_time_ms=misses) if answers else UNSET


def sum_of(cells: Iterable[Cell]) -> CellSum:
    """The sum of some cells."""
    total = CellSum()
    for cell in cells:
        total.add(cell)
    return total


def merge_cells(cells: Iterable[Cell]) -> Cell:
    """Several cells as one: all counts and histograms added."""
    held = list(cells)
    return held[0] if len(held) == 1 else sum_of(held).cell
