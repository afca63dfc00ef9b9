"""A process that asks for short turns gets them, and nothing else changes."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

from perftui.engine.worker.priority import SLICE_NS

_ASK = """
import ctypes, os, struct
from perftui.engine.worker.priority import ask_for_short_turns
call, held = ctypes.CDLL(None).syscall, ctypes.create_string_buffer(48)
call({number}, 0, held, 48, 0)
allowed = call({number} - 1, 0, held, 0) == 0  # a sandbox may forbid it
noted = ask_for_short_turns()
call({number}, 0, held, 48, 0)
slice_ns = struct.unpack("=IIQiIQQQ", held.raw)[5]
print(allowed, noted, slice_ns, os.getpriority(os.PRIO_PROCESS, 0), os.sched_getscheduler(0))
"""
_SCHED_GETATTR = {"x86_64": 315, "aarch64": 275}


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or platform.machine() not in _SCHED_GETATTR,
    reason="the kernel has no such call",
)
def test_short_turns_are_asked_for_at_the_same_priority() -> None:
    script = _ASK.format(number=_SCHED_GETATTR[platform.machine()])
    said = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=30).stdout
    allowed, noted, slice_ns, nice, policy = said.split()
    assert noted == allowed
    assert (int(nice), int(policy)) == (os.getpriority(os.PRIO_PROCESS, 0), os.SCHED_OTHER)
    release = tuple(int(part) for part in platform.release().split("-")[0].split(".")[:2])
    if noted == "True" and release >= (6, 12):
        assert int(slice_ns) == SLICE_NS
