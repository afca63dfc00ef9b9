"""Everything a run command was asked for."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from perftui.engine.runner.request import RunRequest
from perftui.model.plan import Plan


class Wanted(Struct, frozen=True, kw_only=True):
    """A plan, and what is to become of its run."""

    plan: Plan
    label: str = ""
    confirm_host: str = ""
    baseline: str = ""
    threshold: float = 0.2
    rounds: int = 1
    style: str = "text"
    output: Path | None = None
    warn_only: bool = False
    strict: bool = False
    mouse: bool = True

    @property
    def in_full(self) -> bool:
        """Whether the result needs every second of its runs."""
        from perftui.report.export import EVERY_SECOND

        return bool(self.baseline) or self.rounds > 1 or self.style in EVERY_SECOND

    def request(self, rounds_of: str = "", number: int = 0) -> RunRequest:
        """The request of one run."""
        return RunRequest(
            plan=self.plan,
            label=self.label,
            confirm_host=self.confirm_host,
            rounds_of=rounds_of,
            round=number,
        )
