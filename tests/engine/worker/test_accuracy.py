"""What the worker says about times is what the server knows about them."""

from __future__ import annotations

import os
import random
import signal
import threading
import time

import numpy as np
import pytest

from perftui.engine.fleet.messages import Command
from perftui.model.plan import Load, Operation, Stage, Target
from support.fault_server import OK, Connection, answering, fault_server
from support.load_worker import LoadWorkers, make_plan, run_load

pytestmark = pytest.mark.alone

LAST = OK.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
MOST_WAKE_UP_US = 30_000
"""What many requests may be held up by on both sides together where the machine is busy."""
LEAST_WAKE_UP_US = 2_000
"""Some request of many is not held up on either side, however busy the machine is."""


def sleeping(seconds: float) -> None:
    """Sleep exactly: the last part is spent looking at the clock."""
    end = time.perf_counter() + seconds
    time.sleep(max(0.0, seconds - 0.001))
    while time.perf_counter() < end:
        pass


class Truth:
    """Times that a server took, by its own clock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.times_us: list[float] = []

    def add(self, began: float) -> None:
        with self._lock:
            self.times_us.append((time.perf_counter() - began) * 1e6)

    def quantile_us(self, q: float) -> float:
        return float(np.quantile(self.times_us, q, method="inverted_cdf"))


class SinceFirst:
    """Seconds since a server's first request: when a worker begins depends on the machine."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began: float | None = None

    def __call__(self) -> float:
        with self._lock:
            now = time.perf_counter()
            if self._began is None:
                self._began = now
            return now - self._began


def test_a_server_that_takes_20_ms() -> None:
    truth = Truth()

    def handle(connection: Connection) -> None:
        while connection.read_request():
            began = time.perf_counter()
            sleeping(0.02)
            truth.add(began)
            connection.send(OK)

    with fault_server(handle) as server:
        measured = run_load(make_plan(server.url, rate=50, duration_s=2))
    times = measured.histogram("service_time")
    assert times.total == 100
    assert times.min_us >= 20_000
    assert times.min_us - truth.quantile_us(0) < LEAST_WAKE_UP_US
    for q in (0.5, 0.9):
        # what lies between is loopback and the wake-ups of both sides, milliseconds where the machine is busy
        assert truth.quantile_us(q) <= times.quantiles_us((q,))[0] * 1.001
        assert times.quantiles_us((q,))[0] - truth.quantile_us(q) < MOST_WAKE_UP_US


def test_a_mixture_of_fast_and_slow() -> None:
    chance, lock, truth = random.Random(3), threading.Lock(), Truth()

    def handle(connection: Connection) -> None:
        while connection.read_request():
            began = time.perf_counter()
            with lock:
                slow = chance.random() < 0.05
            time.sleep(0.1 if slow else 0.005)
            truth.add(began)
            connection.send(OK)

    with fault_server(handle) as server:
        measured = run_load(make_plan(server.url, rate=200, duration_s=2))
    times = measured.histogram("service_time")
    assert times.total == 400
    for q in (0.5, 0.9, 0.97):
        true_us = truth.quantile_us(q)
        assert times.quantiles_us((q,))[0] - true_us < max(MOST_WAKE_UP_US, 0.05 * true_us)
    assert times.quantiles_us((0.97,))[0] >= 100_000
    assert times.quantiles_us((0.9,))[0] < 60_000
    assert times.min_us - truth.quantile_us(0) < LEAST_WAKE_UP_US


def test_black_holes_are_not_left_out() -> None:
    numbers, lock = iter(range(10**6)), threading.Lock()

    def handle(connection: Connection) -> None:
        while connection.read_request():
            with lock:
                number = next(numbers)
            if number % 40 == 39:
                connection.hold()
                return
            connection.send(OK)

    with fault_server(handle) as server:
        measured = run_load(make_plan(server.url, rate=200, duration_s=1, timeout_s=0.5))
    assert measured.classes() == {"timeout": 5}
    assert measured.quantile_us("response_time", 0.99) >= 500_000
    assert measured.quantile_us("service_time", 0.99) >= 500_000
    assert measured.quantile_us("response_time", 0.9) < 100_000


def test_response_time_is_start_delay_and_service_time() -> None:
    """In whole microseconds, over every request, also where requests wait for their turn."""
    load = Load(mode="rate", stages=(Stage(duration_s=1, to=200),), start_level=200, in_flight_cap=3)
    with fault_server(answering(delay_s=0.01)) as server:
        measured = run_load(make_plan(server.url, load=load))
    counts = measured.counts()
    # what still waits when the load ends is not sent any more
    assert counts.scheduled == counts.ok + counts.dropped == 200
    assert counts.ok > 20
    delay, service, response = (
        sum(data.sum_us for cell in measured.cells() if (data := getattr(cell, name)) is not None)
        for name in ("start_delay", "service_time", "response_time")
    )
    assert response == delay + service


@pytest.mark.parametrize("closes", [False, True], ids=["kept", "closed"])
def test_the_parts_of_the_time_add_up(closes: bool) -> None:  # noqa: FBT001 - a table's column
    """Connecting, waiting for the first byte and the transfer are the service time, with nothing counted twice."""
    first, rest = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n" + b"x" * 10, b"x" * 10

    def handle(connection: Connection) -> None:
        while connection.read_request():
            connection.sleep(0.01)
            connection.send(first)
            connection.sleep(0.02)
            connection.send(rest)
            if closes:
                return

    with fault_server(handle) as server:
        target = Target(url=server.url, keep_alive=not closes)
        measured = run_load(make_plan(server.url, rate=50, duration_s=1, target=target))
    parts = measured.parts_us()
    service_us = measured.histogram("service_time").sum_us
    assert parts.pop("queue") == pytest.approx(measured.histogram("start_delay").sum_us, abs=50)
    assert set(parts) == {"connect", "first_byte", "transfer"}
    assert sum(parts.values()) == pytest.approx(service_us, abs=150)
    assert parts["first_byte"] >= 50 * 10_000
    assert parts["transfer"] >= 50 * 20_000 * 0.5  # the first bytes may be read late
    assert parts["connect"] < service_us - 50 * 28_000


def test_a_stalled_server_shows_in_both_times_and_not_in_the_start() -> None:
    """Everything due during a stall waits for it: response times see the wait, the schedule goes on."""
    since_first = SinceFirst()

    def handle(connection: Connection) -> None:
        while connection.read_request():
            at_s = since_first()
            if 0.5 < at_s < 1.0:
                connection.sleep(1.0 - at_s)
            connection.send(OK)

    with fault_server(handle) as server:
        measured = run_load(make_plan(server.url, rate=200, duration_s=2))
    assert measured.counts().ok == 400
    assert measured.quantile_us("start_delay", 0.9) < 100_000
    assert measured.histogram("response_time").max_us > 250_000


def test_requests_are_never_early() -> None:
    with fault_server(answering()) as server:
        measured = run_load(make_plan(server.url, rate=500, duration_s=1))
    # a negative start delay cannot be recorded: the histogram refuses it
    assert measured.histogram("start_delay").total == 500


def test_a_slow_warm_up_leaves_no_trace() -> None:
    since_first = SinceFirst()

    def handle(connection: Connection) -> None:
        while connection.read_request():
            if since_first() < 1.0:
                connection.sleep(0.05)
            connection.send(OK)

    with fault_server(handle) as server:
        measured = run_load(make_plan(server.url, rate=50, duration_s=1, warmup_s=1.5))
    assert measured.counts(phase="warmup").ok == 75
    assert measured.counts(phase="measure").ok == 50
    assert measured.histogram("service_time", phase="warmup").max_us >= 50_000
    assert measured.quantile_us("service_time", 0.9, phase="measure") < 40_000


def test_a_worker_that_was_held_says_so() -> None:
    """Stopped for 300 ms, the worker starts late, catches up and reports both the lag and the delays."""
    with fault_server(answering()) as server, LoadWorkers(make_plan(server.url, rate=200, duration_s=1.5)) as running:
        running.begin()
        time.sleep(0.5)
        os.kill(running.processes[0].pid, signal.SIGSTOP)
        time.sleep(0.3)
        os.kill(running.processes[0].pid, signal.SIGCONT)
        measured = running.collect()
    measured.assert_conserved()
    assert measured.counts().ok == measured.counts().scheduled == 300
    assert max(frame.health.loop_lag_max_ms for frame in measured.frames) > 250
    assert sum(frame.health.loop_lag_over_100ms for frame in measured.frames) >= 1
    assert measured.quantile_us("start_delay", 0.95) > 100_000
    assert max(frame.health.start_delay_p99_ms for frame in measured.frames) > 100


def test_pauses_are_no_delays() -> None:
    with fault_server(answering()) as server, LoadWorkers(make_plan(server.url, rate=200, duration_s=1)) as running:
        running.begin()
        running.command(Command(kind="pause", at_ns=running.origin_ns + 400_000_000))
        running.command(Command(kind="resume", at_ns=running.origin_ns + 800_000_000))
        measured = running.collect()
    measured.assert_conserved()
    assert measured.counts().ok == 120
    assert measured.quantile_us("start_delay", 0.95) < 100_000


@pytest.mark.parametrize("path", ["/", "/${seq}"])
def test_every_request_is_counted_once_and_every_byte(path: str) -> None:
    lock, sizes = threading.Lock(), []

    def handle(connection: Connection) -> None:
        for _ in range(20):  # then the server closes, and a new connection carries what comes next
            request = connection.read_request()
            if not request:
                return
            with lock:
                sizes.append(len(request))
            connection.send(OK if connection.served < 20 else LAST)

    with fault_server(handle) as server:
        measured = run_load(
            make_plan(server.url, users=8, duration_s=0.5, operations=[Operation(name="get", path=path)])
        )
        assert server.requests == measured.counts().started == measured.counts().ok
    assert sum(cell.sent_bytes for cell in measured.cells()) == sum(sizes)
