"""Follows a run's journal and keeps what it says ready to be looked at. Knows no screen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from perftui.metrics.timeline import Timeline
from perftui.model.interval import Event, EventKind
from perftui.store.journal import JournalFollower
from perftui.store.liveness import is_live


class RunFollower:
    """A run that is read as it grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.timeline = Timeline()
        self._journal = JournalFollower(path)
        self._stale_polls = 0

    def poll(self) -> bool:
        """Read what is new; whether there was anything.

        Raises:
            UsageError: the journal cannot be read, or is of a newer format.
        """
        changed = False
        for line in self._journal.lines():
            self.timeline.add(line)
            changed = True
        self._stale_polls = 0 if changed else self._stale_polls + 1
        return changed

    @property
    def problem(self) -> str:
        """Why the journal cannot be read further; empty while all is well."""
        return self._journal.problem or ""

    @property
    def ended(self) -> bool:
        """Whether the journal has its last line."""
        return self.timeline.end is not None

    @property
    def paused(self) -> bool:
        """Whether the load is paused: by its events, which come before the interval that shows it."""
        return next((event.kind == "pause" for event in self._newest("pause", "resume")), False)

    @property
    def level(self) -> float:
        """The level the load has, or goes on with after a pause; 0 before the first interval."""
        intervals = reversed(self.timeline.intervals)
        steady = next((interval for interval in intervals if not interval.paused), None)
        since_s = steady.at_s + steady.duration_s if steady else 0.0
        asked = next((event.level for event in self._newest("level") if event.at_s > since_s), None)
        return asked if asked is not None else steady.level if steady else 0.0

    def _newest(self, *kinds: EventKind) -> Iterator[Event]:
        return (event for event in reversed(self.timeline.events) if event.kind in kinds)

    def lost(self) -> bool:
        """Whether the run's process is gone without having written an end."""
        return not self.ended and self._stale_polls > 2 and not is_live(self.path)
