"""What follows a run: comparison, output, exit code."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from perftui.analysis.regressions import with_regression
from perftui.cli.failures import tell
from perftui.cli.outcome import Outcome, Reason, announce, comparison_reasons, decide, run_reasons
from perftui.cli.output import write_output
from perftui.cli.results import open_run
from perftui.cli.wanted import Wanted
from perftui.model.comparison import Comparison
from perftui.model.errors import ExitCode
from perftui.report.comparison import render
from perftui.report.result import result
from perftui.store.loading import LoadedRun


def finish(wanted: Wanted, runs: list[LoadedRun], baseline: list[LoadedRun], *, interrupted: bool = False) -> int:
    """Compare, print or write the result, and say the exit code."""
    comparison = _compared(wanted, runs, baseline)
    runs = [replace(run, record=with_regression(run.record, comparison)) for run in runs]
    outcome = judge(wanted, runs, comparison, interrupted=interrupted)
    text = result(runs, comparison, wanted.style, outcome=outcome.document, baseline=baseline)
    write_output(text, wanted.output)
    if wanted.style != "text" or wanted.output is not None:
        for run in runs:
            tell(f"saved: {run.path}")
    return announce(outcome)


def judge(
    wanted: Wanted, runs: list[LoadedRun], comparison: Comparison | None, *, interrupted: bool = False
) -> Outcome:
    """The exit code that these results ask for."""
    reasons = [reason for run in runs for reason in run_reasons(run.record)]
    if interrupted:
        reasons.append(Reason(ExitCode.INTERRUPTED, "interrupted between rounds"))
    if comparison is not None:
        reasons += comparison_reasons(comparison, strict=wanted.strict)
    return decide(reasons, warn_only=wanted.warn_only)


def finish_on_screen(wanted: Wanted, path: Path, baseline: list[LoadedRun]) -> int:
    """The same after a run that was watched: its summary stands in the scrollback already."""
    run = open_run(str(path), in_full=wanted.in_full)
    comparison = _compared(wanted, [run], baseline)
    run = replace(run, record=with_regression(run.record, comparison))
    outcome = judge(wanted, [run], comparison)
    if wanted.output is not None:
        text = result([run], comparison, wanted.style, outcome=outcome.document, baseline=baseline)
        write_output(text, wanted.output)
    elif comparison is not None:
        write_output("\n" + render(comparison, "text"), None)
    return announce(outcome)


def _compared(wanted: Wanted, runs: list[LoadedRun], baseline: list[LoadedRun]) -> Comparison | None:
    if not baseline:
        return None
    from perftui.analysis.saved_runs import compare_saved

    return compare_saved(baseline, runs, threshold=wanted.threshold)
