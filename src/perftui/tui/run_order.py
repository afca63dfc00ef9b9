"""Which runs a list shows and in which order. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from perftui.store.index import RunRow

_OUTCOME_ORDER = {"fail": 0, "regression": 0, "warn": 1, "invalid": 2, "none": 2, "pass": 3}
_TRUST_ORDER = {"invalid": 0, "degraded": 1, "valid": 2}
SORTS: dict[str, Callable[[RunRow], tuple[object, ...]]] = {
    "when": lambda run: (run.started_at, run.id),
    "name": lambda run: (run.preset, run.started_at),
    "verdict": lambda run: (_OUTCOME_ORDER[run.outcome], run.started_at),
    "trust": lambda run: (_TRUST_ORDER.get(run.trust, 2), run.started_at),
    "rate": lambda run: (run.rate, run.started_at),
    "p95": lambda run: (run.p95_ms, run.started_at),
    "errors": lambda run: (run.error_rate, run.started_at),
    "target": lambda run: (run.url, run.started_at),
    "label": lambda run: (run.label, run.started_at),
}
"""Sort keys by column."""
LARGEST_FIRST = {"when", "rate", "p95", "errors"}
"""Columns that start with their largest value."""


def filtered(runs: Sequence[RunRow], text: str) -> list[RunRow]:
    """The runs that hold every word of the text, in whatever field."""
    words = text.casefold().split()
    if not words:
        return list(runs)
    return [run for run in runs if all(word in _haystack(run) for word in words)]


def _haystack(run: RunRow) -> str:
    return f"{run.id} {run.label} {run.preset} {run.url} {run.status} {run.outcome} {run.trust}".casefold()


def ordered(runs: Sequence[RunRow], column: str, *, descending: bool) -> list[RunRow]:
    """The runs sorted by a column; equal ones by their start."""
    return sorted(runs, key=SORTS[column], reverse=descending)
