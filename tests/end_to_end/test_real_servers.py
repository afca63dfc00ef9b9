"""Runs of the program against real servers: their own counters agree with ours, and healthy ones give no errors."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Sequence

import pytest

from perftui.demo.server import Demo
from perftui.model.record import Record
from perftui.report.comparison import VERDICT_WORDS
from support.cli import Result, finish, problems, run_cli, start_cli, write_preset
from support.conservation import assert_conserved
from support.fault_server import fault_server
from support.home import Home
from support.http_server import http_server
from support.judged import deserved, told
from support.nginx import nginx
from support.presets import preset_text
from support.waiting import free_port, is_listening, wait_for_journal, wait_until

Call = Callable[..., Result]

HEADLESS = ("--headless", "--format", "json")
LOADS = {
    "rate": ("--rate", "400", "--duration", "500ms", "--warmup", "200ms"),
    "rate, two workers": ("--rate", "400", "--duration", "500ms", "--warmup", "0s", "--workers", "2"),
    "users": ("--users", "8", "--duration", "500ms", "--warmup", "200ms"),
    "number of requests": ("--users", "4", "--duration", "20s", "--warmup", "0s", "--max-requests", "777"),
}


def run_health(home: Home, url: str, *options: str) -> Record:
    result = run_cli(home, "run", "health", url, *options, *HEADLESS, "--warn-only")
    assert result.code == 0, result.stderr
    assert_conserved(result.record)
    return result.record


@pytest.mark.parametrize("load", LOADS.values(), ids=LOADS.keys())
def test_nginx_counts_the_requests_that_were_started(home: Home, load: Sequence[str]) -> None:
    with nginx() as server:
        record = run_health(home, f"{server.url}/health", *load)

        assert server.requests() == record.whole_run.started
    assert record.whole_run.ok == record.whole_run.scheduled > 0


def test_a_number_of_requests_is_kept_exactly(home: Home) -> None:
    with nginx() as server:
        record = run_health(home, f"{server.url}/", *LOADS["number of requests"])

    assert record.whole_run.scheduled == 777


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "requests", "timeout"),
    [("rate", 10, "300s"), ("users", 100, "300s"), ("users", 1_000_000, "0")],
    ids=["10 per connection", "100 per connection", "none kept"],
)
def test_connections_that_nginx_closes_are_no_errors(home: Home, mode: str, requests: int, timeout: str) -> None:
    with nginx(keepalive_requests=requests, keepalive_timeout=timeout) as server:
        record = run_health(home, f"{server.url}/", *LOADS[mode])
        status = server.status()

    assert record.whole_run.ok == record.whole_run.scheduled
    assert record.summary.total.error_classes == {}
    if timeout == "0":
        assert status.connections >= record.whole_run.started


@pytest.mark.slow
@pytest.mark.parametrize("load", [("--rate", "100"), ("--users", "3")], ids=["rate", "users"])
def test_http_1_0_is_no_error(home: Home, load: Sequence[str]) -> None:
    with http_server() as server:
        record = run_health(home, f"{server.url}/", *load, "--duration", "500ms", "--warmup", "0s")

    assert record.whole_run.ok == record.whole_run.scheduled > 0


def test_nothing_listening_is_one_line_and_nothing_saved(home: Home, call: Call) -> None:
    port = free_port()
    result = call("run", "health", f"http://127.0.0.1:{port}/", *HEADLESS)

    assert result.code == 14
    assert result.stdout == ""
    assert len(problems(result)) == 1
    assert str(port) in result.stderr
    assert home.run_folders() == []


@pytest.mark.slow
def test_a_server_that_dies_in_the_middle_is_booked_and_the_run_saved(home: Home, call: Call) -> None:
    with http_server() as server:
        url = f"{server.url}/"
        options = ("--rate", "30", "--duration", "5s", "--warmup", "0s", "--set", "load.auto_stop=false")
        with start_cli(home, "run", "health", url, *options, *HEADLESS, "--warn-only") as process:
            wait_for_journal(home, '"interval"')
            os.kill(server.pid, signal.SIGKILL)
            result = finish(process)

    record = result.record
    assert_conserved(record)
    assert record.status == "finished"
    assert record.whole_run.scheduled == 150
    assert 0 < record.whole_run.ok < 150
    assert set(record.summary.total.error_classes) <= {"connect.refused", "reset", "closed", "connect.reset"}
    assert record.summary.total.error_classes["connect.refused"] > 0
    assert call("runs", "show", "latest").code == 0


@pytest.mark.slow
def test_a_server_that_comes_back_is_used_again(home: Home) -> None:
    """Refusals are booked while it is gone; connections are not made in a storm."""
    port = free_port()
    options = ("--rate", "25", "--duration", "8s", "--warmup", "0s", "--set", "load.auto_stop=false")
    with (
        http_server(port=port) as first,
        start_cli(home, "run", "health", first.url + "/", *options, *HEADLESS, "--warn-only") as process,
    ):
        wait_for_journal(home, '"interval"')
        os.kill(first.pid, signal.SIGKILL)
        wait_until(lambda: not is_listening(port), what="the end of the server")
        with http_server(port=port):
            result = finish(process)

    record = result.record
    assert_conserved(record)
    assert record.whole_run.scheduled == 200
    assert record.whole_run.errors + record.whole_run.timeouts < 100
    assert record.whole_run.ok > 100


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_the_run_and_saves_it(home: Home, demo: Demo, number: int, code: int) -> None:
    options = ("--rate", "50", "--duration", "30s", "--warmup", "0s")
    with start_cli(home, "run", "health", demo.url, *options, *HEADLESS) as process:
        wait_for_journal(home, '"interval"')
        process.send_signal(number)
        result = finish(process)

    assert result.code == code
    assert result.record.status == "stopped"
    assert_conserved(result.record)


@pytest.mark.slow
def test_a_second_signal_aborts_and_still_saves(home: Home) -> None:
    """The first one waits for the answers in flight, 20 s; the second does not."""
    with fault_server(lambda connection: connection.hold()) as server:
        preset = preset_text(server.url, {"read": "/"}, target={"timeout": "20s"}, rate=20, duration="30s")
        with start_cli(home, "run", write_preset(home, preset), *HEADLESS) as process:
            wait_for_journal(home, '"interval"')
            process.send_signal(signal.SIGINT)
            wait_for_journal(home, '"stop"')
            process.send_signal(signal.SIGINT)
            result = finish(process, 15)

    assert result.code == 130
    assert result.record.status == "aborted"
    assert result.record.whole_run.cancelled == result.record.whole_run.scheduled > 0
    assert_conserved(result.record)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("policy", "duration_s"),
    [("finish", 3), ("stop", 30)],
)
def test_a_hang_up_does_what_the_plan_says(home: Home, demo: Demo, policy: str, duration_s: int) -> None:
    preset = preset_text(demo.url, {"health": "/health"}, rate=50, duration=f"{duration_s}s", on_disconnect=policy)
    with start_cli(home, "run", write_preset(home, preset), *HEADLESS) as process:
        wait_for_journal(home, '"interval"')
        process.send_signal(signal.SIGHUP)
        result = finish(process)

    assert result.code == (deserved(result.record) if policy == "finish" else 129)
    assert result.record.status == ("finished" if policy == "finish" else "stopped")
    assert (result.record.whole_run.scheduled == 50 * duration_s) == (policy == "finish")
    assert_conserved(result.record)


def test_the_saved_run_is_what_was_printed(home: Home, call: Call, demo: Demo) -> None:
    printed = run_health(home, demo.url, "--rate", "50", "--duration", "500ms", "--warmup", "0s")
    listed = call("runs", "list")
    exported = call("export", "latest", "--format", "json")

    assert printed.id in listed.stdout
    assert exported.record == printed


def test_two_runs_are_compared(home: Home, call: Call, demo: Demo) -> None:
    for _ in range(2):
        run_health(home, demo.url, "--rate", "50", "--duration", "500ms", "--warmup", "0s")
    ids = [folder.name for folder in home.run_folders()]
    result = call("compare", *ids)
    same = call("compare", *ids, "--format", "json")

    codes = {"regression": 10, "not_comparable": 12}
    assert result.code == same.code == told(result.stderr) == codes.get(same.json["verdict"], 0), result.stderr
    assert all(run_id in result.stdout for run_id in ids)
    assert all(run_id in same.stdout for run_id in ids)
    assert same.json["verdict"] in VERDICT_WORDS
