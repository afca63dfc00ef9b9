"""What a runner is asked to do."""

from __future__ import annotations

from msgspec import Struct

from perftui.model.plan import Plan
from perftui.model.search import Search


class RunRequest(Struct, frozen=True, kw_only=True):
    """One run, as asked for by the command line or the app."""

    plan: Plan
    """Secrets as placeholders: they are resolved by the runner, in memory."""
    label: str = ""
    confirm_host: str = ""
    """The host's name as typed by the user, for the guard."""
    baseline: str = ""
    """Path of a run to compare with at the end; empty: none. A regression becomes a finding."""
    threshold: float = 0.2
    rounds_of: str = ""
    round: int = 0
    search: Search | None = None
    """The search that this run confirms."""
