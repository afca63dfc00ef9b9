"""gunicorn with an app of the test's: workers of two threads each, on a port of loopback and a Unix socket."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from support.waiting import free_port, wait_for_port

SOCKET = "gunicorn.sock"


@contextlib.contextmanager
def gunicorn(app: str, folder: Path | None = None, *, workers: int = 1) -> Iterator[str]:
    """A server that runs the WSGI function `app` of this source; its URL.

    Args:
        app: source of a module.
        folder: where the module and the socket lie; default: one of its own.
        workers: processes that serve.
    """
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="pt-wsgi-") as made:
        place = folder or Path(made)
        (place / "wsgi_app.py").write_text(app, encoding="utf-8")
        command = [
            "gunicorn",
            "wsgi_app:app",
            "--chdir",
            str(place),
            "--log-level",
            "critical",
            "--threads",
            "2",
            "--workers",
            str(workers),
        ]
        command += ["--bind", f"127.0.0.1:{port}", "--bind", f"unix:{place / SOCKET}", "--graceful-timeout", "1"]
        process = subprocess.Popen([sys.executable, "-m", *command], stdin=subprocess.DEVNULL)
        try:
            wait_for_port(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()  # it ends its workers
            process.wait(10)
