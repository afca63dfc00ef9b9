"""Real runs against servers that know what they did: bounds, throughput, arrivals, verdicts (benchmarks/bounds.py)."""

from __future__ import annotations

import math
import time

import psutil
import pytest

from support.cli import finish, run_cli, start_cli, write_preset
from support.conservation import assert_conserved
from support.home import Home
from support.nginx import nginx
from support.presets import preset_text
from support.true_server import hogs, true_server
from support.waiting import wait_until

pytestmark = pytest.mark.alone
QUANTILES = {"p50": 0.5, "p95": 0.95}


@pytest.mark.parametrize("share", [0.0, pytest.param(0.9, marks=pytest.mark.machine)], ids=["quiet", "hogged"])
def test_the_servers_own_times_lie_inside_the_bounds(home: Home, share: float) -> None:
    with hogs(share), true_server(20) as server:
        preset = write_preset(home, preset_text(server.url, {"get": "/"}, rate=200, warmup="0s", duration="3s"))
        record = run_cli(home, "run", preset, "--headless", "--warn-only", "--format", "json").record
        took = sorted(took for _, took in server.times())
    assert_conserved(record)
    bounds = record.summary.total.response_time_bounds
    for name, q in QUANTILES.items():
        true_ms = took[max(0, math.ceil(q * len(took)) - 1)] / 1e6
        assert bounds[name].lower <= true_ms <= bounds[name].upper, (name, true_ms, bounds[name])


def test_what_a_server_can_do_is_the_throughput_not_what_was_asked(home: Home) -> None:
    """It does one at a time, in 10 ms: half of what was asked, and the rest in the drain."""
    with true_server(10, jitter_ms=0, at_once=1) as server:
        limits = {"metric": "throughput", "target": "> 120/s", "critical": "> 120/s"}
        text = preset_text(server.url, {"get": "/"}, objectives=[limits], rate=200, warmup="0s", duration="3s")
        result = run_cli(home, "run", write_preset(home, text), "--headless", "--format", "json")
        own = server.ended_per_s(3)
    assert result.record.summary.total.throughput_per_s == pytest.approx(own, rel=0.02)
    assert result.record.summary.total.attained > 0.9, "what ends in the drain counts there"
    assert result.code == 13, result.stderr


@pytest.mark.parametrize("rate", [1, 333, pytest.param(1_000_000, marks=pytest.mark.machine)])
def test_what_is_due_is_scheduled(home: Home, rate: int) -> None:
    with nginx() as server:
        preset = write_preset(home, preset_text(server.url, {"get": "/"}, rate=rate, warmup="0s", duration="1s"))
        record = run_cli(home, "run", preset, "--headless", "--warn-only", "--format", "json").record
    assert_conserved(record)
    assert record.whole_run.scheduled == rate


def test_a_stopped_worker_spoils_the_tail_which_is_said_and_not_the_median(home: Home) -> None:
    with true_server(20) as server:
        preset = preset_text(server.url, {"get": "/"}, rate=100, warmup="0s", duration="5s")
        with start_cli(home, "run", write_preset(home, preset), "--headless", "--format", "json") as process:
            runner = psutil.Process(process.pid)
            wait_until(lambda: any(map(_sends, runner.children(recursive=True))), 20, "a worker that sends")
            time.sleep(1)
            workers = [child for child in runner.children(recursive=True) if _sends(child)]
            for worker in workers:
                worker.suspend()
            time.sleep(0.6)
            for worker in workers:
                worker.resume()
            record = finish(process).record
    assert_conserved(record)
    bounds = record.summary.total.response_time_bounds
    assert bounds["p50"].upper - bounds["p50"].lower < 0.25 * bounds["p50"].upper
    for name in ("p95", "p99"):
        assert bounds[name].verdict == "unusable"
        assert bounds[name].lower <= 60, "the target's own 20 ms, whatever a busy machine adds"
        assert bounds[name].upper >= 200
    named = {reason.code for reason in record.trust.reasons}
    assert {"response_time.p95", "held_up"} <= named
    assert record.trust.verdict == "degraded"


def _sends(process: psutil.Process) -> bool:
    """Whether it is a worker with a connection to the target."""
    try:
        worker = "perftui.engine.worker" in " ".join(process.cmdline())
        return worker and any(each.status == psutil.CONN_ESTABLISHED for each in process.net_connections("inet"))
    except psutil.Error:
        return False


@pytest.mark.machine
def test_everything_that_was_due_counts_and_the_load_ends_with_the_schedule(home: Home) -> None:
    with nginx() as server:
        preset = write_preset(home, preset_text(server.url, {"get": "/"}, rate=300_000, warmup="0s", duration="1s"))
        record = run_cli(home, "run", preset, "--headless", "--format", "json").record
    assert_conserved(record)
    counts = record.whole_run
    assert counts.scheduled == 300_000
    total = record.summary.total
    unsent = total.error_classes["dropped.generator"]
    # on a busy machine the server, too, is late: what waits for a connection at the end is not the generator's
    waited = sum(count for name, count in total.error_classes.items() if name.startswith("dropped")) - unsent
    assert unsent + waited == counts.dropped
    assert unsent > 50_000
    assert record.trust.verdict == "invalid"
    most = 0.01 + waited / (300_000 - unsent)
    assert total.error_rate <= most, "what the generator did not send is no error of the target"


@pytest.mark.machine
def test_a_change_of_39_per_cent_is_a_regression_in_code_and_headline(home: Home) -> None:
    with true_server(20) as before, true_server(27.7) as after:
        options = ("--headless", "--warmup", "0s", "--duration", "4s", "--rate", "200")
        texts = [preset_text(server.url, {"get": "/"}, rate=200) for server in (before, after)]
        first = run_cli(home, "run", write_preset(home, texts[0]), *options, "--warn-only")
        assert first.code == 0, first.stderr
        second = run_cli(home, "run", write_preset(home, texts[1]), *options, "--baseline", "latest")
    assert second.code == 10, second.stderr + second.stdout
    assert "✗ regression" in second.stdout.splitlines()[0]
    shown = run_cli(home, "runs", "show", "latest").stdout
    assert "regression against" in shown
