"""What `find` and `scaling` share: the end of a series of runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from perftui.cli.ci import tell_ci
from perftui.cli.outcome import Reason, announce, decide, run_reasons
from perftui.cli.output import write_output
from perftui.engine.series.step import SeriesEndedError
from perftui.model.errors import ExitCode, PerftuiError
from perftui.report.result import result
from perftui.store.loading import LoadedRun


@contextmanager
def told() -> Iterator[None]:
    """Somebody who ends a run of the series ends the series, with the exit code of that run."""
    try:
        yield
    except SeriesEndedError as error:
        reasons = run_reasons(error.record)
        if not reasons:
            raise
        ended = PerftuiError(*error.problems)
        ended.exit_code = ExitCode(decide(reasons, warn_only=False).code)
        raise ended from error


def write_series(runs: list[LoadedRun], style: str, output: Path | None, *, warn_only: bool, answered: bool) -> int:
    """Print or write what the series found, and say the exit code."""
    reasons = [reason for run in runs for reason in run_reasons(run.record)]
    if not answered and not any(reason.code is ExitCode.OBJECTIVE_FAILED for reason in reasons):
        reasons.append(Reason(ExitCode.OBJECTIVE_FAILED, "no level was found at which the objectives hold"))
    outcome = decide(reasons, warn_only=warn_only)
    write_output(result(runs, None, style, outcome=outcome.document), output)
    tell_ci([run.record for run in runs], None, outcome, lambda: result(runs, None, "md"))
    return announce(outcome)
