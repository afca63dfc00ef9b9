"""Objectives of every kind on real runs: levels, stretches, the target's process, and those that end the run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from perftui.demo.server import Demo
from support.cli import run_cli, write_preset
from support.gunicorn import gunicorn
from support.home import Home
from support.judged import expected
from support.presets import preset_text

Table = dict[str, Any]


@pytest.mark.slow
def test_levels_and_machines_are_judged(home: Home, demo: Demo) -> None:
    objectives: list[Table] = [
        {"metric": "response_time.p50", "level": 1, "target": "< 5s"},
        {"metric": "throughput", "level": 8, "target": "> 100000/s"},
        {"metric": "target.memory", "critical": "< 1MB"},
        {"metric": "target.threads", "target": "< 500"},
        {"metric": "host.memory", "target": "< 100%"},
        {"metric": "check.answers", "target": "> 99%"},
        {"metric": "throughput", "over": "1s", "critical": "> 1/s"},
        {"metric": "target.memory_growth", "target": "< 1GB/h"},
    ]
    operation = {"name": "slow", "path": "/slow?ms=5", "checks": [{"name": "answers", "status": [200]}]}
    text = preset_text(demo.url, [operation], objectives=objectives, levels=[1, 8], duration="2s")
    result = run_cli(home, "run", write_preset(home, text), "--headless", "--format", "json")
    assert result.code == expected(home, 13), result.stderr
    record = result.record
    assert [level.level for level in record.levels] == [1, 8]
    assert record.levels[1].total.throughput_per_s > record.levels[0].total.throughput_per_s
    verdicts = ["pass", "warn", "fail", "pass", "pass", "pass", "pass", "none"]
    assert [one.verdict for one in record.objectives] == verdicts
    assert record.host["target_memory_bytes"].max > 10_000_000
    assert "target.memory is " in result.stderr
    assert ", critical < 1.0 MB" in result.stderr
    markdown = run_cli(home, "export", "latest", "--format", "md").stdout
    assert "| users | sent/s | ok/s |" in markdown
    levels = [
        line for line in run_cli(home, "export", "latest", "--format", "csv").stdout.splitlines() if ",8.0" in line
    ]
    assert levels


LEAKING = """
import os, threading, time

kept, began_s = [], time.monotonic()

def leak():
    while True:
        if len(kept) * 100_000 < 1_000_000 * (time.monotonic() - began_s):
            kept.append(bytes(b"x" * 100_000))
        time.sleep(0.02)

try:
    os.close(os.open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "taken"), os.O_CREAT | os.O_EXCL))
    threading.Thread(target=leak, daemon=True).start()
except FileExistsError:
    pass  # another worker has it

def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "2")])
    return [b"ok"]
"""


@pytest.mark.slow
def test_a_leak_in_a_child_of_a_worker_pool_is_found_by_the_port(home: Home, tmp_path: Path) -> None:
    objective = {"metric": "target.memory_growth", "target": "< 100MB/h", "critical": "< 1GB/h"}
    with gunicorn(LEAKING, tmp_path, workers=2) as url:
        text = preset_text(url, {"ok": "/"}, objectives=[objective], rate=20, duration="14s")
        result = run_cli(home, "run", write_preset(home, text), "--headless", "--format", "json")
    assert result.code == expected(home, 13), result.stderr
    (judged,) = result.record.objectives
    assert judged.verdict == "fail"
    growth = result.record.target_growth
    assert growth is not None
    assert growth.per_hour == pytest.approx(3.6e9, rel=0.15), growth
    assert growth.low <= 3.6e9 * 1.05
    assert any("memory of the target's process grew by" in one.detail for one in result.record.findings)


def test_a_critical_limit_ends_the_run(home: Home, demo: Demo) -> None:
    objective = {"metric": "error_rate", "critical": "< 10%", "over": "2s", "abort": True}
    text = preset_text(demo.url, {"fail": "/fail?rate=1"}, objectives=[objective], rate=20, duration="30s")
    result = run_cli(home, "run", write_preset(home, text), "--headless", "--format", "json")
    assert result.code == expected(home, 13), result.stderr
    assert result.record.status == "stopped"
    assert result.record.verdict == "fail"
    assert result.record.status_detail.startswith("objective: error_rate 100 % misses < 10.0 %; worst from 00:00")
    assert result.record.summary.duration_s < 6


@pytest.mark.slow
def test_a_process_that_is_not_there_is_refused(home: Home, demo: Demo) -> None:
    for target, message in (({"pid": 4_194_300}, "there is no process 4194300"), ({"process": "x-y-z"}, "'x-y-z'")):
        text = preset_text(demo.url, {"health": "/health"}, target=target)
        result = run_cli(home, "run", write_preset(home, text), "--headless")
        assert result.code == 2
        assert message in result.stderr
