"""A Dask scheduler and its workers as somebody else would have started them, each a process that can be killed."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import dask
import msgspec
import psutil
import pytest

from support.cable import Cable
from support.certificates import Authority, Certificate
from support.dask_copies import Wanted
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
    folder: str
    copies: subprocess.Popen[str]
    tls: tuple[str, str, str] | None
    scheduler: psutil.Process = field(init=False)
    workers: list[psutil.Process] = field(default_factory=list)

    def seats(self, machine: int) -> list[psutil.Process]:
        """Worker processes of perftui that one of them hosts."""
        return seats_of(self.workers[machine])

    def add_workers(self, count: int) -> None:
        """Further machines."""
        self._add([Wanted(kind="worker", address=self.address, folder=self.folder, tls=self.tls)] * count)

    def add_strangers(self, *versions: str) -> None:
        """Machines that have these versions of perftui; empty: none."""
        worker = Wanted(kind="worker", address=self.address, folder=self.folder, tls=self.tls, stranger=True)
        self._add([msgspec.structs.replace(worker, perftui=version) for version in versions])

    def _add(self, wanted: Sequence[Wanted]) -> None:
        there, count = _said(self.folder, "Begun: worker"), len(wanted)
        self.workers += [self._copy(one) for one in wanted]
        wait_until(lambda: _said(self.folder, "Begun: worker") >= there + count, 60, "the Dask workers")

    def add_scheduler(self) -> None:
        """The one that is needed first."""
        self.scheduler = self._copy(Wanted(kind="scheduler", address=self.address, folder=self.folder, tls=self.tls))

    def repair(self, workers: int) -> None:
        """Have a scheduler and so many workers again, where some were killed."""
        if not self.scheduler.is_running():
            for process in self.workers:
                end_process(process)
            self.add_scheduler()
        self.workers = [process for process in self.workers if process.is_running()]
        self.add_workers(workers - len(self.workers))

    def _copy(self, wanted: Wanted) -> psutil.Process:
        assert self.copies.stdin is not None
        assert self.copies.stdout is not None
        self.copies.stdin.write(msgspec.json.encode(wanted).decode() + "\n")
        self.copies.stdin.flush()
        return psutil.Process(int(self.copies.stdout.readline()))


def seats_of(machine: psutil.Process) -> list[psutil.Process]:
    """Worker processes of perftui that are children of a process."""
    return [child for child in machine.children() if _is_seat(child)]


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
        before = _said(running.folder, "Registered to:")
        process = _started(
            *command, "worker", f"tcp://127.0.0.1:{to_scheduler.port}", *_WORKER,
            "--local-directory", running.folder, "--listen-address", f"tcp://127.0.0.1:{own_port}",
            "--contact-address", f"tcp://127.0.0.1:{to_worker.port}", folder=running.folder,
        )  # fmt: skip
        try:
            wait_until(lambda: _said(running.folder, "Registered to:") > before, 60, "the distant Dask worker")
            yield to_scheduler
        finally:
            process.kill()
            process.wait()


@contextmanager
def machine_apart(running: DaskProcesses, cable: Cable, *, clock_ahead_s: int) -> Iterator[Path]:
    """Add a worker in the namespaces at the far end of a cable, with a clock and known hosts of its own.

    Yields its file of hosts, which may be written to.
    """
    assert running.tls is not None
    hosts = Path(running.folder, f"hosts-{cable.number}")
    hosts.write_text("127.0.0.1 localhost\n", encoding="ascii")
    authority, certificate, key = running.tls
    worker = shlex.join((
        *_DASK, "worker", running.address, *_WORKER, "--local-directory", running.folder, "--host", cable.there,
        "--tls-ca-file", authority, "--tls-cert", certificate, "--tls-key", key,
    ))  # fmt: skip
    before = _said(running.folder, "Registered to:")
    process = _started(
        "ip", "netns", "exec", cable.namespace, "unshare", "--time", "--monotonic", str(clock_ahead_s), "--fork",
        "--kill-child", "sh", "-c", f"mount --bind {hosts} /etc/hosts && exec {worker}", folder=running.folder,
    )  # fmt: skip
    try:
        wait_until(lambda: _said(running.folder, "Registered to:") > before, 60, "the worker in its own namespaces")
        yield hosts
    finally:
        process.kill()
        process.wait()


@contextmanager
def certificates(authority: Authority | None) -> Iterator[None]:
    """Dask finds these for its client, as a user's configuration would name them."""
    made = authority.issue("runner") if authority else None
    files = {
        "ca-file": authority.certificate if authority else "",
        "client.cert": made.certificate if made else "",
        "client.key": made.key if made else "",
    }
    with dask.config.set({f"distributed.comm.tls.{name}": str(path) for name, path in files.items()}):
        yield


@contextmanager
def dask_processes(
    workers: int, *, certificate: Certificate | None = None, authority: Path | None = None, host: str = "127.0.0.1"
) -> Iterator[DaskProcesses]:
    """Run a scheduler and workers on this machine until the block is left.

    Args:
        workers: how many.
        certificate: of all of them; None: without TLS.
        authority: that signed it.
        host: address of the scheduler.
    """
    scheme = "tls" if certificate else "tcp"
    tls = (str(authority), str(certificate.certificate), str(certificate.key)) if certificate else None
    command = [sys.executable, "-m", "support.dask_copies"]
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent), "OPENBLAS_NUM_THREADS": "1"}
    with (
        tempfile.TemporaryDirectory(prefix="pt-dask-") as folder,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment) as copies,
    ):
        running = DaskProcesses(f"{scheme}://{host}:{free_port()}", folder, copies, tls)
        running.add_scheduler()
        try:
            running.add_workers(workers)
            yield running
        finally:
            for process in (*running.workers, running.scheduler):
                end_process(process)


def end_process(process: psutil.Process) -> None:
    """Kill it, if it still runs, and wait for its end."""
    with suppress(psutil.NoSuchProcess):
        process.kill()
    process.wait(10)


def _started(*arguments: str, folder: str) -> subprocess.Popen[bytes]:
    with Path(folder, "said").open("ab") as said:
        return subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=said, stderr=said)


def _said(folder: str, words: str) -> int:
    """How often they have said this."""
    said = Path(folder, "said")
    return said.read_text("utf-8", "replace").count(words) if said.exists() else 0
