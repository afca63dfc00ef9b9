"""Completes a run whose runner ended before it could: from its journal, which is never rewritten."""

from __future__ import annotations

from pathlib import Path

from perftui.analysis.record import complete_record
from perftui.metrics.timeline import Timeline
from perftui.model.errors import UsageError
from perftui.model.journal import End, Header
from perftui.model.record import Record
from perftui.model.text import safe_text
from perftui.store.journal import JournalFollower
from perftui.store.liveness import is_live
from perftui.store.records import write_record


def recover(folder: Path) -> Record:
    """Write the run.toml that a journal implies. A second recovery gives the same record.

    Raises:
        UsageError: the run is still going on, or its journal has no beginning.
    """
    shown = safe_text(folder.name)
    if is_live(folder):
        raise UsageError(f"{shown}: is still running; watch it with `perftui watch {shown}`")
    follower = JournalFollower(folder)
    header: Header | None = None
    end: End | None = None
    timeline = Timeline()
    for line in follower.lines():
        if isinstance(line, Header):
            header = header or line
        elif isinstance(line, End):
            end = line
        timeline.add(line)
    if header is None:
        raise UsageError(f"{shown}: its journal has no first line; there is nothing to recover, delete the run")
    record = complete_record(header, timeline, end)
    try:
        write_record(folder, record)
    except OSError as error:
        raise UsageError(f"{folder}: the record cannot be written: {error.strerror}") from error
    return record


def is_unfinished(folder: Path, record: Record | None) -> bool:
    """Whether a run needs recovery: no record, or one that still says `running` without a runner."""
    return (record is None or record.status == "running") and not is_live(folder)
