"""What a worker measured since its last frame: counts and times per operation and phase, in constant memory.

The request path only appends integers to lists. `cut` hands over what there is at once; `packed` turns it into
histograms, which takes some time and can wait.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from perftui.metrics.cells import TIMES, TimeName
from perftui.metrics.histogram import Histogram, Int64s
from perftui.metrics.own_values import asset_name
from perftui.metrics.sparse import Sparse, data_of
from perftui.model.interval import Cell, Counts, HistogramData, TimePart
from perftui.model.plan import Phase

FOLD_AT = 4096
"""Values in one list from which on it is folded between frames: keeps each fold below half a millisecond."""


class PartSum:
    """Time spent in one part of requests."""

    __slots__ = ("count", "max_ns", "sum_ns")

    def __init__(self) -> None:
        self.count = self.sum_ns = self.max_ns = 0

    def add(self, value_ns: int) -> None:
        """Count one value."""
        self.count += 1
        self.sum_ns += value_ns
        self.max_ns = max(self.max_ns, value_ns)


class CellRecorder:
    """One operation in one phase. The lists and counters are public: the request path writes them directly.

    Lists that end in `delays` hold, position by position, the start delays of the list before them, so that
    response time = start delay + service time holds for every request in whole microseconds. They stay empty in
    users mode.
    """

    __slots__ = (
        "_closed", "_many", "_marked", "_own_many", "_rate_mode", "amounts", "assets", "cancelled", "classes",
        "client_errors", "delays", "dropped", "error_times", "errors", "expired", "expired_delays", "first_bytes",
        "hit_times", "miss_times", "noted", "ok_counted", "ok_in_measure", "operation", "other_delays", "others",
        "own_times", "parts", "phase", "plain", "plain_delays", "received", "redirect", "scheduled", "sent", "started",
        "statuses", "timeouts", "transfers", "usual_status", "whole",
    )  # fmt: skip

    def __init__(self, operation: str, phase: Phase, *, rate_mode: bool) -> None:
        self.operation = operation
        self.phase = phase
        self._rate_mode = rate_mode
        self.usual_status = 0
        """What ok answers have that nobody counts by status: most are of one kind. 0: not known, or no such thing."""
        self.redirect = ""
        """See model.interval.Cell."""
        self.whole = "first_byte"
        """What plain answers spend all of their time on."""
        self._begin()

    def _begin(self) -> None:
        self.plain: list[int] = []
        """Service times (ns) of ok answers that came in one read on an open connection: first byte is last byte."""
        self.plain_delays: list[int] = []
        self.others: list[int] = []
        """Service times (ns) of all other ok answers."""
        self.other_delays: list[int] = []
        self.first_bytes: list[int] = []
        """Times to the first byte (ns) of the same, without connecting."""
        self.transfers: list[int] = []
        """Times from first to last byte (ns) of the same."""
        self.expired: list[int] = []
        """What requests had waited (ns) that ran out of time."""
        self.expired_delays: list[int] = []
        self.delays: list[int] = []
        """Start delays (ns) of started requests; rate mode only."""
        self.error_times: list[int] = []
        """Service times (ns) of failed requests."""
        self.hit_times: list[int] = []
        """Service times (ns) of ok answers that were hits, where somebody asks: see clients/operation.py."""
        self.miss_times: list[int] = []
        """Of those that were none."""
        self._many: dict[TimeName, Histogram] = {}
        """Of times with more values than lists should hold."""
        self.scheduled = self.started = self.errors = self.timeouts = self.dropped = self.cancelled = 0
        self.client_errors = self.sent = self.received = self._closed = self._marked = 0
        self.ok_in_measure = 0
        """Ok answers that ended while the load was measured; see `mark`."""
        self.classes: dict[str, int] = {}
        self.statuses: dict[int, int] = {}
        """Answers by status, without ok ones of the usual status."""
        self.ok_counted = 0
        """Ok answers among these."""
        self.noted: dict[str, int] = {}
        self.parts: dict[str, PartSum] = {}
        self.amounts: dict[str, int] = {}
        """What only some protocols count."""
        self.own_times: dict[str, list[int]] = {}
        """Times (ns) that only some protocols have."""
        self._own_many: dict[str, Histogram] = {}
        self.assets: dict[str, PartSum] = {}

    def count(self, name: str, amount: int = 1) -> None:
        """Count something that only some protocols have: one of model/objectives.py."""
        self.amounts[name] = self.amounts.get(name, 0) + amount

    def add_own_time(self, name: str, value_ns: int) -> None:
        """Keep a time that only some protocols have: one of OWN_TIMES."""
        values = self.own_times.setdefault(name, [])
        values.append(value_ns)
        if len(values) >= FOLD_AT:
            self._own_many.setdefault(name, Histogram()).record_many(_micros(values))
            values.clear()

    def add_asset(self, name: str, value_ns: int) -> None:
        """Keep the time of something that a page names."""
        name = asset_name(name, self.assets)
        found = self.assets.get(name)
        if found is None:
            found = self.assets[name] = PartSum()
        found.add(value_ns)

    def leave_alone(self, name: str) -> None:
        """Name something that a page names and that is not fetched."""
        self.assets.setdefault(asset_name(name, self.assets), PartSum())

    def add_part(self, name: str, value_ns: int) -> None:
        """Count the time of one part (queue, dns, connect, tls, first_byte, transfer, answer) of one request."""
        self._part(name).add(value_ns)

    def record_timeout(self, elapsed_ns: int, delay_ns: int, error_class: str) -> None:
        """Count a request that ran out of time: it is in the service times with what it had waited."""
        self.timeouts += 1
        self.expired.append(elapsed_ns)
        if self._rate_mode:
            self.expired_delays.append(delay_ns)
        self.count_class(error_class)

    def record_error(self, error_class: str, elapsed_ns: int) -> None:
        """Count a failed request; classes `client.*` are the generator's own."""
        if error_class.startswith("client."):
            self.client_errors += 1
        else:
            self.errors += 1
        self.error_times.append(elapsed_ns)
        self.count_class(error_class)

    def record_drop(self, error_class: str) -> None:
        """Count a request that was due but never sent."""
        self.dropped += 1
        self.count_class(error_class)

    def record_drops(self, error_class: str, count: int) -> None:
        """Count requests that fell due unnoticed and were never sent."""
        self.scheduled += count
        self.dropped += count
        self.classes[error_class] = self.classes.get(error_class, 0) + count

    def count_class(self, error_class: str) -> None:
        """Count one more of an error class."""
        self.classes[error_class] = self.classes.get(error_class, 0) + 1

    def count_status(self, status: int, *, ok: bool) -> None:
        """Count an answer by its status: a failed one, or an ok one whose status is not the usual one."""
        self.statuses[status] = self.statuses.get(status, 0) + 1
        self.ok_counted += ok

    def note(self, code: str) -> None:
        """Count something that was met and accepted."""
        self.noted[code] = self.noted.get(code, 0) + 1

    @property
    def ok(self) -> int:
        """Ok answers so far."""
        return self._closed + len(self.plain) + len(self.others) + len(self.expired) - self.timeouts

    def mark(self, phase: Phase) -> None:
        """The answers since the last mark ended in this phase, by the clock."""
        ok = self.ok
        if phase == "measure":
            self.ok_in_measure += ok - self._marked
        self._marked = ok

    def fold_long(self) -> None:
        """Count what is in the lists when one has grown long."""
        if not (
            len(self.plain) >= FOLD_AT or len(self.delays) >= FOLD_AT or len(self.others) >= FOLD_AT
            or len(self.error_times) >= FOLD_AT or len(self.expired) >= FOLD_AT
        ):  # fmt: skip
            return
        for name, values in self._emptied().items():
            self._many.setdefault(name, Histogram()).record_many(values)

    def cut(self) -> CellRecorder | None:
        """What was measured since the last cut, to be packed; None when nothing was. This recorder begins anew."""
        if not (
            self.scheduled or self.started or self.sent or self.received or self.classes or self.cancelled
            or self.plain or self.others or self.expired or self._many or self.amounts or self.own_times
        ):  # fmt: skip
            return None
        held = object.__new__(CellRecorder)  # its lists are these, not new ones
        for name in self.__slots__:
            setattr(held, name, getattr(self, name))
        self._begin()
        return held

    @property
    def many_start_delays(self) -> Histogram | None:
        """Those that `delays` holds no longer."""
        return self._many.get("start_delay")

    def packed(self) -> Cell:
        """What was measured. The lists are empty afterwards."""
        values = self._emptied()
        times = {name: self._packed(name, values.get(name)) for name in TIMES}
        statuses = self._statuses()
        return Cell(
            counts=self._counts(),
            error_classes=self.classes,
            received_bytes=self.received,
            sent_bytes=self.sent,
            service_time=times["service_time"],
            response_time=times["response_time"] if self._rate_mode else None,
            start_delay=times["start_delay"] if self._rate_mode else None,
            error_time=times["error_time"],
            hit_time=times["hit_time"] if times["hit_time"].count else None,
            miss_time=times["miss_time"] if times["miss_time"].count else None,
            times=_parts_data(self.parts),
            own_times=self._packed_own(),
            amounts=self.amounts,
            assets=_parts_data(self.assets),
            ok_in_measure=self.ok_in_measure,
            statuses={str(status): count for status, count in statuses.items()},
            noted=self.noted,
            redirect=self.redirect if any(300 <= status < 400 for status in statuses) else "",
        )

    def _statuses(self) -> dict[int, int]:
        usual = self.ok - self.ok_counted if self.usual_status else 0
        if not usual:
            return self.statuses
        return {**self.statuses, self.usual_status: self.statuses.get(self.usual_status, 0) + usual}

    def _counts(self) -> Counts:
        return Counts(
            scheduled=self.scheduled, started=self.started, ok=self.ok, errors=self.errors,
            timeouts=self.timeouts, dropped=self.dropped, cancelled=self.cancelled, client_errors=self.client_errors,
        )  # fmt: skip

    def _packed(self, name: TimeName, values: Int64s | None) -> HistogramData:
        many = self._many.get(name)
        if many is None:
            return HistogramData() if values is None else data_of(values)
        if values is not None:
            many.record_many(values)
        return many.data

    def _packed_own(self) -> dict[str, HistogramData]:
        packed = {}
        for name, values in self.own_times.items():
            many = self._own_many.get(name)
            if many is None:
                packed[name] = data_of(_micros(values))
            else:
                many.record_many(_micros(values))
                packed[name] = many.data
        return packed

    def _emptied(self) -> dict[TimeName, Int64s]:
        """Values (us) of the lists by time, those without any left out; parts of times are added up."""
        services: list[Int64s] = []
        delays: list[Int64s] = []
        if self.plain:
            self._add_parts(self.whole, self.plain)
            if self.whole == "first_byte":
                self._part("transfer").count += len(self.plain)
        if self.first_bytes:
            self._add_parts("first_byte", self.first_bytes)
            self._add_parts("transfer", self.transfers)
            self.first_bytes.clear()
            self.transfers.clear()
        for times_ns, delays_ns in (
            (self.plain, self.plain_delays),
            (self.others, self.other_delays),
            (self.expired, self.expired_delays),
        ):
            if times_ns:
                self._closed += len(times_ns)
                services.append(_micros(times_ns))
                delays.append(_micros(delays_ns))
                times_ns.clear()
                delays_ns.clear()
        values: dict[TimeName, Int64s] = {}
        if services:
            values["service_time"] = np.concatenate(services)
            if self._rate_mode:
                values["response_time"] = values["service_time"] + np.concatenate(delays)
        if self.delays:
            self._add_parts("queue", self.delays)
            values["start_delay"] = _micros(self.delays)
            self.delays.clear()
        apart: tuple[tuple[TimeName, list[int]], ...] = (
            ("error_time", self.error_times), ("hit_time", self.hit_times), ("miss_time", self.miss_times),
        )  # fmt: skip
        for name, times_ns in apart:
            if times_ns:
                values[name] = _micros(times_ns)
                times_ns.clear()
        return values

    def _part(self, name: str) -> PartSum:
        found = self.parts.get(name)
        if found is None:
            found = self.parts[name] = PartSum()
        return found

    def _add_parts(self, name: str, values_ns: list[int]) -> None:
        part = self._part(name)
        part.count += len(values_ns)
        part.sum_ns += sum(values_ns)
        longest_ns = max(values_ns)
        part.max_ns = max(part.max_ns, longest_ns)


def start_delay_p99_ms(recorders: Iterable[CellRecorder]) -> float:
    """99th percentile of all start delays; 0 when there are none."""
    delays_ns: list[int] = []
    parts: list[Sparse] = []
    for recorder in recorders:
        delays_ns += recorder.delays
        if (many := recorder.many_start_delays) is not None:
            parts.append(Sparse.used(many))
    (p99_us,) = Sparse.merged([*parts, Sparse.counted(_micros(delays_ns))]).quantiles_us((0.99,))
    return p99_us / 1000


def _parts_data(parts: dict[str, PartSum]) -> dict[str, TimePart]:
    return {
        name: TimePart(count=part.count, sum_us=part.sum_ns // 1000, max_us=part.max_ns // 1000)
        for name, part in parts.items()
    }


def _micros(values_ns: list[int]) -> Int64s:
    return np.array(values_ns, dtype=np.int64) // 1000
