"""`perftui trend`: a metric over the last runs of a preset."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from perftui.cli.options import SHARE, format_option, output_option
from perftui.cli.references import PRESET


@click.command(short_help="A metric over the last runs of a preset.")
@click.argument("preset", type=PRESET)
@click.argument("url", required=False)
@click.option("--metric", default="", help="Such as response_time.p99, error_rate; by default p95.")
@click.option("--operation", default="", help="One operation instead of the total.")
@click.option(
    "-n", "--newest", type=click.IntRange(2), metavar="N", default=100, show_default=True, help="Look at so many runs."
)
@click.option("--threshold", type=SHARE, default=0.2, help="Distance that makes a jump.  [default: 20%]")
@format_option("text", "json", "csv")
@output_option
def trend(
    preset: str,
    url: str | None,
    *,
    metric: str,
    operation: str,
    newest: int,
    threshold: float,
    style: str,
    output: Path | None,
) -> int:
    """Show how a metric of PRESET moved over the runs that can be compared with the newest one."""
    from perftui.analysis.trend import trend as find
    from perftui.cli.output import write_output
    from perftui.cli.results import trend_records
    from perftui.report.json_export import struct_json
    from perftui.report.trend import trend_csv, trend_text
    from perftui.store.baselines import get_baseline

    records = trend_records(preset, url, newest)
    found = find(records, metric, operation, baseline_id=get_baseline(records[0].plan) or "", threshold=threshold)
    if style == "json":
        text = struct_json(found)
    elif style == "csv":
        text = trend_csv(found)
    else:
        text = trend_text(found, colour=output is None and sys.stdout.isatty())
    write_output(text, output)
    return 0
