"""Where a run is made: versions, machine, kernel."""

from __future__ import annotations

import hashlib
import os
import platform
from pathlib import Path

from perftui.model.record import Environment
from perftui.model.text import safe_text

_MACHINE_ID = Path("/etc/machine-id")
_CPU_INFO = Path("/proc/cpuinfo")


def describe(workers: int, addresses: tuple[str, ...]) -> Environment:
    """This machine and program, for the header of a run."""
    return Environment(
        perftui=_version("perftui"),
        python=platform.python_version(),
        uvloop=_version("uvloop"),
        host=safe_text(platform.node(), 64),
        host_id=_host_id(),
        cpus=available_cpus(),
        cpu_model=safe_text(_cpu_model(), 80),
        kernel=f"{platform.system()} {platform.release()}",
        workers=workers,
        addresses=addresses,
    )


def available_cpus() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _version(package: str) -> str:
    from importlib.metadata import PackageNotFoundError, version  # needed once, after the workers were spawned

    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _host_id() -> str:
    try:
        name = _MACHINE_ID.read_text("ascii").strip()
    except (OSError, ValueError):
        name = platform.node()
    return hashlib.sha256(f"perftui:{name}".encode()).hexdigest()[:12]


def _cpu_model() -> str:
    try:
        lines = _CPU_INFO.read_text("utf-8", "replace").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
