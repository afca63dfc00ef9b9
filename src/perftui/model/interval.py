"""What was measured: cells (one operation in one phase), intervals (one second), events. The lines of a journal.

A cell belongs to the phase of the *intended* time of its requests, so a request due in `measure` that is answered
during `drain` counts where it was due. In every cell, over a whole run:
scheduled = ok + errors + timeouts + dropped + cancelled + client_errors.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from perftui.model.plan import Phase

Verdict = Literal["pass", "warn", "fail", "none"]
"""Of a limit, and of all limits of a run."""
TrustVerdict = Literal["valid", "degraded", "invalid"]
"""Of a run or a second."""
NumberVerdict = Literal["sound", "blurred", "unusable"]
"""Of one number: how much of it may be the generator's."""
EventKind = Literal[
    "phase", "pause", "resume", "level", "mark", "stop", "abort", "worker_lost", "worker_slow", "worker_back",
    "auto_stop", "disk", "note",
]  # fmt: skip


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of what a journal line holds. Unknown fields are ignored: newer minor versions may add some."""


class HistogramData(Line, frozen=True, kw_only=True):
    """A histogram as data: HDR layout, 1 us to 1 h, 3 significant digits (packed by metrics/histogram.py)."""

    count: int = 0
    sum_us: int = 0
    min_us: int = 0
    max_us: int = 0
    overflow: int = 0
    """Values above one hour, counted in the top slot."""
    packed: str = ""
    """base64 of zlib of the slots' index steps (uint16) and counts (uint32), little endian."""


class TimePart(Line, frozen=True, kw_only=True):
    """Time spent in one part of requests (queue, dns, connect, tls, first_byte, transfer; execute, fetch; answer)."""

    count: int = 0
    sum_us: int = 0
    max_us: int = 0


class Counts(Line, frozen=True, kw_only=True):
    """How requests ended. Identity: scheduled = the sum of the six outcomes, once nothing is in flight."""

    scheduled: int = 0
    started: int = 0
    ok: int = 0
    errors: int = 0
    timeouts: int = 0
    dropped: int = 0
    """Due, but never sent: no place in flight in time, not got to by the generator, or their worker was lost."""
    cancelled: int = 0
    """Due or sent, but unfinished at the end of the drain or at an abort."""
    client_errors: int = 0
    """Failed in the generator itself: never the server's."""

    def __add__(self, other: Counts) -> Counts:
        return Counts(**{name: getattr(self, name) + getattr(other, name) for name in self.__struct_fields__})

    @property
    def finished(self) -> int:
        """Requests whose outcome is known."""
        return self.ok + self.errors + self.timeouts + self.dropped + self.cancelled + self.client_errors

    @property
    def conserved(self) -> bool:
        """Whether every scheduled request has exactly one outcome."""
        return self.scheduled == self.finished


class Cell(Line, frozen=True, kw_only=True):
    """One operation in one phase during one interval."""

    counts: Counts = Counts()
    error_classes: dict[str, int] = {}
    """Names of model/error_classes.py, errors, timeouts, dropped and client errors alike."""
    received_bytes: int = 0
    sent_bytes: int = 0
    service_time: HistogramData = HistogramData()
    """Start to last body byte, of ok and timed-out requests (timeouts at their elapsed time)."""
    response_time: HistogramData | None = None
    """Intended to last body byte, of the same. None in users mode, where it equals service_time."""
    start_delay: HistogramData | None = None
    """Intended to start, of every started request. None in users mode."""
    error_time: HistogramData = HistogramData()
    """Service time of failed requests: a server that fails fast must not look faster."""
    hit_time: HistogramData | None = None
    """Service time of ok requests that were hits; None where nobody said what a hit is."""
    miss_time: HistogramData | None = None
    """Of those that were none."""
    times: dict[str, TimePart] = {}
    own_times: dict[str, HistogramData] = {}
    """Times that only some protocols have, by name: OWN_TIMES of model/objectives.py."""
    amounts: dict[str, int] = {}
    """What only some protocols count, by name: messages, events, requests and bytes of pages."""
    assets: dict[str, TimePart] = {}
    """Times of what pages name, by path; without a value where a host was named and left alone."""
    ok_in_measure: int | None = None
    """Of the ok answers those that ended while the load was measured, whenever they were due. None: not known (written
    by an older version)."""
    statuses: dict[str, int] = {}
    """Complete answers by status, good or not; empty where the protocol has none."""
    noted: dict[str, int] = {}
    """What was met on the way and accepted, by code of model/noted.py."""
    redirect: str = ""
    """An example of a redirect that was not followed: `301 to /login`."""


class WorkerHealth(Line, frozen=True, kw_only=True):
    """How one worker process did during the interval."""

    worker: int
    cpu_percent: float = 0.0
    """Of one core."""
    busy_percent: float = 0.0
    """Of the time: running or waiting for a core. At 100 it never waited for anything else; 0: not known."""
    memory_bytes: int = 0
    loop_lag: HistogramData = HistogramData()
    """How late its loop came to what had happened, noted every 5 ms; in users mode weighted by answers."""
    loop_lag_p99_ms: float = 0.0
    loop_lag_max_ms: float = 0.0
    loop_lag_over_100ms: int = 0
    gc_pause_max_ms: float = 0.0
    start_delay_p99_ms: float = 0.0
    in_flight: int = 0
    queued: int = 0
    at_cap_s: float = 0.0
    """Time during which requests were waiting for a place below the in-flight cap."""
    state: Literal["ok", "unresponsive", "lost"] = "ok"
    machine: str = ""
    """Where it is; empty: on the runner's machine."""


class HostSample(Line, frozen=True, kw_only=True):
    """This machine during the interval. Rates are per second."""

    cpu_percent: float = 0.0
    """Of all cores: 100 is the whole machine."""
    cpu_max_core_percent: float = 0.0
    memory_percent: float = 0.0
    memory_used_bytes: int = 0
    disk_read_bytes: float = 0.0
    disk_write_bytes: float = 0.0
    net_received_bytes: float = 0.0
    net_sent_bytes: float = 0.0
    throttled_percent: float = 0.0
    """Periods in which the control group was held back."""
    steal_percent: float = 0.0
    suspended_s: float = 0.0
    """Time the machine slept."""
    target_cpu_percent: float | None = None
    """Of one core, its whole tree of processes; None when the target's process is not known."""
    target_memory_bytes: int | None = None
    """Resident, of the whole tree."""
    target_threads: int | None = None
    target_open_files: int | None = None
    target_processes: int | None = None
    remote_cpu_percent: float | None = None
    """Of all cores of the target's machine; None when it does not tell."""
    remote_memory_percent: float | None = None


class MachineSample(Line, frozen=True, kw_only=True):
    """One of the machines that the load is sent from, during the interval; only where there is a cluster."""

    name: str
    host: HostSample = HostSample()
    round_trip_ms: float = 0.0
    """The longest of late, from the runner's machine and back."""
    clock_offset_ms: float = 0.0
    """How far its clock has moved against the runner's since the start."""
    clock_bound_ms: float = 0.0
    """Its moments are known no better."""
    lost: bool = False


class TrustReason(Line, frozen=True, kw_only=True):
    """Why the numbers are not fully believed."""

    code: str
    """`start_delay`, `schedule_deficit`, `loop_lag`, `worker_cpu`, `host_cpu`, `throttled`, `at_cap`, `gc`, ..."""
    verdict: TrustVerdict
    detail: str
    """In words, with the number and the limit."""
    at_s: float | None = None
    """When it was first seen; None: over the whole run."""
    lasted_s: float = 0.0
    """Of an interval merged from several: the time of those it held in."""


class Connections(Line, frozen=True, kw_only=True):
    """Connections during the interval."""

    opened: int = 0
    reused: int = 0
    """Requests sent on a connection that had carried one before."""
    reconnects: int = 0
    """Idempotent requests sent again because the server had closed the reused connection."""
    open_now: int = 0


class Interval(Line, frozen=True, kw_only=True, tag_field="type", tag="interval"):
    """One second of measurements, merged over the workers."""

    at_s: float
    """Start, seconds since the run's origin (the first intended time)."""
    duration_s: float
    phase: Phase
    """By wall time; cells carry the phase of their intended times."""
    level: float = 0.0
    """Asked at the end of the interval: arrivals per second, or users."""
    asked: float = 0.0
    """Arrivals that the schedule had in this interval (rate mode)."""
    paused: bool = False
    cells: dict[Phase, dict[str, Cell]] = {}
    """By phase of the intended time, then by operation."""
    connections: Connections = Connections()
    workers: tuple[WorkerHealth, ...] = ()
    host: HostSample = HostSample()
    """With a cluster the worst of its machines, number by number."""
    machines: tuple[MachineSample, ...] = ()
    """Of a cluster."""
    trust: TrustVerdict = "valid"
    trust_reasons: tuple[TrustReason, ...] = ()


class Event(Line, frozen=True, kw_only=True, tag_field="type", tag="event"):
    """Something that happened at a moment: a command with its origin, a worker's loss, a change of phase."""

    at_s: float
    kind: EventKind
    detail: str = ""
    origin: str = ""
    """Who asked: `tui`, `ctl`, `signal`, `runner`; empty for facts."""
    level: float | None = None


class ErrorSample(Line, frozen=True, kw_only=True, tag_field="type", tag="error"):
    """One failed exchange of a class, made safe and with secrets redacted."""

    error_class: str
    operation: str
    at_s: float
    detail: str = ""
    status: int = 0
    request_line: str = ""
    request_headers: tuple[tuple[str, str], ...] = ()
    response_head: str = ""
    body_start: str = ""
    service_time_ms: float = 0.0
    count: int = 1
    """How many times this signature was seen up to now."""
