"""Directories of perftui for one test, apart from the user's, and the processes that use them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

_DROPPED = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "NO_COLOR", "COLUMNS", "LINES", "COLORTERM")


@dataclass(frozen=True, slots=True)
class Home:
    """Where a perftui started by a test keeps its data. The path is short: a Unix socket's name has 100 bytes."""

    path: Path
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def runs(self) -> Path:
        """Directory with the run folders."""
        return self.path / "data" / "runs"

    @property
    def environment(self) -> dict[str, str]:
        """Environment of a perftui that stays inside this home."""
        dropped = {*_DROPPED, *(name.lower() for name in _DROPPED)}
        kept = {name: value for name, value in os.environ.items() if name not in dropped}
        return kept | directories(self.path) | {"TERM": "xterm-256color", "HOME": str(self.path)} | self.extra

    def run_folders(self) -> list[Path]:
        """Folders of the runs that were saved or are running, oldest first."""
        return sorted(path.parent for path in (self.path / "data").rglob("journal*.jsonl"))


def directories(path: Path) -> dict[str, str]:
    """The variables that move perftui's directories to this path."""
    return {
        "PERFTUI_DATA_DIR": str(path / "data"),
        "PERFTUI_CONFIG_DIR": str(path / "config"),
        "PERFTUI_RUNTIME_DIR": str(path / "run"),
    }


@contextmanager
def new_home(**extra: str) -> Iterator[Home]:
    """A home of its own; at the end every perftui process in it has to be gone.

    Args:
        extra: further environment variables.
    """
    path = Path(tempfile.mkdtemp(prefix="pt-"))
    try:
        yield Home(path, extra)
        left = [process for process in processes_in(path) if _still_there(process)]
        described = [f"{process.pid} {' '.join(command_of(process))}" for process in left]
        for process in left:
            process.kill()
        assert not left, f"processes left behind: {described}"
    finally:
        for process in processes_in(path):
            process.kill()
        shutil.rmtree(path, ignore_errors=True)


def processes_in(path: Path) -> list[psutil.Process]:
    """Processes, other than this one, whose environment says that their data is in this directory."""
    wanted = str(path / "data")
    found = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            if process.environ().get("PERFTUI_DATA_DIR") == wanted and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue  # gone in between, or somebody else's
    return found


def _still_there(process: psutil.Process) -> bool:
    try:
        process.wait(timeout=3)
    except psutil.TimeoutExpired:
        return True
    return False


def command_of(process: psutil.Process) -> list[str]:
    """The arguments of a process; none when it has ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []
