"""A server of known capacity: so many requests at once, each for so long; or one that slows down by a known law.

`python capacity_server.py SLOTS SECONDS [PORT [CONTENTION COHERENCY]]` prints its port. With a law, a request that is
one of n takes SECONDS * (1 + CONTENTION (n - 1) + COHERENCY n (n - 1)).
`GET /truth` answers, out of turn, with how many slots and seconds it really took.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CapacityServer:
    """Where it listens."""

    url: str
    pid: int

    def capacity_per_s(self) -> float:
        """What it could have answered, by its own clock: sleeps on a busy machine take longer than asked."""
        with urllib.request.urlopen(f"{self.url}/truth", timeout=10) as answer:
            return float(answer.read())


@contextmanager
def capacity_server(
    slots: int, seconds: float, port: int = 0, law: tuple[float, float] = (0.0, 0.0)
) -> Iterator[CapacityServer]:
    """Serve until the block is left."""
    command = [sys.executable, __file__, str(slots), str(seconds), str(port), *map(str, law)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield CapacityServer(f"http://127.0.0.1:{process.stdout.readline().strip()}", process.pid)
        finally:
            process.kill()


async def _serve(slots: int, seconds: float, port: int, contention: float = 0.0, coherency: float = 0.0) -> None:
    held = asyncio.Semaphore(slots)
    took_s: list[float] = []
    served = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal served
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                body = b"ok"
                if head.startswith(b"GET /truth"):
                    body = f"{slots / (sum(took_s) / len(took_s))}".encode()
                else:
                    async with held:
                        start = time.perf_counter()
                        served += 1
                        costs = contention * (served - 1) + coherency * served * (served - 1)
                        await asyncio.sleep(seconds * (1 + costs))
                        served -= 1
                        took_s.append(time.perf_counter() - start)
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", port, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1]), float(sys.argv[2]), int((*sys.argv, "0")[3]), *map(float, sys.argv[4:])))
