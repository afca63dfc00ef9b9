"""Everything a run command was asked for."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct

from perftui.cli.outputs import Output
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
    outputs: tuple[Output, ...] = (Output("text"),)
    warn_only: bool = False
    strict: bool = False
    otlp: str = ""
    """Where what was measured is pushed; empty: nowhere."""
    mouse: bool = True
    is_new: bool = False
    """A URL alone: no preset has this plan yet."""

    @property
    def in_full(self) -> bool:
        """Whether the result needs every second of its runs."""
        from perftui.report.formats import FORMATS

        in_full = any(FORMATS[output.style].needs_seconds for output in self.outputs)
        return bool(self.baseline) or self.rounds > 1 or in_full

    @property
    def prints_data(self) -> bool:
        """Whether a document that is no text goes to stdout: no screen may be there."""
        return any(output.path is None and output.style != "text" for output in self.outputs)

    def request(self, rounds_of: str = "", number: int = 0, *, baseline: Path | None = None) -> RunRequest:
        """The request of one run; several rounds are compared together, at their end."""
        return RunRequest(
            baseline=str(baseline) if baseline is not None and not rounds_of else "",
            threshold=self.threshold,
            plan=self.plan,
            label=self.label,
            confirm_host=self.confirm_host,
            rounds_of=rounds_of,
            round=number,
        )
