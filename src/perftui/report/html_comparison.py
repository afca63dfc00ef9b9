"""A comparison as parts of a page: verdict, table, reasons, both runs in one figure each."""

from __future__ import annotations

from html import escape

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
from perftui.report.html_parts import bullets, head, section, table, tag
from perftui.report.html_plots import comparison_plots
from perftui.report.words import MISSING
from perftui.store.loading import LoadedRun

_CHANGE_TONES: dict[ComparisonVerdict, str] = {
    "regression": "bad",
    "improvement": "good",
    "no_difference": "",
    "inconclusive": "warn",
    "not_comparable": "bad",
}


def comparison_parts(comparison: Comparison, sides: tuple[LoadedRun, LoadedRun] | None) -> list[str]:
    """The parts, top to bottom. With a baseline and a run as `sides`, both are drawn."""
    rows = [
        [
            escape(metric_name(change)),
            escape(value_text(change.baseline, change.unit)),
            escape(value_text(change.run, change.unit)),
            change_text(change.change, change.unit),
            interval_text(change),
            _change_verdict(change),
        ]
        for change in comparison.metrics
    ]
    titles = ["metric", "baseline", "run", "change", "interval", "verdict"]
    return [
        head(
            f"{VERDICT_MARKS[comparison.verdict]} {VERDICT_WORDS[comparison.verdict]}",
            escape(f"baseline {side_text(comparison.baseline_id, comparison.baseline_label)}"),
            escape(f"run {side_text(comparison.run_id, comparison.run_label)}"),
        ),
        bullets([*comparison.reasons, *comparison.notes]),
        table(titles, rows, words=1),
        f"<p class='quiet'>{escape(basis_text(comparison))}</p>" if rows else "",
        bullets([f"{names}: {reason}" for names, reason in reasons_by_text(comparison.metrics)]),
        *(comparison_plots(*sides) if sides else []),
        section("What else differs", bullets(comparison.differences)),
    ]


def _change_verdict(change: MetricChange) -> str:
    if not change.gated and verdict_text(change) == MISSING:
        return MISSING
    word = tag(f"{VERDICT_MARKS[change.verdict]} {VERDICT_WORDS[change.verdict]}", _CHANGE_TONES[change.verdict])
    return word if change.gated else f"{word} (not counted)"
