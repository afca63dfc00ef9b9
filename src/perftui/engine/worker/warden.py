"""Who ends what functions of the user's have started, when nobody else is left to do so.

The kernel ends a worker whose runner is killed, but not the programs that a function has started and left: they are of
the worker's group, and only somebody outside of it can end them then.
"""

from __future__ import annotations

import os
import subprocess

_SCRIPT = 'read _; kill -9 "-$1"'
"""Waits for the end of the worker's end of a pipe: nobody ever writes."""


class Warden:
    """A small process that waits for the worker's end. What starts a session of its own is let alone."""

    def __init__(self) -> None:
        """Start it for this process, which leads its group.

        Raises:
            OSError: there is no shell, or no room for a process.
        """
        self._process = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "perftui-warden", str(os.getpid())],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip

    def close(self) -> None:
        """The worker ends by itself: whoever started it ends its group."""
        self._process.kill()
        self._process.communicate()
