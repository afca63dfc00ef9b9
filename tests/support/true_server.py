"""A server that knows how long each answer took: from the packet's arrival in the kernel until the answer left it.

Both moments are the kernel's own: a server that looks at the clock before it sends may lose its core before it has
sent, and one that looks afterwards lost it to whom the answer woke.

It waits for what is left of the wanted time, the last bit of it by looking at the clock. What the machine adds (it is
not woken in time, a hog has its core) is the target's own time, and in its log.
"""

from __future__ import annotations

import heapq
import json
import os
import random
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

_TIMESTAMP = 35
"""SO_TIMESTAMPNS: with what is read comes when the kernel got it, on the clock of time.time_ns."""
_TIMESTAMPING = 37
"""SO_TIMESTAMPING, and what is asked of it: when the network got what was sent, without the packet itself."""
_WHEN_SENT = 1 << 1 | 1 << 4 | 1 << 11
_SPIN_NS = 300_000
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
_NS = 1_000_000_000
_HOG = """
import time
while True:
    until = time.perf_counter() + 0.1 * {0}
    while time.perf_counter() < until:
        pass
    time.sleep(0.1 * (1 - {0}))
"""


@dataclass(frozen=True)
class TrueServer:
    """A running one."""

    url: str
    pid: int
    _log: Path

    def times(self) -> list[tuple[int, int]]:
        """Arrival and duration (ns) of every answer so far."""
        os.kill(self.pid, signal.SIGUSR1)
        asked = time.monotonic()
        while not self._log.exists() and time.monotonic() < asked + 20:
            time.sleep(0.02)
        held = json.loads(self._log.read_text(encoding="utf-8"))
        self._log.unlink()
        return [(arrived, took) for arrived, took in held]

    def ended_per_s(self, seconds: float) -> float:
        """Answers per second within so many seconds of the first request."""
        times = self.times()
        until_ns = min(arrived for arrived, _ in times) + seconds * _NS
        return sum(arrived + took <= until_ns for arrived, took in times) / seconds


@contextmanager
def true_server(milliseconds: float, *, jitter_ms: float = 0.4, at_once: int = 0) -> Iterator[TrueServer]:
    """Run one until the block is left.

    Args:
        milliseconds: how long an answer takes.
        jitter_ms: standard deviation of that.
        at_once: so many requests are worked on at a time, others wait; 0: all.
    """
    with tempfile.TemporaryDirectory(prefix="pt-true-") as directory:
        log, port = Path(directory) / "times.json", Path(directory) / "port"
        arguments = [str(milliseconds), str(jitter_ms), str(at_once), str(log), str(port)]
        process = subprocess.Popen([sys.executable, __file__, *arguments], stdin=subprocess.DEVNULL)
        try:
            deadline = time.monotonic() + 20
            while not port.exists() and time.monotonic() < deadline:
                time.sleep(0.02)
            yield TrueServer(f"http://127.0.0.1:{port.read_text(encoding='utf-8')}", process.pid, log)
        finally:
            process.kill()
            process.wait()


@contextmanager
def hogs(share: float) -> Iterator[None]:
    """Take a share of every core, in turns of a tenth of a second."""
    code = _HOG.format(share)
    count = (os.cpu_count() or 1) if share else 0
    processes = [subprocess.Popen([sys.executable, "-c", code]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


class _Server:
    def __init__(self, wanted_ms: float, jitter_ms: float, at_once: int) -> None:
        self._wanted_ns, self._jitter_ns, self._at_once = wanted_ms * 1e6, jitter_ms * 1e6, at_once
        self._random = random.Random(1)
        self._free_ns = [0] * at_once
        self._due: list[tuple[int, int, int]] = []
        self._clients: dict[int, socket.socket] = {}
        self.times: list[tuple[int, int]] = []

    def run(self, listening: socket.socket) -> None:
        poll = select.epoll()
        poll.register(listening, select.EPOLLIN)
        while True:
            now_ns = time.time_ns()
            while self._due and self._due[0][0] <= now_ns:
                self._answer(*heapq.heappop(self._due))
                now_ns = time.time_ns()
            left_ns = self._due[0][0] - now_ns - _SPIN_NS if self._due else _NS
            for descriptor, _ in poll.poll(max(0.0, left_ns / _NS)):
                if descriptor == listening.fileno():
                    client = listening.accept()[0]
                    client.setsockopt(socket.SOL_SOCKET, _TIMESTAMP, 1)
                    client.setsockopt(socket.SOL_SOCKET, _TIMESTAMPING, _WHEN_SENT)
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._clients[client.fileno()] = client
                    poll.register(client, select.EPOLLIN)
                else:
                    self._read(descriptor)

    def _read(self, descriptor: int) -> None:
        client = self._clients[descriptor]
        try:
            data, ancillary, *_ = client.recvmsg(65536, 256)
        except OSError:
            data, ancillary = b"", []
        if not data:
            self._clients.pop(descriptor).close()
            return
        arrived_ns = _stamp_ns(ancillary, _TIMESTAMP)
        due_ns = arrived_ns
        if self._at_once:
            due_ns = max(due_ns, heapq.heappop(self._free_ns))
        due_ns += round(max(0.0, self._random.gauss(self._wanted_ns, self._jitter_ns)))
        if self._at_once:
            heapq.heappush(self._free_ns, due_ns)
        heapq.heappush(self._due, (due_ns, descriptor, arrived_ns))

    def _answer(self, _due_ns: int, descriptor: int, arrived_ns: int) -> None:
        client = self._clients.get(descriptor)
        if client is None:
            return
        try:
            client.send(_ANSWER)
            sent_ns = _stamp_ns(client.recvmsg(1, 512, socket.MSG_ERRQUEUE)[1], _TIMESTAMPING)
        except OSError:
            return
        self.times.append((arrived_ns, sent_ns - arrived_ns))


def _stamp_ns(ancillary: list[tuple[int, int, bytes]], wanted: int) -> int:
    """The time that the kernel tells beside what was read; now, where it tells none."""
    for _, kind, value in ancillary:
        if kind == wanted:
            seconds, nanoseconds = struct.unpack("qq", value[:16])
            return int(seconds * _NS + nanoseconds)
    return time.time_ns()


def _main() -> None:
    wanted, jitter, at_once, log, port = sys.argv[1:]
    server = _Server(float(wanted), float(jitter), int(at_once))
    listening = socket.create_server(("127.0.0.1", 0), backlog=4096)

    def tell(_signal: int, _frame: object) -> None:
        Path(log + ".new").write_text(json.dumps(server.times), encoding="utf-8")
        server.times.clear()
        Path(log + ".new").rename(log)

    signal.signal(signal.SIGUSR1, tell)
    Path(port + ".new").write_text(str(listening.getsockname()[1]), encoding="utf-8")
    Path(port + ".new").rename(port)
    server.run(listening)


if __name__ == "__main__":
    _main()
