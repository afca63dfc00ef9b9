"""`perftui compare`: two runs side by side, with a verdict."""

from __future__ import annotations

from pathlib import Path

import click

from perftui.cli.options import SHARE, strict_option, warn_only_option
from perftui.cli.outputs import Output, outputs_options, write_outputs
from perftui.cli.patient import PatientCommand
from perftui.cli.references import RUN
from perftui.report.formats import OF_COMPARISONS


@click.command(cls=PatientCommand, short_help="Two runs side by side, with a verdict.")
@click.argument("baseline", type=RUN, required=False)
@click.argument("run", type=RUN, required=False)
@click.option("--threshold", type=SHARE, default=0.2, help="Change that counts as a regression.  [default: 20%]")
@click.option("--force", is_flag=True, help="Compare also what is not comparable; the report says so.")
@outputs_options(*OF_COMPARISONS)
@warn_only_option
@strict_option
def compare(
    *,
    baseline: str | None,
    run: str | None,
    threshold: float,
    force: bool,
    outputs: tuple[Output, ...],
    warn_only: bool,
    strict: bool,
) -> int:
    """Compare RUN with BASELINE: ids, prefixes, `latest`, folders, exported files, or results of other tools.

    RUN is the newest one that has ended by default; BASELINE its chosen baseline, else the run before it of the same
    preset and target.

    Exit codes: 0 fine, 10 regression, 11 inconclusive with --strict, 12 not comparable.
    """
    from perftui.analysis.saved_runs import compare_saved, counterpart, sides
    from perftui.cli.ci import tell_ci
    from perftui.cli.outcome import announce, comparison_reasons, decide
    from perftui.cli.results import open_side
    from perftui.report.formats import render
    from perftui.store.library import RunLibrary

    newest = str(RunLibrary().newest_ended()) if run is None else run
    chosen = str(counterpart(Path(newest))) if baseline is None else baseline
    before, after = sides(open_side(chosen), open_side(newest))
    comparison = compare_saved(before, after, threshold=threshold, force=force)
    write_outputs(outputs, lambda style: render(comparison, style, (before[0], after[0])))
    outcome = decide(comparison_reasons(comparison, strict=strict), warn_only=warn_only)
    tell_ci([], comparison, outcome, lambda: render(comparison, "md"))
    return announce(outcome)
