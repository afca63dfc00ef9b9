"""A long run that people look at and steer: what grows with its length."""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections import defaultdict
from dataclasses import dataclass, field
from statistics import linear_regression

import psutil

from perftui.demo.server import start_demo
from perftui.model.record import Record
from perftui.store.loading import load_run
from support.cli import finish, run_cli, start_cli, write_preset
from support.home import Home, command_of, processes_in
from support.presets import preset_text

RATE = 200
VIEWED_S = 5.0
"""How long a viewer stays; the next one comes when it has left."""
STEERED_S = 3.0
_POLL_S = 0.5
_SETTLED = 0.5
"""Share of the run after which memory is looked at."""


@dataclass
class Soaked:
    """What was seen."""

    seconds: float
    resident: dict[str, list[tuple[float, int]]] = field(default_factory=lambda: defaultdict(list))
    """Seconds and bytes, by the role of the process."""
    descriptors: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    viewers: int = 0
    marks: int = 0
    journal_bytes: int = 0
    record: Record | None = None

    def _later(self, role: str) -> list[tuple[float, int]]:
        """The later part of the load; behind it the runner sums up, which is no growth."""
        return [point for point in self.resident[role] if self.seconds * _SETTLED < point[0] < self.seconds]

    def growth_bytes_per_h(self, role: str) -> float:
        """Slope of the memory of a role."""
        return linear_regression(*zip(*self._later(role), strict=True)).slope * 3600

    def grown_bytes(self, role: str) -> int:
        """How much more a role has at the end than at half time."""
        later = self._later(role)
        return later[-1][1] - later[0][1]


def soak(home: Home, seconds: float) -> Soaked:
    """Load the demo service while viewers come and go and somebody sets marks; half of the answers are errors."""
    soaked = Soaked(seconds=seconds)
    with start_demo() as demo, contextlib.ExitStack() as company:
        preset = preset_text(
            demo.url,
            {"list": "/api/items?page=${rand:1..50}", "fail": "/fail?rate=0.9"},
            rate=RATE,
            duration=f"{seconds:.0f}s",
            auto_stop=False,
        )
        command = ("run", write_preset(home, preset), "--headless", "--format", "json", "--warn-only")
        with start_cli(home, *command, "--output", "run.json") as cli:
            begin_s = time.monotonic()
            viewer: subprocess.Popen[bytes] | None = None
            left_s = steered_s = begin_s
            while cli.poll() is None:
                now_s = time.monotonic()
                _look(home, soaked, now_s - begin_s)
                if home.run_folders() and now_s - begin_s < seconds - STEERED_S:
                    if now_s - left_s > VIEWED_S:
                        if viewer is not None:
                            viewer.kill()
                            viewer.wait()
                        viewer = company.enter_context(start_cli(home, "watch", "latest", "--lines"))
                        soaked.viewers += 1
                        left_s = now_s
                    if now_s - steered_s > STEERED_S:
                        marked = run_cli(home, "ctl", home.run_folders()[0].name, "mark", f"at {now_s - begin_s:.0f} s")
                        soaked.marks += marked.code == 0
                        steered_s = now_s
                time.sleep(_POLL_S)
            result = finish(cli)
    if result.code:
        raise RuntimeError(result.stderr)
    soaked.record = load_run(str(home.run_folders()[0])).record
    soaked.journal_bytes = sum(path.stat().st_size for path in home.run_folders()[0].glob("journal*"))
    return soaked


def _look(home: Home, soaked: Soaked, at_s: float) -> None:
    for process in processes_in(home.path):
        command = command_of(process)
        if "watch" in command or "ctl" in command:
            continue
        role = "worker" if "perftui.engine.worker" in command else "runner"
        with contextlib.suppress(psutil.Error):  # it has ended
            soaked.resident[role].append((at_s, process.memory_info().rss))
            soaked.descriptors[role].append(process.num_fds())
