"""`python -m http.server`: HTTP/1.0, a connection per request."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.waiting import free_port, wait_for_port


@dataclass(frozen=True, slots=True)
class PlainServer:
    """A server process of the standard library."""

    url: str
    port: int
    pid: int


@contextmanager
def http_server(files: dict[str, bytes] | None = None, port: int = 0) -> Iterator[PlainServer]:
    """Serve files (an `index.html` when none are given) until the block is left."""
    port = port or free_port()
    with tempfile.TemporaryDirectory(prefix="pt-http-") as directory:
        for name, content in (files or {"index.html": b"<p>hello</p>"}).items():
            (Path(directory) / name).write_bytes(content)
        process = subprocess.Popen(
            [sys.executable, "-m", "http.server", "--bind", "127.0.0.1", "--directory", directory, str(port)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait_for_port(port)
            yield PlainServer(f"http://127.0.0.1:{port}", port, process.pid)
        finally:
            process.kill()
            process.wait()
