"""How long one waits: for the first paint of the app and of a run, and from the command to the first request.

python tests/benchmarks/startup.py [ROUNDS]

The best of the rounds counts: what else the machine does makes a start later, never earlier.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil

from support.cli import PERFTUI, run_cli, start_cli
from support.fault_server import OK, Connection, fault_server
from support.home import Home, new_home
from support.pty import Terminal, terminal

HOME_PAINT_S = 0.3
RUN_PAINT_S = 0.4
FIRST_REQUEST_S = 0.6
VERSION_S = 0.15
LOAD = ("--rate", "20", "--duration", "300ms", "--warmup", "0s", "--warn-only")

Took = tuple[float, float]
"""Seconds since the command, and the seconds of CPU that its process had used by then; nought where nobody asked."""


def home_paint(home: Home) -> Took:
    """From the command to the names of the presets."""
    started_s = time.perf_counter()
    with terminal([PERFTUI], home.environment) as screen:
        took = _painted(screen, "health", started_s)
        screen.wait_for("quit")
        screen.send("q")
        screen.wait()
    return took


def run_paint(home: Home) -> Took:
    """From `perftui run` to what it will do."""
    with fault_server(_answer) as server:
        started_s = time.perf_counter()
        with terminal([PERFTUI, "run", "health", server.url, *LOAD], home.environment) as screen:
            took = _painted(screen, "starting workers", started_s)
            screen.wait_for("FINISHED")
            screen.send("q")
            screen.wait()
    return took


def first_request(home: Home) -> Took:
    """From `perftui run --headless` to the first request that the server reads."""
    return _first_request(home, on_terminal=False)


def first_request_on_a_terminal(home: Home) -> Took:
    """The same with the app beside it."""
    return _first_request(home, on_terminal=True)


def version(home: Home) -> Took:
    """The shortest command there is."""
    started_s = time.perf_counter()
    run_cli(home, "--version")
    return time.perf_counter() - started_s, 0.0


def _painted(screen: Terminal, text: str, started_s: float) -> Took:
    screen.wait_for(text)
    took_s = time.perf_counter() - started_s
    used = psutil.Process(screen.process.pid).cpu_times()
    return took_s, used.user + used.system


def _first_request(home: Home, *, on_terminal: bool) -> Took:
    arrived: list[float] = []

    def note(connection: Connection) -> None:
        while connection.read_request():
            arrived.append(time.perf_counter())
            connection.send(OK)

    with fault_server(note) as server:
        command = ["run", "health", server.url, *LOAD]
        started_s = time.perf_counter()
        if on_terminal:
            with terminal([PERFTUI, *command], home.environment) as screen:
                screen.wait_for("FINISHED")
                screen.send("q")
                screen.wait()
        else:
            with start_cli(home, *command, "--headless") as cli:
                cli.wait(60)
    return arrived[0] - started_s, 0.0


def _answer(connection: Connection) -> None:
    while connection.read_request():
        connection.send(OK)


def main(rounds: int = 5) -> int:
    """Print the best; 0 when each is within its bound."""
    measured = (
        ("first paint of the app", home_paint, HOME_PAINT_S),
        ("first paint of a run", run_paint, RUN_PAINT_S),
        ("first request, headless", first_request, FIRST_REQUEST_S),
        ("first request, on screen", first_request_on_a_terminal, FIRST_REQUEST_S),
        ("perftui --version", version, VERSION_S),
    )
    kept = True
    with new_home() as home:
        for name, measure, bound_s in measured:
            measure(home)  # files are read into the page cache
            took = [measure(home) for _ in range(rounds)]
            best_s, worst_s = min(took)[0], max(took)[0]
            kept &= best_s <= bound_s
            cpu = f", {min(cpu_s for _, cpu_s in took):.2f} s of CPU" if took[0][1] else ""
            print(f"{name:24} {best_s:.2f} s (up to {worst_s:.2f}{cpu}), bound {bound_s:.2f} s", flush=True)
    return 0 if kept else 1


if __name__ == "__main__":
    raise SystemExit(main(*map(int, sys.argv[1:])))
