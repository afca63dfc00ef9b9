"""Runs a worker promptly when others want its core, too: the screen, the runner, a target on the same machine.

Linux lets a task that wakes up wait for the one that runs, for 3 or 4 ms: on two cores that is most of what makes
requests late. From 6.12 on, a task may ask for shorter turns and is then let in at once; it gets no more of the
processor for it. Older kernels do not mind the wish, other systems have no such call.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
import sys

SLICE_NS = 100_000
"""The shortest turn that the kernel gives."""
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}
_ATTRIBUTES = struct.Struct("=IIQiIQQQ")
"""sched_attr of sched_setattr(2): size, policy, flags, nice, priority, runtime, deadline, period."""


def ask_for_short_turns() -> bool:
    """Ask the kernel to let this process in as soon as it wakes up; whether it took note."""
    number = _SCHED_SETATTR.get(platform.machine())
    if not sys.platform.startswith("linux") or number is None:
        return False
    nice = os.getpriority(os.PRIO_PROCESS, 0)
    wish = _ATTRIBUTES.pack(_ATTRIBUTES.size, os.SCHED_OTHER, 0, nice, 0, SLICE_NS, 0, 0)
    return bool(ctypes.CDLL(None).syscall(number, 0, wish, 0) == 0)
