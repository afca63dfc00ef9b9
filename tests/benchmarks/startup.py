"""How long one waits: for the first paint of the app, and from the command to the first request at the server.

python tests/benchmarks/startup.py [ROUNDS]
"""

from __future__ import annotations

import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from support.cli import PERFTUI, run_cli, start_cli
from support.fault_server import OK, Connection, fault_server
from support.home import Home, new_home
from support.pty import terminal

FIRST_PAINT_S = 0.6
FIRST_REQUEST_S = 0.7
VERSION_S = 0.15


def first_paint(home: Home) -> float:
    """From the command to the home screen with its presets."""
    started_s = time.perf_counter()
    with terminal([PERFTUI], home.environment) as screen:
        screen.wait_for("health")
        took_s = time.perf_counter() - started_s
        screen.send("q")
        screen.wait()
    return took_s


def first_request(home: Home, *options: str) -> float:
    """From `perftui run` to the first request that the server reads."""
    arrived: list[float] = []

    def note(connection: Connection) -> None:
        while connection.read_request():
            arrived.append(time.perf_counter())
            connection.send(OK)

    with fault_server(note) as server:
        started_s = time.perf_counter()
        load = ("--rate", "20", "--duration", "300ms", "--warmup", "0s", "--warn-only", *options)
        with start_cli(home, "run", "health", server.url, *load) as cli:
            cli.wait(30)
    return arrived[0] - started_s


def version(home: Home) -> float:
    """The shortest command there is."""
    started_s = time.perf_counter()
    run_cli(home, "--version")
    return time.perf_counter() - started_s


def main(rounds: int = 7) -> int:
    """Print medians; 0 when each is within its bound."""
    measured = (
        ("first paint", first_paint, FIRST_PAINT_S),
        ("first request, headless", first_request, FIRST_REQUEST_S),
        ("perftui --version", version, VERSION_S),
    )
    kept = True
    with new_home() as home:
        for name, measure, bound_s in measured:
            measure(home)  # files are read into the page cache
            times_s = [measure(home) for _ in range(rounds)]
            median_s = statistics.median(times_s)
            kept &= median_s <= bound_s
            print(f"{name:24} {median_s:.2f} s ({min(times_s):.2f} to {max(times_s):.2f}), bound {bound_s:.2f} s")
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
