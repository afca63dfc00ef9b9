"""What the control group of this process says about CPU quotas (Linux only; elsewhere nothing is held back)."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

_ROOT = Path("/sys/fs/cgroup")


class Throttling(NamedTuple):
    """Counters since the group was made."""

    periods: int = 0
    throttled: int = 0


def throttling(root: Path = _ROOT, membership: Path = Path("/proc/self/cgroup")) -> Throttling:
    """Quota periods that passed, and those in which the group was held back; zeros where there is no quota."""
    for path in _stat_files(root, membership):
        try:
            fields = dict(line.split(maxsplit=1) for line in path.read_text().splitlines() if " " in line)
            return Throttling(int(fields.get("nr_periods", 0)), int(fields.get("nr_throttled", 0)))
        except (OSError, ValueError):
            continue  # a group may vanish, and some sandboxes hide these files
    return Throttling()


def _stat_files(root: Path, membership: Path) -> list[Path]:
    """Where the counters may be: version 2, then version 1, of our group, then as a container sees it."""
    try:
        lines = membership.read_text().splitlines()
    except OSError:
        return []
    files = []
    for line in lines:
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        inside = path.lstrip("/")
        if not controllers:
            files += [root / inside / "cpu.stat", root / "cpu.stat"]
        elif "cpu" in controllers.split(","):
            files += [root / "cpu" / inside / "cpu.stat", root / "cpu" / "cpu.stat"]
    return files
