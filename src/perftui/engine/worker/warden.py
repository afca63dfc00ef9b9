"""Who ends what functions of the user's have started, when nobody else is left to do so.

A worker whose runner is killed is ended by the kernel, or ends when it sees that, but not the programs that a function
has started and left: they are of the worker's group, and only somebody outside of it can end them then.
"""

from __future__ import annotations

import os
import subprocess

from perftui.engine.clients.copies import COPIES

_SCRIPT = 'read _; kill -9 "-$1"'
"""Waits for the end of the worker's end of a pipe: nobody ever writes."""


def set_warden() -> subprocess.Popen[bytes]:
    """Start one for this process, which leads its group. What starts a session of its own is let alone.

    Raises:
        OSError: there is no shell, or no room for a process.
    """
    its_end, ours = os.pipe()
    try:
        warden = subprocess.Popen(
            ["/bin/sh", "-c", _SCRIPT, "perftui-warden", str(os.getpid())],
            stdin=its_end, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
    except OSError:
        os.close(ours)  # else it stays open until this process has ended, in whichever way
        raise
    finally:
        os.close(its_end)
    COPIES.silence(ours)  # the end of this process is what counts, not that of its copies
    return warden
