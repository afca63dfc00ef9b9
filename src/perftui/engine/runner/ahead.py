"""The process of a detached runner, started ahead: it loads its modules while it is found out what it shall do."""

from __future__ import annotations

import subprocess
import sys

_ahead: list[subprocess.Popen[bytes]] = []


def start_runner() -> None:
    """Start one. Whoever does so drops it at the end, taken or not."""
    _ahead.append(_started())


def take_runner() -> subprocess.Popen[bytes]:
    """The one that was started, or a new one."""
    return _ahead.pop() if _ahead else _started()


def drop_runner() -> None:
    """Let the one that nobody took end: it is told nothing."""
    while _ahead:
        with _ahead.pop() as runner:
            runner.terminate()


def _started() -> subprocess.Popen[bytes]:
    # not one of asyncio's: those end with the loop that started them
    return subprocess.Popen(
        [sys.executable, "-m", "perftui.engine"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
