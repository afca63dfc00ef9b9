"""`perftui export`: a run in another form."""

from __future__ import annotations

import click

from perftui.cli.outputs import Output, outputs_options, write_outputs
from perftui.cli.patient import PatientCommand
from perftui.cli.references import RUN
from perftui.report.formats import FORMATS


@click.command(cls=PatientCommand, short_help="Write a run in another form.")
@click.argument("run", type=RUN, required=False)
@outputs_options(*FORMATS, default="json")
def export(run: str | None, outputs: tuple[Output, ...]) -> int:
    """Write RUN, the newest one that has ended by default, to stdout or files.

    json holds everything and loads back anywhere; csv is the summary, series has one row per second and operation
    (CSV as well); hlog is for HdrHistogram's tools.
    """
    from perftui.cli.results import open_run
    from perftui.store.library import RunLibrary

    in_full = any(FORMATS[output.style].needs_seconds for output in outputs)
    opened = open_run(str(RunLibrary().newest_ended()) if run is None else run, in_full=in_full)
    write_outputs(outputs, lambda style: FORMATS[style].run(opened))
    return 0
