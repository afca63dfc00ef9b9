"""The sampler against a real process that works, and against control groups made of files."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from perftui.metrics.host import HostSampler
from perftui.metrics.host_kernel import Throttling, throttling
from perftui.metrics.spread import SpreadOf
from perftui.metrics.target_process import Sought, TargetTree
from support.waiting import wait_until

BUSY = "b = bytearray(40_000_000)\nwhile True: pass"


def test_a_busy_target_is_seen_until_it_ends() -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY], stdin=subprocess.DEVNULL) as target:
        try:
            process = psutil.Process(target.pid)
            wait_until(lambda: process.memory_info().rss > 40_000_000, 30, "the target's memory")
            sampler = HostSampler(TargetTree(Sought("pid", str(target.pid))))
            time.sleep(0.5)
            sample = sampler.sample()
            assert sample.target_cpu_percent is not None
            assert sample.target_cpu_percent > 2  # of a core that others may want as well
            assert (sample.target_memory_bytes or 0) > 40_000_000
            assert 0 < sample.cpu_percent <= 100
            assert sample.cpu_percent <= sample.cpu_max_core_percent <= 100
            assert 0 < sample.memory_percent < 100
            assert sample.suspended_s == 0
        finally:
            target.kill()
        wait_until(lambda: process.status() == psutil.STATUS_ZOMBIE, 30, "its end")  # nobody has waited for it yet
        after = sampler.sample()
        assert after.target_memory_bytes is None
        assert after.target_cpu_percent is None


def test_a_target_that_is_not_there_is_not_sampled() -> None:
    sample = HostSampler(TargetTree(Sought("pid", str(2**22 + 12345)))).sample()
    assert sample.target_cpu_percent is None
    assert sample.target_memory_bytes is None


STAT = "usage_usec 5\nnr_periods 40\nnr_throttled 7\nthrottled_usec 9\n"


@pytest.mark.parametrize(
    ("membership", "place"),
    [
        ("0::/user.slice/run-1\n", "user.slice/run-1/cpu.stat"),
        ("0::/hidden/by/a/namespace\n", "cpu.stat"),
        ("5:memory:/x\n4:cpu,cpuacct:/docker/7\n", "cpu/docker/7/cpu.stat"),
    ],
)
def test_throttling_is_read_from_either_version(tmp_path: Path, membership: str, place: str) -> None:
    (tmp_path / "membership").write_text(membership)
    stat = tmp_path / "root" / place
    stat.parent.mkdir(parents=True)
    stat.write_text(STAT)
    assert throttling(tmp_path / "root", tmp_path / "membership") == Throttling(40, 7)


def test_no_control_group_means_no_throttling(tmp_path: Path) -> None:
    assert throttling(tmp_path, tmp_path / "nothing") == Throttling()
    (tmp_path / "membership").write_text("0::/\n")
    assert throttling(tmp_path, tmp_path / "membership") == Throttling()
    (tmp_path / "cpu.stat").write_text("nr_periods many\n")
    assert throttling(tmp_path, tmp_path / "membership") == Throttling()


def test_a_spread_of_a_day_stays_small() -> None:
    spread = SpreadOf()
    for second in range(86_400):
        spread.add(float(second % 100))
    assert spread.count == 86_400
    assert spread.spread.mean == pytest.approx(49.5)
    assert spread.spread.max == 99
    assert spread.spread.p95 == pytest.approx(94, abs=2)
    assert len(spread._kept) <= 2048
