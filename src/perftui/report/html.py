"""Runs and comparisons as one HTML file: no network, figures as inline SVG, for paper and without its script, too."""

from __future__ import annotations

from collections.abc import Sequence

from perftui.model.comparison import Comparison
from perftui.report.html_comparison import comparison_page
from perftui.report.html_parts import render_page
from perftui.report.html_run import run_page
from perftui.store.loading import LoadedRun


def html(
    runs: Sequence[LoadedRun], comparison: Comparison | None = None, sides: tuple[LoadedRun, LoadedRun] | None = None
) -> str:
    """One page with the comparison first, where there is one, and each run whole.

    Args:
        runs: Shown whole; none for a page of the comparison only.
        comparison: Baseline against run.
        sides: A baseline and a run whose curves are drawn into the same figures.
    """
    ids = [run.record.id for run in runs]
    if comparison is not None and not runs:
        ids = [comparison.baseline_id, comparison.run_id]
    return render_page(
        f"perftui {', '.join(ids)}",
        comparison=comparison_page(comparison, sides) if comparison is not None else None,
        runs=[run_page(run) for run in runs],
    )
