"""What `find` and `scaling` share: the plan of a preset or a bare URL, and the end of a series of runs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from perftui.cli.outcome import Reason, announce, decide, run_reasons
from perftui.cli.output import write_output
from perftui.engine.series.step import SeriesEndedError
from perftui.model.errors import ExitCode, PerftuiError
from perftui.model.plan import Plan
from perftui.presets.loading import load_plan, parse_preset
from perftui.presets.overrides import Overrides
from perftui.report.result import result
from perftui.store.loading import LoadedRun

_ONE_REQUEST = """schema = 1
name = "url"
[load]
rate = 10
duration = "10s"
[[operations]]
name = "GET /"
path = "/"
"""


def plan_of(preset: str, url: str | None, overrides: Overrides, settings: Sequence[str]) -> Plan:
    """The plan of a preset, or of one request where a URL stands in its place.

    Raises:
        UsageError: with every mistake.
    """
    if "://" in preset:
        return parse_preset(_ONE_REQUEST, "the URL's plan", preset, overrides, settings)
    return load_plan(preset, url, overrides, settings)


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
    return announce(outcome)
