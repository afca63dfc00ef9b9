"""`perftui doctor`: whether this machine, and this terminal, are fit for load tests."""

from __future__ import annotations

import os
import shutil
import sys
import time

import click

from perftui.cli.options import cluster_options, format_option

_TIMER_TRIES = 200
_TIMER_S = 0.001
_LATE_MS = 0.5
_SMALL = (60, 16)

Fact = tuple[str, str, str, str]
"""Name, value, `ok` or `warn`, what to do."""


@click.command(short_help="Limits, ports, terminal and timers of this machine.")
@cluster_options
@format_option("text", "json")
def doctor(cluster: str | None, style: str, *, insecure_cluster: bool) -> int:
    """Look at descriptors, ports, cores, timers, libraries, folders and the terminal, with what to do where needed.

    With --cluster at its machines instead: what each can do, and how far its clock is off.
    """
    from perftui.cli.output import write_output
    from perftui.engine.runner.preflight import machine_report

    if cluster is not None:
        from perftui.cli.cluster_facts import cluster_facts

        facts = cluster_facts(cluster, insecure=insecure_cluster)
    else:
        facts = [*machine_report(), _timers(), _event_loop(), _runs_folder(), _terminal(), _colours()]
    if style == "json":
        import json

        keys = ("name", "value", "verdict", "fix")
        write_output(json.dumps([dict(zip(keys, fact, strict=True)) for fact in facts], indent=2), None)
        return 0
    wide = max(len(name) for name, *_ in facts)
    lines = []
    for name, value, verdict, fix in facts:
        lines.append(f"{'✓' if verdict == 'ok' else '!'} {name:<{wide}}  {value}")
        if fix:
            lines.append(f"  {'':<{wide}}  → {fix}")
    write_output("\n".join(lines), None)
    return 0


def _timers() -> Fact:
    """How late a sleep of one millisecond ends on this machine right now."""
    late_ms = []
    for _ in range(_TIMER_TRIES):
        due = time.perf_counter_ns() + round(_TIMER_S * 1e9)
        time.sleep(_TIMER_S)
        late_ms.append((time.perf_counter_ns() - due) / 1e6)
    late_ms.sort()
    median, worst = late_ms[len(late_ms) // 2], late_ms[-1]
    late = median > _LATE_MS
    fix = "other work or a power saver delays timers: expect start delays" if late else ""
    return "timers", f"1 ms ends {median:.2f} ms late (worst {worst:.2f} ms)", "warn" if late else "ok", fix


def _event_loop() -> Fact:
    from importlib.metadata import PackageNotFoundError, version

    try:
        found = version("uvloop")
    except PackageNotFoundError:
        return "event loop", "asyncio", "warn", "uvloop is missing: workers need twice the CPU per request"
    return "event loop", f"uvloop {found}, Python {sys.version.split()[0]}", "ok", ""


def _runs_folder() -> Fact:
    from perftui.model.units import format_bytes
    from perftui.store.paths import existing_part, runs_directory

    folder = runs_directory()
    place = existing_part(folder)
    free = shutil.disk_usage(place).free
    writable = os.access(place, os.W_OK)
    fix = "" if writable else "this user cannot write there; set PERFTUI_DATA_DIR"
    fix = fix or ("less than 100 MB are free: long runs may not be saved" if free < 100e6 else "")
    return "runs", f"{folder}, {format_bytes(free)} free", "warn" if fix else "ok", fix


def _terminal() -> Fact:
    if not sys.stdout.isatty():
        return "terminal", "none on stdout: runs are headless", "ok", ""
    columns, rows = shutil.get_terminal_size()
    remote = ", over SSH" if os.environ.get("SSH_CONNECTION") or os.environ.get("SSH_TTY") else ""
    small = columns < _SMALL[0] or rows < _SMALL[1]
    fix = "small: only a few numbers fit; 80x24 shows everything" if small else ""
    return "terminal", f"{columns}x{rows}, {os.environ.get('TERM', 'unknown')}{remote}", "warn" if small else "ok", fix


def _colours() -> Fact:
    if "NO_COLOR" in os.environ:
        return "colours", "off (NO_COLOR)", "ok", ""
    term = os.environ.get("TERM", "")
    depth = "16 million" if os.environ.get("COLORTERM") in {"truecolor", "24bit"} else "256" if "256" in term else "16"
    encoding = (sys.stdout.encoding or "").lower().replace("-", "")
    fix = "" if encoding == "utf8" else "lines and marks need UTF-8: set LANG=C.UTF-8"
    return "colours", f"{depth}, {sys.stdout.encoding}", "warn" if fix else "ok", fix
