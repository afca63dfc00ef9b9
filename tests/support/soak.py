"""Long runs of every driver at once, which people look at and steer: what grows with their length."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from itertools import cycle
from statistics import linear_regression
from typing import Any

import psutil

from perftui.demo.server import Demo, start_demo
from perftui.model.record import Record
from perftui.store.loading import load_run
from support.cli import finish, run_cli, start_cli, write_preset
from support.databases import memcached, postgresql, redis_server
from support.home import Home
from support.presets import preset_text

VIEWED_S = 5.0
"""How long a viewer stays; the next one comes when it has left."""
STEERED_S = 3.0
_POLL_S = 0.5
_SETTLED = 0.5
"""Share of a run after which memory is looked at."""
_SOON_S = 60.0

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
    def redis(self) -> str:
        """A cache."""
        return self._stack.enter_context(redis_server()).url

    @cached_property
    def memcached(self) -> str:
        """Another."""
        return self._stack.enter_context(memcached()).url


_SQL = {"sql": "select id, name, price from items where id = :id", "params": {"id": "${rand:1..1000}"}}
_PLAIN_SQL = {"sql": "select :id || ' is it'", "params": {"id": "${rand:1..1000}"}}
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
    "sqlite": (25, lambda targets: targets.sqlite, [{"name": "item", **_SQL}]),
    "postgresql": (25, lambda targets: targets.postgresql, [{"name": "say", **_PLAIN_SQL}]),
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
    """Seconds and bytes, by driver and role of the process: `http runner`."""
    descriptors: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    viewers: int = 0
    marks: int = 0
    journal_bytes: dict[str, int] = field(default_factory=dict)
    """By driver."""
    records: dict[str, Record] = field(default_factory=dict)

    def _later(self, role: str) -> list[tuple[float, int]]:
        """The later part of the load; behind it the runner sums up, which is no growth."""
        return [point for point in self.resident[role] if self.seconds * _SETTLED < point[0] < self.seconds]

    @property
    def roles(self) -> list[str]:
        """What ran for so long that its memory tells something."""
        return [role for role in self.resident if len(self._later(role)) > 1]

    def growth_bytes_per_h(self, role: str) -> float:
        """Slope of the memory of a role."""
        return linear_regression(*zip(*self._later(role), strict=True)).slope * 3600

    def grown_bytes(self, role: str) -> int:
        """How much more a role has at the end than at half time."""
        later = self._later(role)
        return later[-1][1] - later[0][1]


def soak(home: Home, seconds: float, drivers: Sequence[str] = tuple(DRIVERS)) -> Soaked:
    """Load a target of each driver while viewers come and go and somebody sets marks."""
    soaked = Soaked(seconds=seconds)
    with ExitStack() as stack:
        targets = Targets(home, stack)
        runs = {name: stack.enter_context(_run(home, targets, name, seconds)) for name in drivers}
        began_s = time.monotonic()
        people = _People(home, soaked, stack)
        watched = [_Watched(name, run.pid) for name, run in runs.items()]
        while any(run.poll() is None for run in runs.values()):
            now_s = time.monotonic() - began_s
            for one in watched:
                one.look(soaked, now_s)
            if _POLL_S * 2 < now_s < seconds - STEERED_S:
                people.come_and_go(now_s)
            if now_s > seconds + _SOON_S:
                raise RuntimeError("a run does not end")
            time.sleep(_POLL_S)
        for name, run in runs.items():
            result = finish(run)
            if result.code:
                raise RuntimeError(f"{name}: {result.stderr[-2000:]}")
    for folder in home.run_folders():
        record = load_run(str(folder)).record
        soaked.records[record.plan.name] = record
        soaked.journal_bytes[record.plan.name] = sum(path.stat().st_size for path in folder.glob("journal*"))
    return soaked


@contextlib.contextmanager
def _run(home: Home, targets: Targets, name: str, seconds: float) -> Iterator[subprocess.Popen[bytes]]:
    rate, url_of, operations = DRIVERS[name]
    text = preset_text(
        url_of(targets), operations, name=name, rate=rate, duration=f"{seconds:.0f}s", connections=10, auto_stop=False
    )
    command = ("run", write_preset(home, text, f"{name}.toml"), "--headless", "--format", "json", "--warn-only")
    with start_cli(home, *command, "--output", f"{name}.json") as cli:
        yield cli


class _People:
    """Who looks at the runs, each in turn, and who marks them."""

    def __init__(self, home: Home, soaked: Soaked, stack: ExitStack) -> None:
        self._home, self._soaked, self._stack = home, soaked, stack
        self._viewer: subprocess.Popen[bytes] | None = None
        self._left_s = self._steered_s = 0.0
        self._turns = cycle(range(1000))

    def come_and_go(self, now_s: float) -> None:
        """Do what is due."""
        folders = self._home.run_folders()
        if not folders:
            return
        run = folders[next(self._turns) % len(folders)].name
        if now_s - self._left_s > VIEWED_S:
            if self._viewer is not None:
                self._viewer.kill()
                self._viewer.wait()
            self._viewer = self._stack.enter_context(start_cli(self._home, "watch", run, "--lines"))
            self._soaked.viewers += 1
            self._left_s = now_s
        if now_s - self._steered_s > STEERED_S:
            marked = run_cli(self._home, "ctl", run, "mark", f"at {now_s:.0f} s")
            self._soaked.marks += marked.code == 0
            self._steered_s = now_s


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
                soaked.descriptors[f"{self._name} {role}"].append(process.num_fds())
                soaked.resident[f"{self._name} {role}"].append((at_s, process.memory_info().rss))
