"""What one command did, runs and their comparison, as one document of each format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from perftui.model.comparison import Comparison
from perftui.model.errors import UsageError
from perftui.report.formats import OF_COMPARISONS
from perftui.store.loading import LoadedRun


def result(
    runs: Sequence[LoadedRun],
    comparison: Comparison | None,
    style: str,
    *,
    outcome: dict[str, Any] | None = None,
    baseline: Sequence[LoadedRun] = (),
) -> str:
    """The result in one of OF_COMPARISONS. CSV holds the summaries; the comparison has a CSV of its own.

    Args:
        runs: At least one; several are rounds.
        comparison: With the baseline, where there is one.
        style: The format.
        outcome: Exit code and reasons, for JSON.
        baseline: The other side of the comparison, for the figures of HTML.

    Raises:
        UsageError: there is no such format.
    """
    match style:
        case "text":
            return _text(runs, comparison)
        case "json":
            from perftui.report.json_export import dump, run_document

            return dump(_document([run_document(run) for run in runs], runs, comparison, outcome))
        case "toml":
            return _toml(runs, comparison)
        case "csv":
            from perftui.report.csv_export import summary_csv

            return summary_csv(runs)
        case "md":
            return _markdown(runs, comparison)
        case "html":
            from perftui.report.html import html

            return html(runs, comparison, (baseline[0], runs[0]) if baseline else None)
        case "junit":
            from perftui.report.junit import junit

            return junit(runs, comparison)
        case _:
            raise UsageError(f"{style!r} is no format; there are {', '.join(OF_COMPARISONS)}")


def _text(runs: Sequence[LoadedRun], comparison: Comparison | None) -> str:
    from perftui.report.comparison import comparison_text
    from perftui.report.rounds import rounds_text
    from perftui.report.text import summary_text

    parts = [f"{summary_text(run.record, run.error_samples)}\n{run.where}\n" for run in runs]
    if len(runs) > 1:
        parts.append(rounds_text(runs))
    if comparison is not None:
        parts.append(comparison_text(comparison))
    return "\n".join(parts)


def _markdown(runs: Sequence[LoadedRun], comparison: Comparison | None) -> str:
    from perftui.report.markdown import comparison_markdown, run_markdown

    parts = [comparison_markdown(comparison)] if comparison is not None else []
    return "\n".join([*parts, *(run_markdown(run) for run in runs)])


def _toml(runs: Sequence[LoadedRun], comparison: Comparison | None) -> str:
    from perftui.store.records import record_document, to_toml

    return to_toml(_document([record_document(run.record) for run in runs], runs, comparison, None))


def _document(
    documents: list[dict[str, Any]],
    runs: Sequence[LoadedRun],
    comparison: Comparison | None,
    outcome: dict[str, Any] | None,
) -> dict[str, Any]:
    """One run as itself, several as rounds with their spread; then the comparison and the outcome."""
    whole = documents[0]
    if len(documents) > 1:
        from perftui.analysis.rounds import rounds_of

        whole = {"schema": 1, "kind": "rounds", "spread": msgspec.to_builtins(rounds_of(runs)), "rounds": documents}
    if comparison is not None:
        whole["comparison"] = msgspec.to_builtins(comparison)
    if outcome is not None:
        whole["outcome"] = outcome
    return whole
