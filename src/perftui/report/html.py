"""Runs and comparisons as one HTML file: no network, no script, plots as inline SVG, prints on paper."""

from __future__ import annotations

from collections.abc import Sequence

from perftui.model.comparison import Comparison
from perftui.report.html_comparison import comparison_parts
from perftui.report.html_parts import page
from perftui.report.html_run import run_parts
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
    body = comparison_parts(comparison, sides) if comparison is not None else []
    ids = [run.record.id for run in runs]
    if comparison is not None and not runs:
        ids = [comparison.baseline_id, comparison.run_id]
    for run in runs:
        body += run_parts(run)
    return page(f"perftui {', '.join(ids)}", body)
