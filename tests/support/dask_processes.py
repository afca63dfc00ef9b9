"""A Dask scheduler and its workers as somebody else would have started them, each a process that can be killed."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from support.certificates import Certificate
from support.waiting import free_port, wait_until

_DASK = (sys.executable, "-m", "dask")


@dataclass(slots=True)
class DaskProcesses:
    """They run. One worker is one machine of the cluster."""

    address: str
    scheduler: subprocess.Popen[bytes]
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def seats(self, machine: int) -> list[psutil.Process]:
        """Worker processes of perftui that one of them hosts."""
        return [child for child in psutil.Process(self.workers[machine].pid).children() if _is_seat(child)]


def _is_seat(process: psutil.Process) -> bool:
    try:
        return "perftui.engine.worker" in process.cmdline()
    except psutil.Error:
        return False


@contextmanager
def dask_processes(
    workers: int, *, certificate: Certificate | None = None, authority: Path | None = None
) -> Iterator[DaskProcesses]:
    """Run a scheduler and workers on loopback until the block is left.

    Args:
        workers: how many.
        certificate: of all of them; None: without TLS.
        authority: that signed it.
    """
    protocol = "tls" if certificate else "tcp"
    tls = ["--tls-ca-file", authority, "--tls-cert", certificate.certificate, "--tls-key", certificate.key] \
        if certificate else []  # fmt: skip
    port = free_port()
    address = f"{protocol}://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory(prefix="pt-dask-") as folder:
        scheduler = _started(
            "scheduler", "--host", f"{protocol}://127.0.0.1", "--port", str(port), "--no-dashboard",
            "--dashboard-address", "127.0.0.1:0", *map(str, tls), folder=folder,
        )  # fmt: skip
        running = DaskProcesses(address, scheduler)
        try:
            for _ in range(workers):
                running.workers.append(
                    _started(
                        "worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0",
                        "--dashboard-address", "127.0.0.1:0", "--local-directory", folder, *map(str, tls),
                        folder=folder,
                    )
                )  # fmt: skip
            wait_until(lambda: _registered(folder) >= workers, 60, "the Dask workers")
            yield running
        finally:
            for process in (*running.workers, running.scheduler):
                process.kill()
                process.wait()


def _started(*arguments: str, folder: str) -> subprocess.Popen[bytes]:
    with Path(folder, "said").open("ab") as said:
        return subprocess.Popen([*_DASK, *arguments], stdin=subprocess.DEVNULL, stdout=said, stderr=said)


def _registered(folder: str) -> int:
    return Path(folder, "said").read_text("utf-8", "replace").count("Registered to:")
