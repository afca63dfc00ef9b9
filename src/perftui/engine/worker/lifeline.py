"""A worker dies with its runner, also while it is held up where it cannot hear that its input has ended."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

from perftui.engine.fleet.child import PARENT

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Have the kernel end this process when its parent ends; where it cannot, the end of the input has to do.

    Raises:
        SystemExit: the parent is gone already.
    """
    # whoever starts workers says who it is: in a container that may well be the first process of all
    parent = int(os.environ.get(PARENT, "0")) or os.getppid()
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent or (parent == 1 and PARENT not in os.environ):
        sys.exit("the runner is gone")
