"""Runs and comparisons as the output of a command: which runs are meant, and their text in every format."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from perftui.cli.outcome import Outcome
from perftui.model.comparison import Comparison
from perftui.model.errors import UsageError
from perftui.model.plan import Plan
from perftui.store.library import RunLibrary
from perftui.store.loading import LoadedRun, load_run

CHOSEN = "chosen"
"""As a reference: the baseline that `perftui baseline set` chose for the preset and target."""


def load_rounds(reference: str) -> list[LoadedRun]:
    """The run behind a reference, with the other rounds of the same command.

    Raises:
        UsageError: there is no such run, or one of its rounds is damaged.
    """
    first = load_run(reference)
    group = first.record.rounds_of
    if not group or not first.path.is_dir():
        return [first]
    rows = [row for row in RunLibrary(first.path.absolute().parent).list() if row.rounds_of == group]
    runs = [first if row.id == first.record.id else load_run(str(row.path)) for row in rows]
    return sorted(runs, key=lambda run: run.record.round)


def chosen_baseline(reference: str, plan: Plan) -> list[LoadedRun]:
    """The baseline of a run, its rounds included; empty when none was asked for.

    Raises:
        UsageError: it does not exist, or none was chosen.
    """
    if not reference:
        return []
    if reference == CHOSEN:
        from perftui.store.baselines import get_baseline

        found = get_baseline(plan)
        if found is None:
            raise UsageError(
                f"--baseline {CHOSEN}: no baseline is set for {plan.name} at {plan.target.url}; "
                "set one with `perftui baseline set RUN`"
            )
        reference = found
    return load_rounds(reference)


def compare_runs(
    baseline: Sequence[LoadedRun], runs: Sequence[LoadedRun], threshold: float, *, force: bool = False
) -> Comparison:
    """The comparison of two sets of rounds."""
    from perftui.analysis.comparison import compare

    return compare(baseline, runs, threshold=threshold, force=force)


def result_text(
    runs: Sequence[LoadedRun], comparison: Comparison | None, style: str, outcome: Outcome | None = None
) -> str:
    """The result of a run command in one format.

    Raises:
        UsageError: the format holds one run, and there are several.
    """
    from perftui.report.comparison import render
    from perftui.report.export import export

    if style == "text":
        return _text(runs, comparison)
    if style == "json":
        return _json(runs, comparison, outcome)
    if style == "toml" and len(runs) > 1:
        raise UsageError("TOML holds one run; with --rounds, use --format json")
    parts = [export(run, style) for run in runs]
    if comparison is not None and style in {"md", "html", "csv", "junit"}:
        parts.append(render(comparison, style))
    return "\n".join(parts)


def _text(runs: Sequence[LoadedRun], comparison: Comparison | None) -> str:
    from perftui.report.comparison import render
    from perftui.report.rounds import rounds_text
    from perftui.report.text import summary_text

    parts = [f"{summary_text(run.record)}\nSaved: {run.path}\n" for run in runs]
    if len(runs) > 1:
        parts.append(rounds_text([run.record for run in runs]))
    if comparison is not None:
        parts.append(render(comparison, "text"))
    return "\n".join(parts)


def _json(runs: Sequence[LoadedRun], comparison: Comparison | None, outcome: Outcome | None) -> str:
    from perftui.report.json_export import dump, run_document

    documents = [run_document(run) for run in runs]
    whole: dict[str, Any] = documents[0] if len(runs) == 1 else {"schema": 1, "kind": "rounds", "rounds": documents}
    if comparison is not None:
        whole["comparison"] = msgspec.to_builtins(comparison)
    if outcome is not None:
        whole["outcome"] = {
            "exit_code": outcome.code,
            "would_exit": outcome.would_be,
            "blocking": outcome.code != 0,
            "reasons": [reason.text for reason in outcome.reasons],
        }
    return dump(whole)
