"""Whether a run's runner is alive: it holds a lock on the journal, which the system drops with its process."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

from perftui.store.journal import journal_path


def hold_lock(descriptor: int) -> None:
    """Mark the run of an open journal as live until the descriptor is closed, or its process dies."""
    # some network file systems know no locks: their runs are never seen as live, and work otherwise
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def is_live(folder: Path) -> bool:
    """Whether a runner writes this run right now."""
    try:
        descriptor = os.open(journal_path(folder), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False
