"""A generator that is not given the CPU time, the memory or the disk it needs says so."""

from __future__ import annotations

import resource
import subprocess
import sys

import psutil
import pytest

from perftui.demo.server import Demo
from perftui.store.loading import load_run
from support.cli import PERFTUI, Result, finish, run_cli, start_cli
from support.conservation import assert_conserved
from support.cpu_quota import cpu_quota
from support.home import Home, command_of, processes_in
from support.waiting import wait_for_journal, wait_until

pytestmark = pytest.mark.alone


def test_a_tenth_of_a_core_makes_a_run_invalid(home: Home, demo: Demo) -> None:
    """The quota comes with the run's folder: starting under it would take half a minute."""
    options = ("--rate", "2000", "--duration", "2s", "--warmup", "0s", "--headless", "--format", "json")
    with cpu_quota(0.1) as limit, start_cli(home, "run", "health", demo.url, *options) as cli:
        wait_until(lambda: bool(home.run_folders()), 60, "the start of the run")
        for process in processes_in(home.path):
            limit(process.pid)
        result = finish(cli)

    assert result.code == 12, result.stderr
    assert_conserved(result.record)
    assert result.record.whole_run.scheduled == 4000
    reasons = result.record.trust.reasons
    spoilt = {reason.code for reason in reasons if reason.verdict == "invalid"}
    assert spoilt & {"schedule_deficit", "response_time.p50"}, reasons
    causes = {reason.code for reason in reasons if reason.verdict == "valid"}
    assert causes & {"throttled", "start_delay", "held_up"}, reasons
    assert "the run is invalid" in result.stderr


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the limit of another process is set with prlimit")
def test_a_worker_without_memory_is_lost_and_the_run_saved(home: Home, demo: Demo) -> None:
    """It needs more with every request that waits for its answer: there are a thousand before the first comes."""
    options = ("--rate", "400", "--duration", "4s", "--warmup", "0s", "--workers", "2", "--headless", "--timeout", "9s")
    url = f"{demo.url}/slow?ms=2500"
    with start_cli(home, "run", "health", url, *options, "--format", "json", "--warn-only") as cli:
        wait_until(lambda: bool(home.run_folders()), 60, "the start of the run")
        [worker, _] = [each for each in processes_in(home.path) if "perftui.engine.worker" in command_of(each)]
        worker.rlimit(psutil.RLIMIT_AS, (1024 * 1024, 1024 * 1024))
        result = finish(cli)

    run = load_run(str(home.run_folders()[0]))
    assert_conserved(run.record)
    assert run.record.whole_run.scheduled == 1600
    assert run.record.status == "finished"
    [lost] = [event for event in run.events if event.kind == "worker_lost"]
    assert run.record.summary.total.error_classes["dropped.worker_lost"] == run.record.whole_run.dropped > 0
    assert run.record.whole_run.ok > 0
    assert run.record.trust.verdict != "valid", lost
    assert "Traceback" not in result.stderr


@pytest.mark.slow
@pytest.mark.machine
@pytest.mark.skipif(sys.platform != "linux", reason="processes are bound to a core")
def test_a_crowded_core_makes_late_requests_or_is_told(home: Home, demo: Demo) -> None:
    """Ten busy loops on the worker's own core."""
    hogs: list[subprocess.Popen[bytes]] = []
    core = min(psutil.Process().cpu_affinity())
    options = ("--rate", "1000", "--duration", "4s", "--warmup", "0s", "--workers", "1", "--headless")
    try:
        with start_cli(home, "run", "health", demo.url, *options, "--format", "json", "--warn-only") as cli:
            wait_until(lambda: bool(home.run_folders()), 60, "the start of the run")
            for _ in range(10):
                hogs.append(subprocess.Popen([sys.executable, "-c", "while True: pass"]))
                psutil.Process(hogs[-1].pid).cpu_affinity([core])
            for process in processes_in(home.path):
                if "perftui.engine.worker" in command_of(process):
                    process.cpu_affinity([core])
            finish(cli)
    finally:
        for hog in hogs:
            hog.kill()
            hog.wait()

    record = load_run(str(home.run_folders()[0])).record
    assert_conserved(record)
    total, trust = record.summary.total, record.trust
    if trust.verdict == "valid":
        # what is believed without a word holds next to nothing of ours: here p95, which the objective names
        assert total.response_time_bounds["p95"].verdict == "sound"
        seen, sent = total.response_time_ms.p95, total.service_time_ms.p95
        assert seen is not None
        assert sent is not None
        assert seen - sent <= max(0.6, 0.05 * seen), (total, trust)
    else:
        assert "requests" in " ".join(reason.detail for reason in trust.reasons), trust
        assert {"response_time.p50", "response_time.p95", "response_time.p99", "schedule_deficit"}.intersection(
            reason.code for reason in trust.reasons if reason.verdict != "valid"
        ), trust


def test_a_disk_that_is_full_at_the_end_hides_no_result(home: Home, demo: Demo) -> None:
    """What is still there of the record is that of the start: it says nothing of what came of the run."""
    options = ("--rate", "50", "--duration", "3s", "--warmup", "0s", "--headless", "--format", "json", "--warn-only")
    with start_cli(home, "run", "health", demo.url, *options) as cli:
        wait_for_journal(home, '"interval"')
        psutil.Process(cli.pid).rlimit(psutil.RLIMIT_FSIZE, (16, resource.RLIM_INFINITY))
        result = finish(cli)

    assert result.code == 0, result.stderr
    assert "the record was not saved: File too large; `perftui runs recover` makes it again" in result.stderr
    assert_conserved(result.record)
    assert result.record.status == "finished"
    assert result.record.whole_run.ok == result.record.whole_run.scheduled == 150
    assert run_cli(home, "runs", "recover").code == 0


def test_a_disk_that_was_full_all_along_is_told(home: Home, demo: Demo) -> None:
    """The numbers are shown and written where they were asked for, and nobody is told that they were saved."""
    options = ("--rate", "20", "--duration", "1s", "--warmup", "0s", "--headless", "--format", "json")
    done = subprocess.run(
        [PERFTUI, "run", "health", demo.url, *options],
        capture_output=True,
        env=home.environment,
        cwd=home.path,
        check=False,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY)),
        timeout=60,
    )
    result = Result(done.returncode, done.stdout.decode(), done.stderr.decode())
    assert result.code == 1
    assert result.record.whole_run.ok == 20
    assert "not saved, the disk refused it" in result.stderr
    assert f"{result.record.id} was not saved" in result.stderr
    assert "complete it with" not in result.stderr
