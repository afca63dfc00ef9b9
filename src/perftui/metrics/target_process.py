"""The target's process with all that it has started: found by its id, its name or the port it listens on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Literal, NamedTuple

import psutil

Kind = Literal["pid", "name", "port", "socket"]
_SOCKETS = {"port": "inet", "socket": "unix"}


class Sought(NamedTuple):
    """How the target's process is known."""

    kind: Kind
    value: str


class TreeUse(NamedTuple):
    """What the tree took since the last look, or has now."""

    cpu_percent: float
    """Of one core."""
    memory_bytes: int
    threads: int
    open_files: int
    processes: int


class TargetTree:
    """Roots and everything below them. A process that ends and comes back under another id is found again."""

    def __init__(self, sought: Sought) -> None:
        self._sought = sought
        self._roots = find(sought)
        self._known = bool(self._roots)
        self._cpu_s: dict[psutil.Process, float] = {}
        self.notes: list[str] = []
        """What happened to the process since they were read."""
        for process in self._members():
            self._cpu_s[process] = _cpu_s(process)

    @property
    def pids(self) -> tuple[int, ...]:
        """Ids of the roots; empty while none is known."""
        return tuple(root.pid for root in self._roots)

    def use(self, seconds: float) -> TreeUse | None:
        """What the tree used in the seconds since the last call; None while there is no such process."""
        self._follow()
        members = list(self._members())
        if not members:
            self._cpu_s.clear()
            return None
        spent_s, memory, threads, files = 0.0, 0, 0, 0
        cpu_s: dict[psutil.Process, float] = {}
        for process in members:
            try:
                with process.oneshot():
                    cpu_s[process] = _cpu_s(process)
                    memory += process.memory_info().rss
                    threads += process.num_threads()
            except psutil.Error:
                continue  # it has just ended
            # what a new child has used it has used since the last look
            spent_s += max(0.0, cpu_s[process] - self._cpu_s.get(process, 0.0))
            files += _open_files(process)
        self._cpu_s = cpu_s
        return TreeUse(round(100 * spent_s / max(seconds, 1e-3), 2), memory, threads, files, len(cpu_s))

    def _follow(self) -> None:
        """Notice roots that are gone, and who took their place."""
        living = [root for root in self._roots if _lives(root)]
        if self._known and len(living) < len(self._roots):
            gone = ", ".join(str(root.pid) for root in self._roots if root not in living)
            self.notes.append(f"the target's process {gone} has ended")
        if self._known and not living:
            living = [] if self._sought.kind == "pid" else find(self._sought)
            if living:
                now = ", ".join(str(root.pid) for root in living)
                self.notes.append(f"the target was restarted: its process is now {now}")
        self._roots = living

    def _members(self) -> Iterator[psutil.Process]:
        """Roots and what they started, without ourselves: a test may hold both the target and this run."""
        seen = set()
        for root in self._roots:
            for process in _below(root):
                if process not in seen:
                    seen.add(process)
                    yield process


def _below(root: psutil.Process) -> list[psutil.Process]:
    me = os.getpid()
    if root.pid == me:
        return [root]
    try:
        tree = [root, *root.children(recursive=True)]
        mine = {me}
        if any(process.pid == me for process in tree):
            mine |= {process.pid for process in psutil.Process().children(recursive=True)}
    except psutil.Error:
        return []
    return [process for process in tree if process.pid not in mine and _lives(process)]


def find(sought: Sought) -> list[psutil.Process]:
    """The topmost processes that are meant; none when there are none, or they are somebody else's."""
    match sought.kind:
        case "pid":
            return _processes([int(sought.value)])
        case "name":
            named = [each for each in psutil.process_iter() if _is_named(each, sought.value)]
            return [each for each in named if not any(parent in named for parent in _parents(each))]
        case "port" | "socket":
            return list(dict.fromkeys(_holder(each, sought) for each in _processes(_listening(sought))))


def _listening(sought: Sought) -> list[int]:
    """Ids of processes that hold the socket; of those that share it, the system names one."""
    try:
        held = psutil.net_connections(_SOCKETS[sought.kind])
    except (psutil.Error, OSError, RuntimeError):
        return []  # not allowed here
    return [each.pid for each in held if each.pid and _is_meant(each, sought)]


def _holds(process: psutil.Process, sought: Sought) -> bool:
    try:
        return any(_is_meant(each, sought) for each in process.net_connections(_SOCKETS[sought.kind]))
    except (psutil.Error, OSError, RuntimeError):
        return False


def _is_meant(connection: object, sought: Sought) -> bool:
    where = getattr(connection, "laddr", None)
    if sought.kind == "socket":
        return bool(where == sought.value)
    listens = getattr(connection, "status", "") == psutil.CONN_LISTEN
    return listens and getattr(where, "port", 0) == int(sought.value)


def _holder(process: psutil.Process, sought: Sought) -> psutil.Process:
    """The oldest of those that share a socket: workers have it from the process that started them."""
    for parent in _parents(process):
        if not _holds(parent, sought):
            break
        process = parent
    return process


def _parents(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.parents()
    except psutil.Error:
        return []


def _processes(pids: Iterable[int]) -> list[psutil.Process]:
    found = []
    for pid in pids:
        with suppress(psutil.Error, ValueError):
            found.append(psutil.Process(pid))
    return [process for process in found if process.pid and _lives(process)]


def _is_named(process: psutil.Process, name: str) -> bool:
    try:
        return process.pid != os.getpid() and name in {process.name(), *map(os.path.basename, process.cmdline()[:2])}
    except psutil.Error:
        return False


def _lives(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def _cpu_s(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _open_files(process: psutil.Process) -> int:
    try:
        return int(process.num_fds())
    except psutil.Error:
        return 0  # somebody else's: the rest may be read, this not
