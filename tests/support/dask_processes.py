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
import pytest

from support.certificates import Certificate
from support.slow_link import SlowLink, slow_link
from support.waiting import free_port, wait_until

_DASK = (sys.executable, "-m", "dask")
_WORKER = (
    "--nthreads", "1", "--no-nanny", "--no-dashboard", "--memory-limit", "0", "--dashboard-address", "127.0.0.1:0"
)  # fmt: skip


@dataclass(slots=True)
class DaskProcesses:
    """They run. One worker is one machine of the cluster."""

    address: str
    scheduler: subprocess.Popen[bytes]
    folder: str
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def seats(self, machine: int) -> list[psutil.Process]:
        """Worker processes of perftui that one of them hosts."""
        return [child for child in psutil.Process(self.workers[machine].pid).children() if _is_seat(child)]


def _is_seat(process: psutil.Process) -> bool:
    try:
        return "perftui.engine.worker" in process.cmdline()
    except psutil.Error:
        return False


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """How one of the workers is not as near as it seems."""

    link_delay_s: float = 0.0
    """What comes and goes takes so long each way."""
    clock_ahead_s: int = 0
    """Its processes are in a time of their own."""


@contextmanager
def distant_worker(running: DaskProcesses, where: Elsewhere) -> Iterator[SlowLink]:
    """Add a worker, reached over a link; the link is the way from it to the scheduler.

    Needs Linux with namespaces of time where its clock is to differ; else the test is skipped.
    """
    scheduler_port, own_port = int(running.address.rpartition(":")[2]), free_port()
    command = list(_DASK)
    if where.clock_ahead_s:
        apart = ["unshare", "--time", "--monotonic", str(where.clock_ahead_s), "--fork", "--kill-child"]
        if subprocess.run([*apart, "true"], capture_output=True, check=False).returncode:
            pytest.skip("this kernel, or this user, has no namespaces of time")
        command = [*apart, *command]
    with (
        slow_link(scheduler_port, where.link_delay_s) as to_scheduler,
        slow_link(own_port, where.link_delay_s) as to_worker,
    ):
        before = _registered(running.folder)
        process = _started(
            *command, "worker", f"tcp://127.0.0.1:{to_scheduler.port}", *_WORKER,
            "--local-directory", running.folder, "--listen-address", f"tcp://127.0.0.1:{own_port}",
            "--contact-address", f"tcp://127.0.0.1:{to_worker.port}", folder=running.folder,
        )  # fmt: skip
        try:
            wait_until(lambda: _registered(running.folder) > before, 60, "the distant Dask worker")
            yield to_scheduler
        finally:
            process.kill()
            process.wait()


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
            *_DASK, "scheduler", "--host", f"{protocol}://127.0.0.1", "--port", str(port), "--no-dashboard",
            "--dashboard-address", "127.0.0.1:0", *map(str, tls), folder=folder,
        )  # fmt: skip
        running = DaskProcesses(address, scheduler, folder)
        try:
            for _ in range(workers):
                running.workers.append(
                    _started(
                        *_DASK, "worker", address, *_WORKER, "--local-directory", folder, *map(str, tls), folder=folder
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
        return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=said, stderr=said)


def _registered(folder: str) -> int:
    return Path(folder, "said").read_text("utf-8", "replace").count("Registered to:")
