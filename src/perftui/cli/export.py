"""`perftui export`: a run in another form."""

from __future__ import annotations

import click

from perftui.cli.outputs import Output, outputs_options, write_outputs
from perftui.cli.patient import PatientCommand
from perftui.cli.references import RUN


@click.command(cls=PatientCommand, short_help="Write a run in another form.")
@click.argument("run", type=RUN, required=False)
@outputs_options("text", "json", "toml", "csv", "series", "md", "html", "junit", "hlog", default="json")
def export(run: str | None, outputs: tuple[Output, ...]) -> int:
    """Write RUN, the newest one that has ended by default, to stdout or files.

    json holds everything and loads back anywhere; csv is the summary, series has one row per second and operation
    (CSV as well); hlog is for HdrHistogram's tools.
    """
    from perftui.cli.results import open_run
    from perftui.report.export import EVERY_SECOND
    from perftui.report.export import export as to_text
    from perftui.store.library import RunLibrary

    in_full = any(output.style in EVERY_SECOND for output in outputs)
    opened = open_run(str(RunLibrary().newest_ended()) if run is None else run, in_full=in_full)
    write_outputs(outputs, lambda style: to_text(opened, style))
    return 0
