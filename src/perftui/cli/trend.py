"""`perftui trend`: a metric over the last runs of a preset."""

from __future__ import annotations

import sys

import click

from perftui.cli.options import SHARE, warn_only_option
from perftui.cli.outputs import Output, outputs_options, write_outputs
from perftui.cli.patient import PatientCommand
from perftui.cli.references import PRESET


@click.command(cls=PatientCommand, short_help="A metric over the last runs of a preset.")
@click.argument("preset", type=PRESET, required=False)
@click.argument("url", required=False)
@click.option("--metric", default="", help="Such as response_time.p99, error_rate; by default p95.")
@click.option("--operation", default="", help="One operation instead of the total.")
@click.option(
    "-n", "--newest", type=click.IntRange(2), metavar="N", default=100, show_default=True, help="Look at so many runs."
)
@click.option("--threshold", type=SHARE, default=0.2, help="Distance that makes a jump.  [default: 20%]")
@click.option("--fail-on-regression", is_flag=True, help="Exit 10 when the newest run is worse than those before it.")
@outputs_options("text", "json", "csv")
@warn_only_option
def trend(
    preset: str | None,
    url: str | None,
    *,
    metric: str,
    operation: str,
    newest: int,
    threshold: float,
    fail_on_regression: bool,
    outputs: tuple[Output, ...],
    warn_only: bool,
) -> int:
    """Show how a metric of PRESET moved over the runs that can be compared with the newest one.

    PRESET is that of the newest run by default. A URL shows the runs of `perftui URL`.
    """
    from perftui.analysis.trend import trend as find
    from perftui.cli.outcome import Reason, announce, decide
    from perftui.cli.results import trend_records
    from perftui.model.errors import ExitCode
    from perftui.model.objectives import format_value
    from perftui.report.json_export import struct_json
    from perftui.report.trend import trend_csv, trend_text
    from perftui.store.baselines import get_baseline

    records = trend_records(preset, url, newest)
    found = find(records, metric, operation, baseline_id=get_baseline(records[0].plan) or "", threshold=threshold)

    def render(style: str) -> str:
        match style:
            case "json":
                return struct_json(found)
            case "csv":
                return trend_csv(found)
            case _:
                return trend_text(found, colour=Output("text") in outputs and sys.stdout.isatty())

    write_outputs(outputs, render)
    newest_point = found.points[-1] if found.points else None
    if not fail_on_regression or newest_point is None or newest_point.jump != "worse":
        return 0
    now, before = (format_value(value, found.unit) for value in (newest_point.value, newest_point.median_before or 0.0))
    told = f"regression: {found.metric} of {newest_point.run_id} is {now}, {before} before"
    return announce(decide([Reason(ExitCode.REGRESSION, told)], warn_only=warn_only))
