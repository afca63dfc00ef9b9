"""The demo service as a process of its own, so that it shares no interpreter with what loads it."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_STOP_TIMEOUT_S = 5.0
POSTGRES, REDIS = "PERFTUI_DEMO_POSTGRES", "PERFTUI_DEMO_REDIS"
"""Variables of the environment that URLs are handed over in."""


class DemoError(Exception):
    """The demo service could not be started; the text says why."""


@dataclass(frozen=True, slots=True)
class Demo:
    """A demo service that runs."""

    url: str
    """`http://127.0.0.1:PORT`, without a slash at the end."""
    pid: int


@contextmanager
def start_demo(port: int = 0, database: str = "", *, postgres: str = "", redis: str = "") -> Iterator[Demo]:
    """Run the demo service until the block is left; it also ends when this process does.

    Args:
        port: port on 127.0.0.1; 0 takes a free one.
        database: SQLite file to make for the data, which others may open as well; empty: a temporary one.
        postgres: URL of a PostgreSQL database to put the items into as well; empty: none.
        redis: URL of a Redis server to keep items in; empty: none.

    Raises:
        DemoError: the service did not start.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(
            [sys.executable, "-m", "perftui.demo", "--port", str(port), "--until-eof", "--database", database],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            env={**os.environ, POSTGRES: postgres, REDIS: redis},
            # a Ctrl-C at the terminal is for the program that loads, not for its target
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            url = process.stdout.readline().decode().strip()
            if not url:
                process.wait(_STOP_TIMEOUT_S)
                errors.seek(0)
                said = errors.read().decode(errors="replace").strip()
                raise DemoError(said or f"the demo service ended with {process.returncode}")
            yield Demo(url=url, pid=process.pid)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdin.close()
            process.stdout.close()
