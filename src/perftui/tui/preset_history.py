"""How a preset's runs went lately: p95 as a line of blocks, and its change against the baseline. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct
from textual.content import Content

from perftui.model.units import format_ms
from perftui.tui.marks import quiet
from perftui.tui.sources import SavedRuns
from perftui.tui.widgets.trend import trend

if TYPE_CHECKING:
    from perftui.store.index import RunRow

MOST = 8
"""Newest runs that are drawn."""
_ALIKE = 0.05


class History(Struct, frozen=True, kw_only=True):
    """The newest finished runs of one preset against one target, oldest first."""

    p95_ms: tuple[float, ...]
    baseline_ms: float = 0.0
    """0: no baseline is set."""

    @property
    def line(self) -> str:
        """The times as blocks."""
        return trend(self.p95_ms, len(self.p95_ms))

    @property
    def change(self) -> Content:
        """The newest against the baseline."""
        if not self.baseline_ms or not self.p95_ms:
            return Content("")
        change = self.p95_ms[-1] / self.baseline_ms - 1
        style = "$quiet" if abs(change) < _ALIKE else "$warning" if change > 0 else "$success"
        return Content.styled(f"{change * 100:+,.0f} %", style)

    def sentence(self, preset: str) -> Content:
        """All of it in a line."""
        count = len(self.p95_ms)
        first = quiet(f"p95 of {preset}, {count} run{'s' * (count != 1)}  ") + Content.styled(self.line, "$series-1")
        newest = Content(f"  {format_ms(self.p95_ms[-1])} ms  ")
        return first + newest + (self.change + quiet(" against the baseline") if self.baseline_ms else Content(""))


def histories(saved: SavedRuns) -> Mapping[tuple[str, str], History]:
    """By preset and target."""
    found: dict[tuple[str, str], list[RunRow]] = {}
    for row in saved.rows:
        if row.status == "finished" and row.p95_ms and row.trust != "invalid":
            found.setdefault((row.preset, row.url), []).append(row)
    return {key: _history(rows, saved) for key, rows in found.items()}


def newest_by_preset(saved: SavedRuns) -> Mapping[str, History]:
    """The history of each preset against the target that it was run against last."""
    known = histories(saved)
    found: dict[str, History] = {}
    for row in saved.rows:
        history = known.get((row.preset, row.url))
        if history is not None:
            found.setdefault(row.preset, history)
    return found


def _history(rows: Sequence[RunRow], saved: SavedRuns) -> History:
    baseline = next((row.p95_ms for row in rows if row.id in saved.baselines), 0.0)
    return History(p95_ms=tuple(row.p95_ms for row in reversed(rows[:MOST])), baseline_ms=baseline)
