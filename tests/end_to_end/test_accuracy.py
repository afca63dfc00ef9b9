"""Times that are known beforehand: a stopped server, requests that vanish, another generator beside ours."""

from __future__ import annotations

import re
import signal
import subprocess
import time
from typing import Self

import psutil
import pytest

from support.cli import finish, run_cli, start_cli, write_preset
from support.conservation import assert_conserved
from support.fault_server import OK, Connection, fault_server
from support.home import Home
from support.nginx import Nginx, nginx
from support.presets import preset_text
from support.programs import need_program
from support.waiting import wait_until

pytestmark = pytest.mark.alone

RUN_S = 6.0
STALL_S = 0.6
HEADLESS = ("--headless", "--format", "json", "--warn-only")


def test_a_stall_shows_in_the_response_times_of_everyone_who_would_have_come(home: Home) -> None:
    """A server stopped for S of T seconds: quantile q > 1 - S/T of the response time is S * (q - (1 - S/T)) / (S/T)."""
    with nginx() as server:
        preset = preset_text(server.url, {"read": "/"}, target={"timeout": "5s"}, rate=200, duration=f"{RUN_S}s")
        with start_cli(home, "run", write_preset(home, preset), *HEADLESS) as process:
            wait_until(lambda: server.requests() > 200, 60, "the start of the load")
            with stopped(server) as stall:
                time.sleep(STALL_S)
            record = finish(process).record

    assert_conserved(record)
    assert record.whole_run.ok == record.whole_run.scheduled == 200 * RUN_S
    times = record.summary.total.response_time_ms
    share = stall.lasted_s / RUN_S
    for quantile, measured_ms in ((0.95, times.p95), (0.99, times.p99)):
        expected_ms = stall.lasted_s * 1000 * (quantile - (1 - share)) / share
        assert measured_ms == pytest.approx(expected_ms, rel=0.1, abs=30), f"p{quantile * 100:g}"
    assert times.max == pytest.approx(stall.lasted_s * 1000, rel=0.1)
    assert times.p75 < 100


class stopped:  # noqa: N801 - reads as a statement
    """The server's processes do not run while the block lasts."""

    def __init__(self, server: Nginx) -> None:
        self._processes = psutil.Process(server.pid).children() or [psutil.Process(server.pid)]
        self._began_s = 0.0
        self.lasted_s = 0.0

    def __enter__(self) -> Self:
        self._began_s = time.perf_counter()
        for process in self._processes:
            process.send_signal(signal.SIGSTOP)
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._processes:
            process.send_signal(signal.SIGCONT)
        self.lasted_s = time.perf_counter() - self._began_s


def test_requests_that_vanish_are_in_the_percentiles(home: Home) -> None:
    """One request in 25 gets no answer: p99 is at least the timeout, not the best of the answered ones."""

    def handle(connection: Connection) -> None:
        while connection.read_request():
            if server.requests % 25 == 0:
                connection.hold()
                return
            connection.send(OK)

    with fault_server(handle) as server:
        preset = preset_text(server.url, {"read": "/"}, target={"timeout": "500ms"}, rate=150, duration="2s")
        record = run_cli(home, "run", write_preset(home, preset), *HEADLESS).record

    assert_conserved(record)
    assert record.whole_run.timeouts == pytest.approx(12, abs=4)
    assert record.summary.total.response_time_ms.p99 >= 500
    assert record.summary.total.service_time_ms.p99 >= 500


def test_another_generator_sees_the_same_latency(home: Home) -> None:
    """wrk and we, one after the other, closed loop with one connection, on answers that take 20 ms."""
    wrk = need_program("wrk")
    with fault_server(slow_answers) as server:
        theirs = subprocess.run(
            [wrk, "-t1", "-c1", "-d1s", "--latency", server.url + "/"], capture_output=True, text=True, check=True
        )
        preset = preset_text(server.url, {"read": "/"}, users=1, duration="1s")
        record = run_cli(home, "run", write_preset(home, preset), *HEADLESS).record

    match = re.search(r"50%\s+([\d.]+)(us|ms)", theirs.stdout)
    assert match, theirs.stdout
    wrk_p50_ms = float(match[1]) / (1000 if match[2] == "us" else 1)
    assert_conserved(record)
    assert record.summary.total.service_time_ms.min >= 20
    assert record.summary.total.service_time_ms.p50 == pytest.approx(wrk_p50_ms, rel=0.25)


def slow_answers(connection: Connection) -> None:
    """Each answer 20 ms after its request."""
    while connection.read_request():
        connection.sleep(0.02)
        connection.send(OK)
