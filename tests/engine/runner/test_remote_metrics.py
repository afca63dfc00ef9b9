"""The machine of the target, read beside the load and on the same time axis."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from perftui.demo.server import Demo
from support.cli import Result, finish, run_cli, start_cli, write_preset
from support.conservation import assert_conserved
from support.fault_server import Connection, fault_server
from support.home import Home
from support.presets import preset_text
from support.waiting import wait_for_journal, wait_until


class _Exporter(BaseHTTPRequestHandler):
    """Three quarters of one core busy, a quarter of the memory used."""

    def do_GET(self) -> None:
        now_s = time.monotonic()
        lines = [
            f'node_cpu_seconds_total{{cpu="0",mode="idle"}} {now_s * 0.25}',
            f'node_cpu_seconds_total{{cpu="0",mode="user"}} {now_s * 0.75}',
            "node_memory_MemTotal_bytes 1e9",
            "node_memory_MemAvailable_bytes 7.5e8",
        ]
        body = "\n".join(lines).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _exporter() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Exporter) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/metrics"
        server.shutdown()


def _run_until(home: Home, text: str, said: Callable[[str], bool]) -> Result:
    """A run that is stopped once its journal says this."""
    command = ("run", write_preset(home, text), "--headless", "--format", "json", "--warn-only")
    with start_cli(home, *command) as run:
        journal = wait_for_journal(home, '"interval"') / "journal.jsonl"
        wait_until(lambda: said(journal.read_text("utf-8")), 60, "what the journal should say")
        assert run_cli(home, "ctl", journal.parent.name, "stop").code == 0
        return finish(run)


def test_a_remote_machine_is_seen_and_judged(home: Home, demo: Demo) -> None:
    objectives = [
        {"metric": "remote.cpu", "target": "< 50%", "critical": "< 90%"},
        {"metric": "remote.memory", "critical": "< 30%"},
    ]
    with _exporter() as url:
        text = preset_text(
            demo.url, {"one": "/health"}, target={"metrics": url}, objectives=objectives, rate=10, duration="60s"
        )  # fmt: skip
        result = _run_until(home, text, lambda journal: '"remote_cpu_percent"' in journal)
    assert 70 < result.record.host["remote_cpu_percent"].mean < 80, result.stderr
    assert [(one.metric, one.verdict) for one in result.record.objectives[:2]] == [
        ("remote.cpu", "warn"), ("remote.memory", "pass"),
    ]  # fmt: skip


@pytest.mark.slow
def test_one_that_does_not_answer_is_said_once_and_harms_nothing(home: Home, demo: Demo) -> None:
    text = preset_text(
        demo.url, {"one": "/health"}, target={"metrics": "http://127.0.0.1:9/metrics"}, rate=10, duration="60s"
    )
    result = _run_until(home, text, lambda journal: journal.count('"interval"') > 3 and "cannot be read" in journal)
    assert result.record.whole_run.ok > 0
    assert not result.record.whole_run.errors
    assert result.stderr.count("the metrics of the target's machine: cannot be read") == 1


@pytest.mark.slow
def test_metrics_that_drip_are_told_and_no_old_sample_stands_for_a_new_one(home: Home, demo: Demo) -> None:
    def drip(connection: Connection) -> None:
        connection.read_request()
        connection.send_in_pieces(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 1000, 1, 0.2)

    with fault_server(drip) as exporter:
        target = {"metrics": f"{exporter.url}/metrics"}
        text = preset_text(demo.url, {"one": "/health"}, target=target, rate=10, duration="60s")
        result = _run_until(home, text, lambda journal: "no whole answer within 2 s" in journal)

    assert_conserved(result.record)
    assert result.record.whole_run.ok > 0
    assert "remote_cpu_percent" not in result.record.host
