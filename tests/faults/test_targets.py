"""Targets that stand still, die and come back, or ask for patience."""

from __future__ import annotations

import time
from pathlib import Path

import psutil
import pytest

from perftui.demo.server import start_demo
from perftui.model.interval import Interval
from perftui.model.record import Record
from perftui.store.loading import load_run
from support.cli import finish, run_cli, start_cli, write_preset
from support.conservation import assert_conserved
from support.fault_server import Connection, fault_server
from support.home import Home
from support.presets import preset_text
from support.waiting import free_port, wait_until

RATE = 50


def record_of(home: Home) -> Record:
    return load_run(str(home.run_folders()[0])).record


def seconds_of(home: Home) -> list[Interval]:
    return list(load_run(str(home.run_folders()[0])).intervals)


def journal_has(home: Home, seconds: int) -> bool:
    files: list[Path] = home.run_folders()
    return bool(files) and (files[0] / "journal.jsonl").read_bytes().count(b'"interval"') >= seconds


@pytest.mark.slow
@pytest.mark.alone
def test_a_target_that_is_stopped_shows_in_the_response_times(home: Home) -> None:
    """Whoever would have come while it stood still waits for what is left of it."""
    options = ("--rate", str(RATE), "-d", "6s", "--warmup", "0s", "--timeout", "10s", "--headless", "--warn-only")
    with start_demo() as demo, start_cli(home, "run", "health", demo.url, *options) as cli:
        target = psutil.Process(demo.pid)
        wait_until(lambda: journal_has(home, 1), 60, "a second of load")
        target.suspend()
        time.sleep(2)
        target.resume()
        finish(cli)

    record = record_of(home)
    assert_conserved(record)
    total = record.summary.total
    assert total.counts.ok == total.counts.scheduled == 6 * RATE
    assert 1500 < total.response_time_ms.max < 3500
    # a third of the requests were due while it stood still: their times are spread over its two seconds
    assert total.response_time_ms.p90 > 500
    assert total.start_delay_ms.max < 1000
    # how late answers were looked at says how busy the machine is; nothing else was the generator's
    own = {"client_errors", "schedule_deficit", "worker", "at_cap", "suspended"}
    assert own.isdisjoint(reason.code for reason in record.trust.reasons), record.trust.reasons


@pytest.mark.slow
def test_a_target_that_dies_and_comes_back(home: Home) -> None:
    port, seconds = free_port(), 9
    options = ("--rate", str(RATE), "-d", f"{seconds}s", "--warmup", "0s", "--headless", "--warn-only")
    with start_demo(port) as demo:
        cli = start_cli(home, "run", "health", demo.url, *options)
        running = cli.__enter__()
        try:
            wait_until(lambda: journal_has(home, 1), 60, "a second of load")
        except BaseException:
            cli.__exit__(None, None, None)
            raise
    try:
        time.sleep(1.5)
        with start_demo(port):
            finish(running)
    finally:
        cli.__exit__(None, None, None)

    record = record_of(home)
    assert_conserved(record)
    counts = record.whole_run
    assert counts.ok + counts.errors + counts.timeouts == counts.scheduled == seconds * RATE
    assert record.summary.total.error_classes.get("connect.refused", 0) >= RATE / 2
    failed, answered = ([_sum(one, name) for one in seconds_of(home)] for name in ("errors", "ok"))
    assert max(failed) <= RATE + 20, "refusals come as the schedule says, second by second"
    assert sum(map(bool, failed)) >= 2
    first = next(place for place, count in enumerate(failed) if count)
    assert any(answered[first + 1 :]), "it is used again once it is back"
    assert sum(one.connections.opened for one in seconds_of(home)) <= counts.scheduled
    assert max(worker.cpu_percent for one in seconds_of(home) for worker in one.workers) < 60, "nobody spins"


def _sum(interval: Interval, name: str) -> int:
    return sum(getattr(cell.counts, name) for cells in interval.cells.values() for cell in cells.values())


def test_a_target_that_asks_for_patience_changes_no_schedule(home: Home) -> None:
    def patience(connection: Connection) -> None:
        while connection.read_request():
            connection.send(b"HTTP/1.1 429 Too Many\r\nRetry-After: 60\r\nContent-Length: 4\r\n\r\nwait")

    with fault_server(patience) as server:
        text = preset_text(server.url, {"list": "/"}, rate=RATE, duration="2s", auto_stop=False)
        run_cli(home, "run", write_preset(home, text), "--headless", "--warn-only")

    record = record_of(home)
    assert_conserved(record)
    assert record.summary.total.error_classes == {"http.429": 2 * RATE}
    assert record.whole_run.started == 2 * RATE
    sample = load_run(str(home.run_folders()[0])).error_samples[0]
    assert "Retry-After: 60" in sample.response_head
