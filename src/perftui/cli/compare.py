"""`perftui compare`: two runs side by side, with a verdict."""

from __future__ import annotations

from pathlib import Path

import click

from perftui.cli.options import SHARE, format_option, output_option, strict_option, warn_only_option
from perftui.cli.references import RUN


@click.command(short_help="Two runs side by side, with a verdict.")
@click.argument("baseline", type=RUN)
@click.argument("run", type=RUN, default="latest")
@click.option("--threshold", type=SHARE, default=0.2, help="Change that counts as a regression.  [default: 20%]")
@click.option("--force", is_flag=True, help="Compare also what is not comparable; the report says so.")
@format_option("text", "json", "toml", "csv", "md", "html", "junit")
@output_option
@warn_only_option
@strict_option
def compare(
    *,
    baseline: str,
    run: str,
    threshold: float,
    force: bool,
    style: str,
    output: Path | None,
    warn_only: bool,
    strict: bool,
) -> int:
    """Compare RUN with BASELINE: ids, prefixes, `latest`, folders, exported files, or results of other tools.

    Exit codes: 0 fine, 10 regression, 11 inconclusive with --strict, 12 not comparable.
    """
    from perftui.analysis.saved_runs import compare_saved, sides
    from perftui.cli.outcome import announce, comparison_reasons, decide
    from perftui.cli.output import write_output
    from perftui.cli.results import open_side
    from perftui.report.comparison import render

    before, after = sides(open_side(baseline), open_side(run))
    comparison = compare_saved(before, after, threshold=threshold, force=force)
    write_output(render(comparison, style, (before[0], after[0])), output)
    return announce(decide(comparison_reasons(comparison, strict=strict), warn_only=warn_only))
