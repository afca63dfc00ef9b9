"""`perftui export`: a run in another form."""

from __future__ import annotations

from pathlib import Path

import click

from perftui.cli.options import output_option
from perftui.cli.references import RUN


@click.command(short_help="Write a run in another form.")
@click.argument("run", type=RUN)
@click.option(
    "--format",
    "style",
    type=click.Choice(("text", "json", "toml", "csv", "series", "md", "html", "junit", "hlog")),
    help="Form of the output; by default what the ending of --output says, else json.",
)
@output_option
def export(run: str, style: str | None, output: Path | None) -> int:
    """Write RUN to stdout or a file.

    json holds everything and loads back anywhere; csv is the summary, series has one row per second and operation
    (CSV as well); hlog is for HdrHistogram's tools.
    """
    from perftui.cli.output import write_output
    from perftui.cli.results import open_run
    from perftui.report.export import EVERY_SECOND
    from perftui.report.export import export as to_text

    chosen = style or _style_of(output)
    write_output(to_text(open_run(run, in_full=chosen in EVERY_SECOND), chosen), output)
    return 0


def _style_of(output: Path | None) -> str:
    endings = {
        ".json": "json",
        ".toml": "toml",
        ".csv": "csv",
        ".md": "md",
        ".html": "html",
        ".htm": "html",
        ".xml": "junit",
    }
    return (endings | {".hlog": "hlog", ".txt": "text"}).get(output.suffix.lower() if output else "", "json")
