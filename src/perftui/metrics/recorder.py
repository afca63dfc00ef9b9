"""What a worker measured since its last frame: counts and times per operation and phase, in constant memory.

The request path only appends integers to lists; `fold` turns them into histograms in bulk.
"""

from __future__ import annotations

import numpy as np

from perftui.metrics.histogram import Histogram
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
        "_closed", "cancelled", "classes", "client_errors", "delays", "dropped", "error_time", "error_times",
        "errors", "expired", "expired_delays", "first_bytes", "operation", "other_delays", "others", "parts", "phase",
        "plain", "plain_delays", "received", "response_time", "scheduled", "sent", "service_time", "start_delay",
        "started", "timeouts", "transfers",
    )  # fmt: skip

    def __init__(self, operation: str, phase: Phase, *, rate_mode: bool) -> None:
        self.operation = operation
        self.phase = phase
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
        self.response_time = Histogram() if rate_mode else None
        self.start_delay = Histogram() if rate_mode else None
        self.service_time = Histogram()
        self.error_time = Histogram()
        self._clear()

    def _clear(self) -> None:
        self.scheduled = self.started = self.errors = self.timeouts = self.dropped = self.cancelled = 0
        self.client_errors = self.sent = self.received = self._closed = 0
        self.classes: dict[str, int] = {}
        self.parts: dict[str, PartSum] = {}

    def add_part(self, name: str, value_ns: int) -> None:
        """Count the time of one part (queue, dns, connect, tls, first_byte, transfer) of one request."""
        self._part(name).add(value_ns)

    def record_timeout(self, elapsed_ns: int, delay_ns: int, error_class: str) -> None:
        """Count a request that ran out of time: it is in the service times with what it had waited."""
        self.timeouts += 1
        self.expired.append(elapsed_ns)
        if self.response_time is not None:
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

    def count_class(self, error_class: str) -> None:
        """Count one more of an error class."""
        self.classes[error_class] = self.classes.get(error_class, 0) + 1

    def fold_long(self) -> None:
        """Fold when a list has grown long."""
        if max(map(len, (self.plain, self.others, self.delays, self.error_times, self.expired))) >= FOLD_AT:
            self.fold()

    def fold(self) -> None:
        """Turn the lists into histograms."""
        if self.plain:
            self._fold_parts("first_byte", self.plain)
            transfer = self._part("transfer")
            transfer.count += len(self.plain)
            self._fold_answers(self.plain, self.plain_delays)
        if self.others:
            self._fold_parts("first_byte", self.first_bytes)
            self._fold_parts("transfer", self.transfers)
            self.first_bytes.clear()
            self.transfers.clear()
            self._fold_answers(self.others, self.other_delays)
        if self.expired:
            self._fold_answers(self.expired, self.expired_delays)
        if self.start_delay is not None and self.delays:
            self._fold_parts("queue", self.delays)
            self.start_delay.record_many(_micros(self.delays))
            self.delays.clear()
        if self.error_times:
            self.error_time.record_many(_micros(self.error_times))
            self.error_times.clear()

    def _part(self, name: str) -> PartSum:
        found = self.parts.get(name)
        if found is None:
            found = self.parts[name] = PartSum()
        return found

    def _fold_parts(self, name: str, values_ns: list[int]) -> None:
        part = self._part(name)
        part.count += len(values_ns)
        part.sum_ns += sum(values_ns)
        longest_ns = max(values_ns)
        part.max_ns = max(part.max_ns, longest_ns)

    def _fold_answers(self, services_ns: list[int], delays_ns: list[int]) -> None:
        self._closed += len(services_ns)
        services = _micros(services_ns)
        self.service_time.record_many(services)
        services_ns.clear()
        if self.response_time is not None:
            self.response_time.record_many(services + _micros(delays_ns))
            delays_ns.clear()

    def take(self) -> Cell | None:
        """What was measured since the last take; None when nothing was."""
        self.fold()
        counts = Counts(
            scheduled=self.scheduled, started=self.started, ok=self._closed - self.timeouts, errors=self.errors,
            timeouts=self.timeouts, dropped=self.dropped, cancelled=self.cancelled, client_errors=self.client_errors,
        )  # fmt: skip
        if counts == _NOTHING and not self.received and not self.sent:
            return None
        cell = Cell(
            counts=counts,
            error_classes=self.classes,
            received_bytes=self.received,
            sent_bytes=self.sent,
            service_time=_emptied(self.service_time),
            response_time=None if self.response_time is None else _emptied(self.response_time),
            start_delay=None if self.start_delay is None else _emptied(self.start_delay),
            error_time=_emptied(self.error_time),
            times={
                name: TimePart(count=part.count, sum_us=part.sum_ns // 1000, max_us=part.max_ns // 1000)
                for name, part in self.parts.items()
            },
        )
        self._clear()
        return cell


_NOTHING = Counts()


def _micros(values_ns: list[int]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values_ns, dtype=np.int64) // 1000


def _emptied(histogram: Histogram) -> HistogramData:
    data = histogram.data
    if data.count:
        histogram.counts[:] = 0
        histogram.total = histogram.sum_us = histogram.min_us = histogram.max_us = histogram.overflow = 0
    return data
