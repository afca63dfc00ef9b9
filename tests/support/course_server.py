"""A server whose answers take a known course: two kinds, stalls by the clock, an outage, a leak, slower and slower.

`python course_server.py` prints its port. Paths: /quick, /bimodal, /stall, /outage, /leak, /drift, /close.
"""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

STALL_EVERY_S, STALL_S = 3.0, 0.4
OUTAGE_S = (2.0, 4.0)
"""Since the first request that asks for it."""
LEAK_BYTES_PER_S = 5_000_000
DRIFT_MS_PER_S = 8.0


@contextmanager
def course_server() -> Iterator[str]:
    """Serve until the block is left; gives the URL."""
    with subprocess.Popen(
        [sys.executable, __file__], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        try:
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()


class _Course:
    def __init__(self) -> None:
        self._first_s = 0.0
        self._count = 0
        self._kept: list[bytes] = []

    async def wait(self, path: str) -> bytes:
        """Take as long as the path says; gives the status line."""
        self._first_s = self._first_s or time.monotonic()
        self._count += 1
        since_s = time.monotonic() - self._first_s
        if path == "/bimodal":
            await asyncio.sleep(0.08 if self._count % 10 < 3 else 0.008)
        elif path == "/stall":
            phase_s = since_s % STALL_EVERY_S
            await asyncio.sleep(STALL_S - phase_s if phase_s < STALL_S and since_s > STALL_EVERY_S else 0.004)
        elif path == "/outage" and OUTAGE_S[0] <= since_s < OUTAGE_S[1]:
            return b"503 Service Unavailable"
        elif path == "/leak":
            while len(self._kept) * 100_000 < LEAK_BYTES_PER_S * since_s:
                self._kept.append(bytes(b"x" * 100_000))
        elif path == "/drift":
            await asyncio.sleep(0.005 + since_s * DRIFT_MS_PER_S / 1e3)
        return b"200 OK"


async def _serve() -> None:
    course = _Course()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                status = await course.wait(path)
                last = path == "/close"
                close = b"Connection: close\r\n" if last else b""
                writer.write(b"HTTP/1.1 " + status + b"\r\n" + close + b"Content-Length: 2\r\n\r\nok")
                if last:
                    break
            await writer.drain()
            writer.close()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve())
