"""Long runs of every driver at once, which people look at and steer: what grows with their length."""

from __future__ import annotations

import contextlib
import math
import os
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle
from statistics import linear_regression
from typing import Any

import psutil

from perftui.demo.server import Demo, start_demo
from perftui.model.record import Record
from perftui.store.loading import load_run
from support.cli import PERFTUI, finish, start_cli, write_preset
from support.databases import mariadb, memcached, postgresql, redis_server
from support.home import Home
from support.presets import preset_text
from support.pty import Terminal, terminal

VIEWED_S = 8.0
"""How long a viewer stays at least; the next one comes when it has left."""
STEERED_S = 3.0
_MARKS = 36
"""No more of them in a run of some minutes."""
_VIEWERS = 200
"""And no more than so many come in a long run, and twice as many marks: each is a process, which takes its time."""
_POLL_S = 0.5
_SETTLED = 0.5
"""Share of a run after which memory is looked at."""
_SETTLED_S = 1800.0
"""And where a long run is settled. The last 900 seconds are kept one by one, some 5 kB each: until they are 900 that
looks like 20 MB per hour, and on a busy machine, where two seconds are one now and then, it takes longer."""
_SOON_S = 900.0
"""From the end of the load until all is saved: eleven runs of an hour that sum up at once on a machine that has other
work take more than five minutes."""
_MOST_SAID = 2000

Operations = Sequence[dict[str, Any]]


class Targets:
    """Servers for the drivers; each is started for the first who asks."""

    def __init__(self, home: Home, stack: ExitStack) -> None:
        self.home = home
        self._stack = stack

    @cached_property
    def demo(self) -> Demo:
        """HTTP, WebSocket, streams, pages."""
        return self._stack.enter_context(start_demo(database=str(self.home.path / "shop.db")))

    @cached_property
    def sqlite(self) -> str:
        """The file of the demo service."""
        return f"sqlite:///{self.home.path / 'shop.db'}" if self.demo else ""

    @cached_property
    def postgresql(self) -> str:
        """A database."""
        return self._stack.enter_context(postgresql()).url

    @cached_property
    def mysql(self) -> str:
        """Another."""
        return self._stack.enter_context(mariadb()).url

    @cached_property
    def redis(self) -> str:
        """A cache."""
        return self._stack.enter_context(redis_server()).url

    @cached_property
    def memcached(self) -> str:
        """Another."""
        return self._stack.enter_context(memcached()).url


_SQL = {"sql": "select id, name, price from items where id = :id", "params": {"id": "${rand:1..1000}"}}
_PLAIN_SQL = {"sql": "select :id || ' is it'", "params": {"id": "${rand:1..1000}"}}
_MY_SQL = {"sql": "select concat(:id, ' is it')", "params": {"id": "${rand:1..1000}"}}
_LOOK_UP = {
    "call": "perftui.demo.functions:look_up", "setup": "perftui.demo.functions:open_shop",
    "params": {"item": "${rand:1..1000}"},
}  # fmt: skip
DRIVERS: dict[str, tuple[float, Callable[[Targets], str], Operations]] = {
    "http": (
        60,
        lambda targets: targets.demo.url,
        [{"name": "list", "path": "/api/items?page=${rand:1..50}"}, {"name": "fail", "path": "/fail?rate=0.9"}],
    ),
    "ws": (
        30,
        lambda targets: targets.demo.url.replace("http", "ws", 1),
        [{"name": "say", "path": "/chat", "ws": {"id": "${uuid}", "say": "${fake:word}"}, "match": "$.id"}],
    ),
    "events": (10, lambda targets: targets.demo.url, [{"name": "listen", "events": "/events", "expect": 2}]),
    "page": (5, lambda targets: targets.demo.url, [{"name": "shop", "page": "/page"}]),
    "sqlite": (20, lambda targets: targets.sqlite, [{"name": "item", **_SQL}]),
    "postgresql": (15, lambda targets: targets.postgresql, [{"name": "say", **_PLAIN_SQL}]),
    "mysql": (15, lambda targets: targets.mysql, [{"name": "say", **_MY_SQL}]),
    "redis": (20, lambda targets: targets.redis, [{"name": "set", "redis": ["SET", "a:${rand:1..100}", "${uuid}"]}]),
    "memcached": (10, lambda targets: targets.memcached, [{"name": "get", "memcached": ["get", "a${rand:1..9}"]}]),
    "files": (10, lambda _: "file://", [{"name": "write", "file": "write", "path": "${rand:1..9}", "size": "4KiB"}]),
    "functions": (5, lambda _: "python://", [{"name": "look up", **_LOOK_UP}]),
}  # fmt: skip
"""Requests per second, where they go, and what is asked; half of those of HTTP fail."""


@dataclass
class Soaked:
    """What was seen."""

    seconds: float
    resident: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    """Seconds and bytes, by driver and role of the process: `http runner`; those who look: `viewer`, `controller`, and
    `lines` and `mark` for commands that come and go, of each the most that it had."""
    descriptors: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    viewers: int = 0
    marks: int = 0
    journal_bytes: dict[str, int] = field(default_factory=dict)
    """By driver."""
    records: dict[str, Record] = field(default_factory=dict)

    def _later(self, role: str, first_s: float | None = None) -> list[tuple[float, int]]:
        """The later part of the load; behind it the runner sums up, which is no growth."""
        begin_s = min(self.seconds * _SETTLED, _SETTLED_S) if first_s is None else first_s
        return [point for point in self.resident[role] if begin_s < point[0] < self.seconds]

    @property
    def roles(self) -> list[str]:
        """What ran for so long that its memory tells something."""
        return [role for role in self.resident if len(self._later(role)) > 1]

    def growth_bytes_per_h(self, role: str, first_s: float | None = None) -> float:
        """Slope of the memory of a role, from a moment on: from where it is settled."""
        points = self._later(role, first_s)
        return linear_regression(*zip(*points, strict=True)).slope * 3600 if len(points) > 1 else 0.0

    def grown_bytes(self, role: str) -> int:
        """How much more a role has at the end than when it was settled."""
        later = self._later(role)
        return later[-1][1] - later[0][1]


def soak(
    home: Home,
    seconds: float,
    drivers: Sequence[str] = tuple(DRIVERS),
    *,
    share: float = 1.0,
    every_s: float = math.inf,
    tell: Callable[[Soaked, float], None] = lambda *_: None,
) -> Soaked:
    """Load a target of each driver while viewers come and go, some stay, and somebody sets marks.

    Args:
        home: of all of them.
        seconds: how long.
        drivers: which.
        share: of the rates.
        every_s: how often somebody is told how it stands.
        tell: takes what was seen so far, and the seconds since the begin.
    """
    soaked = Soaked(seconds=seconds)
    with ExitStack() as stack:
        targets = Targets(home, stack)
        runs = {name: stack.enter_context(_run(home, targets, name, seconds, share)) for name in drivers}
        began_s = time.monotonic()
        people = _People(home, soaked, stack)
        watched = [_Watched(name, run.pid) for name, run in runs.items()]
        said = dict.fromkeys(runs, b"")
        told_s = 0.0
        while any(run.poll() is None for run in runs.values()):
            now_s = time.monotonic() - began_s
            for one in watched:
                one.look(soaked, now_s)
            people.look(now_s)
            for name, run in runs.items():
                said[name] = (said[name] + _newly_said(run))[-_MOST_SAID:]
            if _POLL_S * 2 < now_s < seconds - STEERED_S:
                people.come_and_go(now_s)
            if now_s - told_s > every_s:
                told_s = now_s
                tell(soaked, now_s)
            if now_s > seconds + _SOON_S:
                raise RuntimeError("a run does not end")
            time.sleep(_POLL_S)
        for name, run in runs.items():
            result = finish(run)
            if result.code:
                raise RuntimeError(f"{name}: {said[name].decode(errors='replace')}{result.stderr[-_MOST_SAID:]}")
    for folder in home.run_folders():
        record = load_run(str(folder)).record
        soaked.records[record.plan.name] = record
        soaked.journal_bytes[record.plan.name] = sum(path.stat().st_size for path in folder.glob("journal*"))
    return soaked


@contextlib.contextmanager
def _run(home: Home, targets: Targets, name: str, seconds: float, share: float) -> Iterator[subprocess.Popen[bytes]]:
    rate, url_of, operations = DRIVERS[name]
    text = preset_text(
        url_of(targets), operations, name=name, rate=rate * share, duration=f"{seconds:.0f}s", connections=10,
        auto_stop=False,
    )  # fmt: skip
    command = ("run", write_preset(home, text, f"{name}.toml"), "--headless", "--format", "json", "--warn-only")
    with start_cli(home, *command, "--output", f"{name}.json") as cli:
        if cli.stderr is not None:
            os.set_blocking(cli.stderr.fileno(), False)
        yield cli


def _newly_said(run: subprocess.Popen[bytes]) -> bytes:
    """What a run said of late: half an hour of progress fills a pipe, and long last words then wait for a reader."""
    return (run.stderr.read() or b"") if run.stderr is not None else b""


class _People:
    """Who looks at the runs, each in turn, and who marks them; two stay, one of whom may steer."""

    def __init__(self, home: Home, soaked: Soaked, stack: ExitStack) -> None:
        self._home, self._soaked, self._stack = home, soaked, stack
        self._viewer: _Visit | None = None
        self._steering: _Visit | None = None
        self._staying: dict[str, Terminal] = {}
        self._left_s = self._steered_s = 0.0
        self._turns = cycle(range(1000))
        self._viewed_s = max(VIEWED_S, soaked.seconds / _VIEWERS)
        self._every_s = max(STEERED_S, min(soaked.seconds / _MARKS, VIEWED_S), soaked.seconds / _VIEWERS / 2)

    def come_and_go(self, now_s: float) -> None:
        """Do what is due."""
        folders = self._home.run_folders()
        if not folders:
            return
        if not self._staying:
            for role, options in (("viewer", ()), ("controller", ("--control",))):
                command = (PERFTUI, "watch", folders[0].name, *options)
                self._staying[role] = self._stack.enter_context(terminal(command, self._home.environment))
        run = folders[next(self._turns) % len(folders)].name
        if now_s - self._left_s > self._viewed_s:
            if self._viewer is not None:
                self._viewer.end(self._soaked)
            self._viewer = _Visit("lines", now_s, start_cli(self._home, "watch", run, "--lines"))
            self._soaked.viewers += 1
            self._left_s = now_s
        # nobody waits for it: on a busy machine a command takes its time
        if now_s - self._steered_s > self._every_s and (self._steering is None or self._steering.is_over):
            if self._steering is not None:
                self._soaked.marks += self._steering.end(self._soaked) == 0
            self._steering = _Visit("mark", now_s, start_cli(self._home, "ctl", run, "mark", f"at {now_s:.0f} s"))
            self._steered_s = now_s

    def look(self, now_s: float) -> None:
        """Note what they hold, and read their terminals, for nobody else does."""
        for role, shown in self._staying.items():
            shown.read(0.01)
            shown.captured.clear()
            _note(self._soaked, role, psutil.Process(shown.process.pid), now_s)
        for visit in (self._viewer, self._steering):
            if visit is not None:
                visit.look()


class _Visit:
    """A command that comes and goes."""

    def __init__(self, role: str, at_s: float, command: AbstractContextManager[subprocess.Popen[bytes]]) -> None:
        self._role, self._at_s, self._command = role, at_s, command
        self._process = command.__enter__()
        self._most_bytes = 0

    @property
    def is_over(self) -> bool:
        """Whether it has ended by itself."""
        return self._process.poll() is not None

    def look(self) -> None:
        """Note what it holds."""
        with contextlib.suppress(psutil.Error):
            self._most_bytes = max(self._most_bytes, psutil.Process(self._process.pid).memory_info().rss)

    def end(self, soaked: Soaked) -> int:
        """End it when it still runs; its exit code."""
        self._command.__exit__(None, None, None)
        if self._most_bytes:
            soaked.resident[self._role].append((self._at_s, self._most_bytes))
        return self._process.returncode


class _Watched:
    """The processes of a run; looked for until there is a worker, for a look at all processes of a machine is dear."""

    def __init__(self, name: str, pid: int) -> None:
        self._name = name
        self._runner = psutil.Process(pid)
        self._workers: list[psutil.Process] = []

    def look(self, soaked: Soaked, at_s: float) -> None:
        """Note what they hold."""
        with contextlib.suppress(psutil.Error):  # it has ended
            self._workers = self._workers or self._runner.children()
            for role, process in [("runner", self._runner), *(("worker", worker) for worker in self._workers)]:
                _note(soaked, f"{self._name} {role}", process, at_s)


def _note(soaked: Soaked, role: str, process: psutil.Process, at_s: float) -> None:
    with contextlib.suppress(psutil.Error):  # it has ended
        if resident := process.memory_info().rss:  # one that has ended has none
            soaked.descriptors[role].append(process.num_fds())
            soaked.resident[role].append((at_s, resident))
