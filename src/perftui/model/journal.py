"""The lines of a journal: a header, then intervals, events and error samples, then an end."""

from __future__ import annotations

from perftui.model.interval import ErrorSample, Event, Interval, Line
from perftui.model.plan import Plan
from perftui.model.record import Environment, Status
from perftui.model.search import Search


class Header(Line, frozen=True, kw_only=True, tag_field="type", tag="header"):
    """First line of a journal."""

    id: str
    plan: Plan
    started_at: str
    """UTC, ISO 8601."""
    label: str = ""
    environment: Environment
    rounds_of: str = ""
    round: int = 0
    search: Search | None = None


class End(Line, frozen=True, kw_only=True, tag_field="type", tag="end"):
    """Last line of a journal; a journal without it is unfinished."""

    status: Status
    status_detail: str = ""
    ended_at: str


JournalLine = Header | Interval | Event | ErrorSample | End
