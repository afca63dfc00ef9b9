"""A worker that is started ahead: before it is known what it shall do, as soon as it is likely that one is needed.

Of all that happens between a command and its first request, a worker's start takes longest: the command line is read,
the preset checked and the target asked in the meantime.
"""

from __future__ import annotations

from perftui.engine.fleet.child import WORKER, Child

_ahead: list[Child] = []


def start_worker() -> None:
    """Start one. Whoever does so drops it at the end, taken or not."""
    _ahead.append(Child(WORKER))


def take_worker() -> Child | None:
    """The one that was started, once."""
    return _ahead.pop() if _ahead else None


def drop_worker() -> None:
    """End the one that nobody took."""
    while _ahead:
        _ahead.pop().drop()
