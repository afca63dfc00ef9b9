"""What the system allows a worker: as many open files as it may have, whatever its runner was started with."""

from __future__ import annotations

import resource
from contextlib import suppress


def allow_open_files() -> None:
    """Raise the limit of open files as far as it goes. Whether that is enough for the plan, the runner has looked."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(OSError, ValueError):  # macOS allows less than its own hard limit
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
