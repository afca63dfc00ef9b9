"""What does not grow with the length of a run: signatures of errors, descriptors, memory, the journal per second."""

from __future__ import annotations

from itertools import count

import psutil
import pytest

from perftui.store.loading import load_run
from support.cli import finish, run_cli, start_cli, write_preset
from support.conservation import assert_conserved
from support.fault_server import Connection, fault_server
from support.home import Home, processes_in
from support.presets import preset_text
from support.waiting import wait_until

RATE = 100
SECONDS = 8
MOST_SIGNATURES = 51
MOST_JOURNAL_BYTES_PER_S = 20_000
MEBIBYTE = b"x" * 1024 * 1024


@pytest.mark.slow
def test_every_error_says_something_new(home: Home) -> None:
    numbers = count()

    def never_the_same(connection: Connection) -> None:
        while connection.read_request():
            number = next(numbers)
            body = f"error {number:x} of {number * 7919:x}".encode()
            head = b"HTTP/1.1 500 Reason %d\r\nX-Number: %d\r\nContent-Length: %d\r\n\r\n" % (number, number, len(body))
            connection.send(head + body)
            if number % 10 == 0:
                return  # connections come and go as well

    with fault_server(never_the_same) as server:
        preset = preset_text(server.url, {"list": "/"}, rate=RATE, duration=f"{SECONDS}s", auto_stop=False)
        command = ("run", write_preset(home, preset), "--headless", "--format", "json", "--warn-only")
        with start_cli(home, *command) as cli:
            wait_until(lambda: server.requests > 2 * RATE, 15, "two seconds of load")
            early = {process.pid: use_of(process) for process in processes_in(home.path)}
            wait_until(lambda: server.requests > (SECONDS - 1) * RATE, 15, "most of the load")
            late = {process.pid: use_of(process) for process in processes_in(home.path)}
            result = finish(cli)
    run = load_run(str(home.run_folders()[0]))
    journal = sum(path.stat().st_size for path in home.run_folders()[0].glob("journal*"))

    assert_conserved(result.record)
    assert result.record.summary.total.error_classes.keys() == {"http.500"}
    signatures = {(sample.error_class, sample.status, sample.detail) for sample in run.error_samples}
    assert 0 < len(signatures) <= MOST_SIGNATURES
    assert journal < MOST_JOURNAL_BYTES_PER_S * SECONDS
    assert set(early) == set(late)
    for pid, (descriptors, resident) in late.items():
        assert descriptors <= early[pid][0] + 10
        assert resident < early[pid][1] + 8_000_000
    assert len(run_cli(home, "runs", "show", "latest").stdout.splitlines()) < 60


def use_of(process: psutil.Process) -> tuple[int, int]:
    """Open descriptors and resident bytes."""
    return process.num_fds(), process.memory_info().rss


@pytest.mark.slow
def test_endless_answers_are_cut_and_not_kept(home: Home) -> None:
    def endless(connection: Connection) -> None:
        connection.read_request()
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            connection.send(b"100000\r\n" + MEBIBYTE + b"\r\n")

    highest = 0
    with fault_server(endless) as server:
        preset = preset_text(server.url, {"list": "/"}, rate=5, duration="2s", auto_stop=False)
        command = ("run", write_preset(home, preset), "--headless", "--format", "json", "--warn-only")
        with start_cli(home, *command) as cli:
            while cli.poll() is None:
                for process in processes_in(home.path):
                    if process.is_running():
                        highest = max(highest, resident_of(process))
            result = finish(cli)

    assert_conserved(result.record)
    assert result.record.summary.total.error_classes == {"body_too_large": 10}
    assert 10_000_000 < highest < 150_000_000


def resident_of(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.Error:
        return 0
