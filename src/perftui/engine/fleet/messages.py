"""What runner and workers say to each other: msgpack with four bytes of length before each, over stdin and stdout."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from perftui.model.interval import Cell, Connections, ErrorSample, WorkerHealth
from perftui.model.plan import Phase, Plan

MOST_MESSAGE_BYTES = 64 * 1024 * 1024
MOST_NOTES = 10
"""Of a worker."""


class Job(Struct, frozen=True, kw_only=True, tag="job"):
    """First message to a worker: all it needs. The plan's secrets are resolved: never stored, never in argv."""

    worker: int
    workers: int
    plan: Plan
    addresses: dict[str, tuple[tuple[str, int], ...]]
    """Of each target by its name, resolved before the start, used in turn. Empty where none is needed."""
    secrets: tuple[str, ...] = ()
    """Values to blank out of everything that is stored or shown."""
    variables: dict[str, str] = {}
    """Values captured by set-up requests and log-in."""
    cpu: int = -1
    """Core to stay on; -1: any."""


class Ready(Struct, frozen=True, kw_only=True, tag="ready"):
    """The worker's answer to its job."""

    pid: int


class Begin(Struct, frozen=True, kw_only=True, tag="begin"):
    """The schedule starts: the first intended time, on the clock that all processes of a host share."""

    origin_ns: int
    """time.perf_counter_ns() of the run's origin."""


class Command(Struct, frozen=True, kw_only=True, tag="command"):
    """Something changes at a moment that is the same for every worker."""

    kind: Literal["pause", "resume", "scale", "hold", "stop", "abort", "headers", "addresses"]
    """scale: the rest of the profile is multiplied by `factor`. hold: it is `level` instead. stop: no new arrivals,
    then drain. abort: cancel now. headers: replace the authorization header (token renewal). addresses: new connections
    to `target` go to these."""
    at_ns: int
    factor: float = 1.0
    """Of the original profile, not of the current one."""
    level: float = 0.0
    headers: dict[str, str] = {}
    secrets: tuple[str, ...] = ()
    """With headers: further values to blank out."""
    addresses: tuple[tuple[str, int], ...] = ()
    target: str = ""
    """With addresses: name of the target."""


class Frame(Struct, frozen=True, kw_only=True, tag="frame"):
    """What a worker measured since its last frame. Deltas: the runner adds them up."""

    worker: int
    seq: int
    start_ns: int
    end_ns: int
    level: float
    asked: float = 0.0
    cells: dict[Phase, dict[str, Cell]] = {}
    connections: Connections = Connections()
    health: WorkerHealth
    error_samples: tuple[ErrorSample, ...] = ()
    captured: tuple[dict[str, str], ...] = ()
    """Values for the clean-up (ids of what was created)."""
    notes: tuple[str, ...] = ()
    """What is worth knowing, made safe."""
    final: bool = False
    """The worker has nothing in flight and ends."""


class Closed(Struct, frozen=True, kw_only=True, tag="closed"):
    """The worker's last message: nothing is open any more, and what was set up is torn down."""

    notes: tuple[str, ...] = ()
    """As Frame."""


class Failure(Struct, frozen=True, kw_only=True, tag="failure"):
    """The worker cannot go on."""

    message: str


ToWorker = Job | Begin | Command
FromWorker = Ready | Frame | Closed | Failure
