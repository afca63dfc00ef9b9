"""What the live screen costs: bytes to the terminal, processor time, first paint; and nothing in the run's numbers.

    python tests/benchmarks/terminal.py [SECONDS]

The installed program on a pseudo-terminal, as over SSH (SSH_CONNECTION is set), against the demo service: the preset
`read`, then plans of 30 and of 300 operations. Then the same run of 500 requests per second with the screen on, without
a screen, and with a screen whose terminal is not read.
"""

from __future__ import annotations

import statistics
import sys
import time
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import psutil

from perftui.demo.server import start_demo
from perftui.model.record import Record
from perftui.store.records import read_record
from support.conservation import assert_conserved
from support.home import Home, new_home
from support.presets import preset_text
from support.pty import Terminal, terminal

SSH = {"SSH_CONNECTION": "192.0.2.1 50000 192.0.2.2 22", "COLORTERM": "truecolor"}
SIZES = {(80, 24): 8.0, (120, 36): 15.0}
"""Columns and rows, and the most KiB/s that may be written."""
MOST_CPU = {0: 0.10, 30: 0.10, 300: 0.15}
"""Share of a core of the UI process, by operations of the plan (0: those of `read`)."""
MOST_FIRST_PAINT_S = 0.6
LEAST_RATIO = 0.99
RATE = 500
_PROGRAM = str(Path(sys.executable).with_name("perftui"))
_SETTLED_S = 3.0


@dataclass(frozen=True, slots=True)
class Cost:
    """What one screen cost while its run was live."""

    first_paint_s: float
    kib_per_s: float
    worst_kib: float
    """Of any one second."""
    cpu: float
    """Of one core."""


def _command(url: str, rate: int, seconds: float, *options: str, preset: str = "read") -> list[str]:
    load = ["--rate", str(rate), "--duration", f"{seconds:g}s", "--warmup", "1s"]
    return [_PROGRAM, "run", preset, url, *load, *options]


def preset_of(home: Home, operations: int) -> str:
    """A preset with so many operations, as a file; 0: the built-in `read`."""
    if not operations:
        return "read"
    path = home.path / f"many{operations}.toml"
    paths = {f"operation {number:03d}": f"/health?n={number}" for number in range(operations)}
    path.write_text(preset_text("http://127.0.0.1", paths, name=path.stem), encoding="utf-8")
    return str(path)


def measure_screen(home: Home, url: str, size: tuple[int, int], seconds: float, operations: int) -> Cost:
    """Run with the screen on and count what it writes once it has settled."""
    preset = preset_of(home, operations)
    began = time.perf_counter()
    with terminal(
        _command(url, max(100, operations), seconds, preset=preset),
        home.environment,
        columns=size[0],
        rows=size[1],
        cwd=home.path,
    ) as screen:
        screen.wait_for("perftui", 20)
        first_paint_s = time.perf_counter() - began
        screen.wait_for("RUNNING", 20)
        screen.read(_SETTLED_S)
        process = psutil.Process(screen.process.pid)
        before, since = process.cpu_times(), time.perf_counter()
        pieces = [len(screen.read(1.0)) for _ in range(max(3, int(seconds - _SETTLED_S - 3)))]
        elapsed_s = time.perf_counter() - since
        after = process.cpu_times()
        _leave(screen)
    used_s = after.user + after.system - before.user - before.system
    return Cost(first_paint_s, sum(pieces) / elapsed_s / 1024, max(pieces) / 1024, used_s / elapsed_s)


def _leave(screen: Terminal) -> None:
    screen.wait_for("FINISHED", 30)
    screen.read(1.0)
    screen.send("q")
    screen.wait(60)


def first_paint(home: Home) -> float:
    """Seconds from the command to the first line of the home screen."""
    began = time.perf_counter()
    with terminal([_PROGRAM], home.environment, columns=120, rows=36, cwd=home.path) as screen:
        screen.wait_for("Presets", 20)
        painted_s = time.perf_counter() - began
        screen.send("q")
        screen.wait(15)
    return painted_s


def record_of(home: Home, url: str, seconds: float, how: str) -> Record:
    """A run of 500 requests per second with a screen, without one, or with one that nobody reads."""
    known = set(home.run_folders())
    if how == "off":
        command = [
            *_command(url, RATE, seconds, "--headless", "--format", "json"),
            "--output",
            str(home.path / "out.json"),
        ]
        with terminal(command, home.environment, cwd=home.path) as screen:
            screen.wait(seconds + 40)
    else:
        with terminal(_command(url, RATE, seconds), home.environment, cwd=home.path) as screen:
            screen.wait_for("RUNNING", 20)
            if how == "not read":
                time.sleep(seconds + 3)
            _leave(screen)
    (folder,) = set(home.run_folders()) - known
    record = read_record(folder)
    assert_conserved(record)
    assert record.status == "finished", record.status_detail
    return record


def main(seconds: float = 15.0) -> int:
    """Print all figures; 0 when every budget is kept."""
    kept = True
    with start_demo() as demo, new_home(**SSH) as home:
        paints = [first_paint(home) for _ in range(3)]
        kept &= _say("first paint of the app, s", statistics.median(paints), MOST_FIRST_PAINT_S)
        for operations, most_cpu in MOST_CPU.items():
            for size, most_kib in SIZES.items():
                cost = measure_screen(home, demo.url, size, seconds, operations)
                name = f"{size[0]}x{size[1]}, {operations or 'few'} operations"
                print(f"{name}: first paint of a run {cost.first_paint_s:.2f} s, worst second {cost.worst_kib:.1f} KiB")
                kept &= _say(f"{name}: KiB/s to the terminal", cost.kib_per_s, most_kib)
                kept &= _say(f"{name}: UI process, share of a core", cost.cpu, most_cpu)
        records = {how: record_of(home, demo.url, seconds, how) for how in ("off", "on", "not read")}
        reference = records["off"].summary.total
        for how, record in records.items():
            total = record.summary.total
            times = total.response_time_ms
            print(
                f"screen {how}: {total.throughput_per_s:.2f} ok/s of {RATE}, scheduled {total.counts.scheduled:,}, "
                f"p50 {times.p50:.3f} ms, p95 {times.p95:.3f} ms, start delay p99 {total.start_delay_ms.p99:.3f} ms, "
                f"trust {record.trust.verdict}"
            )
            ratio = total.throughput_per_s / reference.throughput_per_s
            kept &= _say(f"screen {how}: throughput against no screen", ratio, LEAST_RATIO, least=True)
    return 0 if kept else 1


def _say(name: str, value: float, limit: float, *, least: bool = False) -> bool:
    good = value >= limit if least else value <= limit
    print(
        f"{name}: {value:.3f} ({'at least' if least else 'at most'} {limit:g}) {'ok' if good else 'MISSED'}", flush=True
    )
    return good


if __name__ == "__main__":
    raise SystemExit(main(*(float(argument) for argument in sys.argv[1:])))
