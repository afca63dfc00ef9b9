"""A worker dies with its runner, also while it is held up where it cannot hear that its input has ended."""

from __future__ import annotations

import os
import sys

from perftui.engine.clients.copies import die_with_parent
from perftui.engine.fleet.child import PARENT


def die_with_runner() -> None:
    """Have the kernel end this process when its parent ends; where it cannot, the end of the input has to do.

    Raises:
        SystemExit: the parent is gone already.
    """
    # whoever starts workers says who it is: in a container that may well be the first process of all
    parent = int(os.environ.get(PARENT, "0")) or os.getppid()
    die_with_parent()
    if os.getppid() != parent or (parent == 1 and PARENT not in os.environ):
        sys.exit("the runner is gone")
