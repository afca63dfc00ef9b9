"""A share of one core that processes may use together: a control group of version 2, or of version 1.

    with cpu_quota(0.1) as limit:
        limit(process.pid)

Making a group needs the right to write to the tree of groups: root has it on most machines, and in few containers.
Elsewhere the test is skipped and says so.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

_ROOT = Path("/sys/fs/cgroup")
_PERIOD_US = 100_000


@contextmanager
def cpu_quota(share: float) -> Iterator[Callable[[int], None]]:
    """Yields what puts a process and all its threads under the quota; at the end all of them are free again."""
    first_version = (_ROOT / "cpu").is_dir()
    parent = _ROOT / "cpu" if first_version else _ROOT
    group = parent / f"perftui-test-{os.getpid()}"
    quota_us = round(share * _PERIOD_US)
    try:
        group.mkdir()
        if first_version:
            (group / "cpu.cfs_period_us").write_text(str(_PERIOD_US))
            (group / "cpu.cfs_quota_us").write_text(str(quota_us))
        else:
            (group / "cpu.max").write_text(f"{quota_us} {_PERIOD_US}")
    except OSError as error:
        if group.is_dir():
            group.rmdir()
        pytest.skip(f"this machine lets no test set a quota of CPU time: {error}")

    def limit(pid: int) -> None:
        (group / "cgroup.procs").write_text(str(pid))

    try:
        yield limit
    finally:
        for pid in (group / "cgroup.procs").read_text().split():
            (parent / "cgroup.procs").write_text(pid)
        group.rmdir()
