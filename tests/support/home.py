"""Directories of perftui for one test, apart from the user's, and the processes that use them."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

MARK = "PERFTUI_TESTED_BY"
"""A variable that holds the process of the test run: whatever it starts inherits it, wherever it has its data."""
_END_S = 20.0
"""On a busy machine what has been told to end takes its time."""
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
        assert_ended(processes_in(path))
    finally:
        for process in processes_in(path):
            process.kill()
        shutil.rmtree(path, ignore_errors=True)


def processes_in(path: Path) -> list[psutil.Process]:
    """Processes, other than this one, whose environment says that their data is in this directory."""
    return _processes_with("PERFTUI_DATA_DIR", str(path / "data"))


def orphans_of_this_process() -> list[psutil.Process]:
    """What was started below this process and is below it no more: whoever started it has ended before."""
    this = psutil.Process()
    return [each for each in _processes_with(MARK, str(this.pid)) if this not in _ancestors(each)]


def assert_ended(processes: Sequence[psutil.Process]) -> None:
    """Wait for their end; what does not end by itself is killed, and is a mistake.

    Raises:
        AssertionError: something was left behind.
    """
    _, left = psutil.wait_procs(processes, timeout=_END_S)
    described = [f"{process.pid} {' '.join(command_of(process))}" for process in left if not _is_over(process)]
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    assert not described, f"processes left behind: {described}"


def _processes_with(name: str, value: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            if process.environ().get(name) == value and not _is_over(process):
                found.append(process)
        except (psutil.Error, OSError):
            continue  # gone in between, or somebody else's
    return found


def _ancestors(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.parents()
    except psutil.Error:  # it has ended
        return [psutil.Process()]


def _is_over(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.Error:
        return True


def command_of(process: psutil.Process) -> list[str]:
    """The arguments of a process; none when it has ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []
