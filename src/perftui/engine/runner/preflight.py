"""Whether this machine has what a plan needs: open files, ports, space."""

from __future__ import annotations

import resource
import shutil
import sys
from pathlib import Path

from perftui.engine.runner.environment import available_cpus
from perftui.model.errors import UsageError
from perftui.model.load_profile import peak
from perftui.model.plan import Plan
from perftui.model.text import safe_text
from perftui.model.units import format_bytes
from perftui.store.paths import existing_part

_SPARE_DESCRIPTORS = 64
_BYTES_PER_VALUE = 4
_MOST_VALUES_THAT_GROW = 500
"""More values per second fall into the same slots of a histogram."""
_REQUESTS_PER_USER = 100
_TIME_WAIT_S = 60
_DEFAULT_PORTS = (32768, 60999)
_PORT_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_TW_REUSE = Path("/proc/sys/net/ipv4/tcp_tw_reuse")

Verdict = str
Finding = tuple[str, str, Verdict, str]


def check_limits(plan: Plan, workers: int = 1) -> list[str]:
    """Raise the limit of open descriptors to what the plan needs, and say what may run out.

    Raises:
        UsageError: this machine cannot hold the plan's users.
    """
    need = -(-_connections(plan) // workers) + _SPARE_DESCRIPTORS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    allowed = soft if soft != resource.RLIM_INFINITY else sys.maxsize
    if allowed < need:
        most = hard if hard != resource.RLIM_INFINITY else max(need, 65536)
        allowed = _raise_limit(min(need, most), soft, hard)
    notes = []
    if allowed < need and plan.load.mode == "users":
        raise UsageError(
            f"{_connections(plan):,} users need {need:,} open files per worker, and {allowed:,} are allowed; "
            f"raise the limit with `ulimit -n {need}`, or use more workers"
        )
    if allowed < need:
        notes.append(
            f"{allowed:,} open files are allowed, {need:,} would be needed at the in-flight cap; `ulimit -n {need}`"
        )
    return notes + _port_notes(plan)


def _raise_limit(wanted: int, soft: int, hard: int) -> int:
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):  # macOS allows less than its own hard limit
        return soft
    return wanted


def check_space(plan: Plan, folder: Path) -> list[str]:
    """Say when the disk may fill up before the run ends. The run goes on in memory then.

    Args:
        plan: what is executed.
        folder: where runs are saved; it may not exist yet.
    """
    need = journal_bytes(plan)
    free = shutil.disk_usage(existing_part(folder)).free
    if free >= 2 * need:
        return []
    return [f"{format_bytes(free)} are free where runs are saved; this run may need {format_bytes(need)}"]


def journal_bytes(plan: Plan) -> float:
    """About how much a run will save, measured: 3.6 kB/s at 200/s, 15 kB/s at 10,000/s, with three operations."""
    load = plan.load
    highest = peak(load)
    rate = highest if load.mode == "rate" else highest * _REQUESTS_PER_USER
    operations = max(1, len(plan.counted_operations))
    per_histogram = _BYTES_PER_VALUE * min(rate / operations, _MOST_VALUES_THAT_GROW)
    return (load.warmup_s + load.duration_s) * (1000 + 3 * operations * per_histogram)


def _connections(plan: Plan) -> int:
    load = plan.load
    highest = peak(load)
    most = int(highest) if load.mode == "users" else load.in_flight_cap
    return min(most, load.connections) if load.connections else most


def _port_notes(plan: Plan) -> list[str]:
    targets = plan.used_targets.values()
    if plan.load.mode == "users" or all(target.keep_alive or target.unix_socket for target in targets):
        return []
    first, last = port_range()
    lasting = (last - first + 1) / _TIME_WAIT_S
    highest = peak(plan.load)
    if highest <= lasting:
        return []
    return [f"without keep-alive about {lasting:,.0f} new connections/s last; the plan asks for {highest:,.0f}/s"]


def port_range() -> tuple[int, int]:
    """First and last port that connections are made from."""
    try:
        first, last = _PORT_RANGE.read_text("ascii").split()
        return int(first), int(last)
    except (OSError, ValueError):
        return _DEFAULT_PORTS


def machine_report() -> list[Finding]:
    """What of this machine matters for a load test: name, value, `ok` or `warn`, and what to do."""
    findings = [_descriptors(), _ports(), _cores()]
    if sys.platform == "linux":
        findings.append(_reuse())
    return findings


def _descriptors() -> Finding:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = "unlimited" if hard == resource.RLIM_INFINITY else f"{hard:,}"
    low = hard != resource.RLIM_INFINITY and hard < 4096 + _SPARE_DESCRIPTORS
    fix = "raise the hard limit in /etc/security/limits.conf" if low else ""
    return "open files", f"{soft:,} (at most {most})", "warn" if low else "ok", fix


def _ports() -> Finding:
    first, last = port_range()
    count = last - first + 1
    value = f"{count:,} ({first}-{last}), {count / _TIME_WAIT_S:,.0f} new connections/s"
    low = count < 20_000
    fix = "widen it: sysctl -w net.ipv4.ip_local_port_range='15000 64999'" if low else ""
    return "ports for connections", value, "warn" if low else "ok", fix


def _cores() -> Finding:
    cores = available_cpus()
    low = cores < 2
    fix = "run the target elsewhere: it shares the only core with the load" if low else ""
    return "cores", str(cores), "warn" if low else "ok", fix


def _reuse() -> Finding:
    words = {"0": "off", "1": "on", "2": "loopback only"}
    try:
        value = _TW_REUSE.read_text("ascii").strip()
    except OSError:
        return "reuse of waiting ports", "unknown", "ok", ""
    fix = "for tests without keep-alive: sysctl -w net.ipv4.tcp_tw_reuse=1" if value == "0" else ""
    return "reuse of waiting ports", words.get(value, safe_text(value)), "ok" if value in {"1", "2"} else "warn", fix
