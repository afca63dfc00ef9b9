"""Where everything that happens in a run goes: to the journal, into the sums, and to whoever follows."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from perftui.metrics.timeline import Timeline
from perftui.model.interval import Event, EventKind
from perftui.model.journal import JournalLine
from perftui.model.text import safe_text
from perftui.store.journal_writer import JournalWriter

NS = 1_000_000_000
_MOST_CHARACTERS = 2_000


class RunLog:
    """Takes lines."""

    def __init__(
        self,
        writer: JournalWriter,
        timeline: Timeline,
        *,
        scrub: Callable[[str], str],
        on_line: Callable[[JournalLine], None] | None,
    ) -> None:
        """Write to a journal.

        Args:
            writer: of the journal.
            timeline: takes every line that is written.
            scrub: blanks secrets out of text.
            on_line: called with every line that is written.
        """
        self._writer = writer
        self._scrub = scrub
        self._on_line = on_line
        self._had_problem = False
        self._folder = writer.folder
        self.timeline = timeline
        """Every line so far; bounded memory, constant work per second."""
        self.origin_ns = 0
        """First intended time, on perf_counter_ns; 0 before the begin."""

    def at_s(self, moment_ns: int) -> float:
        """Seconds since the origin; 0 before it."""
        return max(0.0, (moment_ns - self.origin_ns) / NS) if self.origin_ns else 0.0

    def write(self, line: JournalLine) -> None:
        """Append to the journal, add it up and show it."""
        self._writer.append(line)
        self.timeline.add(line)
        self.show(line)

    def event(self, kind: EventKind, detail: str = "", origin: str = "", level: float | None = None) -> None:
        """Something happened just now."""
        at_s = round(self.at_s(time.perf_counter_ns()), 3)
        self.write(
            Event(
                at_s=at_s,
                kind=kind,
                detail=safe_text(self._scrub(detail), _MOST_CHARACTERS),
                origin=origin,
                level=level,
            )
        )

    def note(self, detail: str) -> None:
        """Something worth knowing."""
        self.event("note", detail, "runner")

    def phase(self, at_s: float, phase: str) -> None:
        """A phase began; what was before it is on the disk from now on."""
        self.write(Event(at_s=at_s, kind="phase", detail=phase))
        self._writer.sync()

    def note_disk(self) -> None:
        """Say when the disk begins to refuse the journal."""
        problem = self._writer.problem
        if problem is not None and not self._had_problem:
            self.event("disk", problem)
        self._had_problem = problem is not None
        if self._writer.folder != self._folder:
            self._folder = self._writer.folder
            self.event("disk", f"the run's folder was removed or replaced; it goes on in {self._folder}")

    def show(self, line: JournalLine) -> None:
        """Tell whoever follows in this process; one whose terminal or pipe is gone is not told any more."""
        if self._on_line is None:
            return
        try:
            self._on_line(line)
        except OSError:
            self._on_line = None


def now_text() -> str:
    """The present as it is stored: UTC, ISO 8601, milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")
