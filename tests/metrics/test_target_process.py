"""The target's processes, found from outside: by port, name and id, with workers, leaks and restarts."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from perftui.metrics.growth import growth_of
from perftui.metrics.target_process import Sought, TargetTree, find
from support.waiting import free_port, wait_for_port, wait_until

POOL = """
import os, socket, sys, time
address = sys.argv[1]
if address.isdecimal():
    listener = socket.create_server(("127.0.0.1", int(address)))
else:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen()
for worker in range(2):
    if os.fork() == 0:
        kept = []
        while True:
            if worker:
                kept.append(bytearray(b"x") * 1_000_000)
            time.sleep(0.05)
time.sleep(60)
"""
"""A master that listens and waits, and two workers that have its socket; the second takes 20 MB/s and keeps it."""


@contextmanager
def pool(address: str) -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", POOL, address], stdin=subprocess.DEVNULL) as master:
        try:
            wait_until(lambda: len(psutil.Process(master.pid).children()) == 2, 20, "its workers")
            yield master
        finally:
            _kill(master.pid)


def test_a_pool_of_workers_is_found_by_its_port_and_counted_whole() -> None:
    port = free_port()
    with pool(str(port)) as master:
        tree = TargetTree(Sought("port", str(port)))
        assert tree.pids == (master.pid,)
        first = tree.use(1.0)
        assert first is not None
        assert (first.processes, first.threads) == (3, 3)
        assert first.open_files >= 3 * 4
        wait_until(lambda: _grown(tree, first.memory_bytes + 10_000_000), 20, "a leak in a child")


def _kill(pid: int) -> None:
    master = psutil.Process(pid)
    for process in [*master.children(), master]:
        process.kill()


def _grown(tree: TargetTree, beyond: int) -> bool:
    use = tree.use(1.0)
    return use is not None and use.memory_bytes > beyond


def test_a_unix_socket_tells_its_process_too(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    with pool(path) as master:
        assert [process.pid for process in find(Sought("socket", path))] == [master.pid]


def test_a_name_means_the_topmost_of_that_name(tmp_path: Path) -> None:
    name = "pt-named-server"
    (tmp_path / name).symlink_to(sys.executable)
    command = "import os, time; os.fork(); time.sleep(60)"
    with subprocess.Popen([tmp_path / name, "-c", command], stdin=subprocess.DEVNULL) as master:
        wait_until(lambda: len(psutil.Process(master.pid).children()) == 1, 20, "its child")
        try:
            assert [process.pid for process in find(Sought("name", name))] == [master.pid]
        finally:
            _kill(master.pid)
    assert find(Sought("name", "no-such-process-at-all")) == []


def test_a_restart_is_said_and_followed() -> None:
    port = free_port()
    tree = None
    pids = []
    for _ in range(2):
        command = [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", str(port)]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, **quiet) as server:  # type: ignore[call-overload]  # a dict of known options
            wait_for_port(port)
            tree = tree or TargetTree(Sought("port", str(port)))
            pids.append(server.pid)
            assert tree.use(1.0) is not None
            assert tree.pids == (server.pid,)
            server.kill()
        if len(pids) == 1:
            assert tree.use(1.0) is None
    assert tree is not None
    assert tree.notes == [
        f"the target's process {pids[0]} has ended",
        f"the target was restarted: its process is now {pids[1]}",
    ]


def test_a_target_in_the_process_of_the_run_is_counted_without_the_run_itself() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], stdin=subprocess.DEVNULL)
        try:
            use = TargetTree(Sought("port", str(listener.getsockname()[1]))).use(1.0)
        finally:
            child.kill()
            child.wait()
    assert use is not None
    assert use.processes == 1


@pytest.mark.parametrize(("per_second", "noise"), [(1_000_000, 0), (1_000_000, 3_000_000), (0, 1_000_000)])
def test_growth_is_a_slope_with_an_interval_that_holds_the_truth(per_second: int, noise: int) -> None:
    points = [(float(at), 50e6 + per_second * at + noise * ((at * 7919) % 11 - 5) / 5) for at in range(60)]
    points[30] = (30.0, 900e6)  # one outlier moves no median
    growth = growth_of(points)
    assert growth is not None
    assert growth.low <= per_second * 3600 <= growth.high
    assert growth.per_hour == pytest.approx(per_second * 3600, abs=0.1 * 3600 * 1e6)
    assert growth.seconds == 59


def test_of_a_short_watch_nothing_is_said() -> None:
    assert growth_of([(float(at), 1e6 * at) for at in range(9)]) is None
    assert growth_of([]) is None
