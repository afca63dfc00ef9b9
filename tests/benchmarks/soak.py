"""A long run at 200 requests per second, half of the answers errors: what grows per hour.

python tests/benchmarks/soak.py [MINUTES]
"""

from __future__ import annotations

import sys
import time
from collections import defaultdict
from pathlib import Path
from statistics import linear_regression

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil

from perftui.demo.server import start_demo
from support.cli import finish, start_cli, write_preset
from support.home import command_of, new_home, processes_in
from support.presets import preset_text

RATE = 200
ALLOWED_BYTES_PER_H = 1_000_000
_POLL_S = 1.0
_SETTLED = 0.6
"""Share of the run after which memory is looked at."""


def main(minutes: float = 30) -> int:
    """Print growth of memory and journal per hour; 0 when memory does not grow faster than allowed."""
    resident: dict[str, list[tuple[float, int]]] = defaultdict(list)
    descriptors: dict[str, list[int]] = defaultdict(list)
    journal_bytes = 0
    with start_demo() as demo, new_home() as home:
        preset = preset_text(
            demo.url,
            {"list": "/api/items?page=${rand:1..50}", "fail": "/fail?rate=0.9"},
            rate=RATE,
            duration=f"{minutes}m",
            auto_stop=False,
        )
        started_s = time.monotonic()
        command = (
            "run",
            write_preset(home, preset),
            "--headless",
            "--format",
            "json",
            "--output",
            "run.json",
            "--warn-only",
        )
        with start_cli(home, *command) as cli:
            while cli.poll() is None:
                now_s = time.monotonic() - started_s
                for process in processes_in(home.path):
                    name = "worker" if "perftui.engine.worker" in command_of(process) else "runner"
                    try:
                        resident[name].append((now_s, process.memory_info().rss))
                        descriptors[name].append(process.num_fds())
                    except psutil.Error:
                        continue  # it has ended
                time.sleep(_POLL_S)
            result = finish(cli)
        assert result.code in {0, 12}, result.stderr
        journal_bytes = sum(path.stat().st_size for path in home.run_folders()[0].glob("journal*"))
    kept = True
    for name, points in sorted(resident.items()):
        # the runner sums the run up behind its load; that is no growth
        settled = [point for point in points if minutes * 60 * _SETTLED < point[0] < minutes * 60]
        per_h = linear_regression(*zip(*settled, strict=True)).slope * 3600
        kept &= per_h <= ALLOWED_BYTES_PER_H
        print(
            f"{name}: {settled[-1][1] / 1e6:.1f} MB, {per_h / 1e6:+.2f} MB per hour,"
            f" {min(descriptors[name])} to {max(descriptors[name])} descriptors"
        )
    print(f"journal: {journal_bytes * 60 / minutes / 1e6:.1f} MB per hour")
    print(f"memory may grow by {ALLOWED_BYTES_PER_H / 1e6:g} MB per hour")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main(*map(float, sys.argv[1:])))
