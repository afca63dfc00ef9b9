"""What follows a run: comparison, output, exit code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec.structs import replace

from perftui.analysis.regressions import with_regression
from perftui.cli.ci import tell_ci
from perftui.cli.failures import tell
from perftui.cli.otlp import push
from perftui.cli.outcome import Outcome, Reason, announce, comparison_reasons, decide, run_reasons
from perftui.cli.output import write_output
from perftui.cli.outputs import Output, write_outputs
from perftui.cli.results import open_run
from perftui.cli.wanted import Wanted
from perftui.model.comparison import Comparison
from perftui.model.errors import ExitCode, PerftuiError
from perftui.report.formats import render
from perftui.report.result import result
from perftui.store.loading import LoadedRun


def finish(wanted: Wanted, runs: list[LoadedRun], baseline: list[LoadedRun], *, interrupted: bool = False) -> int:
    """Compare, print or write the result, and say the exit code."""
    comparison = _compared(wanted, runs, baseline)
    runs = [replace(run, record=with_regression(run.record, comparison)) for run in runs]
    outcome = judge(wanted, runs, comparison, interrupted=interrupted)
    _write(
        wanted.outputs,
        runs[-1],
        lambda style: result(runs, comparison, style, outcome=outcome.document, baseline=baseline),
    )
    if all(output != Output("text") for output in wanted.outputs):
        for run in runs:
            tell(f"{run.where[0].lower()}{run.where[1:]}")
    _tell_how_to_keep(wanted)
    _tell_ci(runs, comparison, outcome)
    push(wanted.otlp, [run.record for run in runs])
    return announce(outcome)


def _tell_ci(runs: list[LoadedRun], comparison: Comparison | None, outcome: Outcome) -> None:
    tell_ci([run.record for run in runs], comparison, outcome, lambda: result(runs, comparison, "md"))


def judge(
    wanted: Wanted, runs: list[LoadedRun], comparison: Comparison | None, *, interrupted: bool = False
) -> Outcome:
    """The exit code that these results ask for."""
    reasons = [reason for run in runs for reason in run_reasons(run.record)]
    reasons += [Reason(ExitCode.INTERNAL, f"{run.record.id} was not saved") for run in runs if not run.is_saved]
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
    files = [output for output in wanted.outputs if output.path is not None]
    _write(files, run, lambda style: result([run], comparison, style, outcome=outcome.document, baseline=baseline))
    if comparison is not None and len(files) < len(wanted.outputs):
        write_output("\n" + render(comparison, "text"), None)
    _tell_how_to_keep(wanted)
    push(wanted.otlp, [run.record])
    return announce(outcome)


def _tell_how_to_keep(wanted: Wanted) -> None:
    if wanted.is_new:
        tell(f"to keep this as a preset: perftui presets new {wanted.plan.name} --from-run latest")


def _write(outputs: Sequence[Output], run: LoadedRun, render_as: Callable[[str], str]) -> None:
    """Write the documents; when a place has become unwritable meanwhile, say how to get them yet."""
    try:
        write_outputs(outputs, render_as)
    except PerftuiError as error:
        again = f"the run is saved; write it again with: perftui export {run.record.id}"
        raise PerftuiError(*error.problems, again if run.is_saved else run.where) from error


def _compared(wanted: Wanted, runs: list[LoadedRun], baseline: list[LoadedRun]) -> Comparison | None:
    if not baseline:
        return None
    from perftui.analysis.saved_runs import compare_saved

    return compare_saved(baseline, runs, threshold=wanted.threshold)
