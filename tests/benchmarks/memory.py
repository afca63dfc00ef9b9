"""Resident memory of worker and runner after one million requests and after ten: the same, give or take 5 MB.

python tests/benchmarks/memory.py [MILLIONS]
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil

from perftui.store.loading import load_run
from support.benchmark import pinned_nginx, require
from support.cli import finish, start_cli
from support.conservation import assert_conserved
from support.home import new_home, processes_in

ALLOWED_BYTES = 5_000_000
_POLL_S = 0.25


@dataclass
class Use:
    """Resident bytes of the processes of one run, at the end of its load."""

    requests: int
    seconds: float
    runner: int = 0
    worker: int = 0


def run(url: str, requests: int) -> Use:
    """Send this many requests and look at the processes until they end."""
    load = ("--users", "50", "--max-requests", str(requests), "--duration", "1h", "--warmup", "0s")
    command = ("run", "health", url, *load, "--warn-only", "--format", "json", "--output", "run.json")
    use = Use(requests, 0.0)
    started_s = time.monotonic()
    with (
        new_home() as home,
        start_cli(home, *command) as cli,
    ):
        while cli.poll() is None:
            for process in processes_in(home.path):
                look(process, use, cli.pid)
            time.sleep(_POLL_S)
        use.seconds = time.monotonic() - started_s
        result = finish(cli)
        assert result.code in {0, 12}, result.stderr
        record = load_run(str(home.path / "run.json")).record
    assert_conserved(record)
    assert record.whole_run.ok == requests, record.whole_run
    return use


def look(process: psutil.Process, use: Use, runner: int) -> None:
    """Note the memory of a worker and of its runner, as long as there is a worker.

    Behind the load the runner reads its journal once to sum it up: that takes as much as a viewer takes, which is
    bounded by the kept seconds and not by the requests.
    """
    try:
        if "perftui.engine.worker" in process.cmdline():
            use.worker = process.memory_info().rss
            use.runner = psutil.Process(runner).memory_info().rss
    except psutil.Error:
        return  # it has ended


def main(millions: int = 10) -> int:
    """Print both; 0 when they differ by no more than allowed."""
    require("nginx", "taskset")
    with pinned_nginx() as server:
        uses = [run(server.url, number * 1_000_000) for number in (1, millions)]
    for use in uses:
        print(
            f"{use.requests:>11,} requests in {use.seconds:6.1f} s:"
            f" runner {use.runner / 1e6:6.1f} MB, worker {use.worker / 1e6:6.1f} MB"
        )
    growth = {name: getattr(uses[1], name) - getattr(uses[0], name) for name in ("runner", "worker")}
    print(
        ", ".join(f"{name} {size / 1e6:+.1f} MB" for name, size in growth.items()), f"(allowed {ALLOWED_BYTES / 1e6:g})"
    )
    return 0 if max(growth.values()) <= ALLOWED_BYTES else 1


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
