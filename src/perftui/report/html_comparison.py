"""What the page of a comparison shows: verdict, table, reasons, both runs in one figure each."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from perftui.model.comparison import Comparison, ComparisonVerdict, MetricChange
from perftui.report.comparison import (
    VERDICT_MARKS,
    VERDICT_WORDS,
    basis_text,
    change_text,
    interval_text,
    metric_name,
    reasons_by_text,
    side_text,
    value_text,
    verdict_text,
)
from perftui.report.html_parts import Cell, Table, Tag
from perftui.report.html_plots import comparison_figures
from perftui.report.svg import Figure
from perftui.report.words import MISSING
from perftui.store.loading import LoadedRun

_CHANGE_TONES: dict[ComparisonVerdict, str] = {
    "regression": "bad",
    "improvement": "good",
    "no_difference": "",
    "inconclusive": "warn",
    "not_comparable": "bad",
}


class ComparisonPage(Struct, frozen=True, kw_only=True):
    """What the template of a comparison shows, top to bottom."""

    title: str
    baseline: str
    run: str
    reasons: Sequence[str]
    table: Table
    basis: str
    notes: Sequence[str]
    plots: Sequence[Figure]
    differences: Sequence[str]


def comparison_page(comparison: Comparison, sides: tuple[LoadedRun, LoadedRun] | None) -> ComparisonPage:
    """The page of a comparison. With a baseline and a run as `sides`, both are drawn."""
    rows: list[list[Cell]] = [
        [
            metric_name(change),
            value_text(change.baseline, change.unit),
            value_text(change.run, change.unit),
            change_text(change.change, change.unit),
            interval_text(change),
            _change_verdict(change),
        ]
        for change in comparison.metrics
    ]
    titles = ["metric", "baseline", "run", "change", "interval", "verdict"]
    return ComparisonPage(
        title=f"{VERDICT_MARKS[comparison.verdict]} {VERDICT_WORDS[comparison.verdict]}",
        baseline=f"baseline {side_text(comparison.baseline_id, comparison.baseline_label)}",
        run=f"run {side_text(comparison.run_id, comparison.run_label)}",
        reasons=(*comparison.reasons, *comparison.notes),
        table=Table(titles=titles, rows=rows, words=1),
        basis=basis_text(comparison) if rows else "",
        notes=[f"{names}: {reason}" for names, reason in reasons_by_text(comparison.metrics)],
        plots=comparison_figures(*sides) if sides else (),
        differences=comparison.differences,
    )


def _change_verdict(change: MetricChange) -> Cell:
    if not change.gated and verdict_text(change) == MISSING:
        return MISSING
    word = f"{VERDICT_MARKS[change.verdict]} {VERDICT_WORDS[change.verdict]}"
    return Tag(word, _CHANGE_TONES[change.verdict], "" if change.gated else "(not counted)")
