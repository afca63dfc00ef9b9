"""`perftui scaling`: throughput and efficiency per level of users, rate, or workers of the server."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from perftui.cli.options import (
    DURATION,
    WORKERS,
    absolute_cluster,
    cluster_options,
    format_option,
    option,
    output_option,
    warn_only_option,
)
from perftui.cli.patient import PatientCommand
from perftui.cli.references import PRESET
from perftui.model.text import safe_text
from perftui.model.units import whole_number

_OF = ("users", "rate", "workers")


class Levels(click.ParamType[tuple[int, ...], object]):
    """Whole numbers such as `1,2,4,8`."""

    name = "n,n,…"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[int, ...]:
        """The numbers."""
        if isinstance(value, tuple):
            return value
        levels = tuple(whole_number(part.strip()) or 0 for part in str(value).split(","))
        if not all(0 < level <= 100_000 for level in levels):
            self.fail(f"{safe_text(str(value))!r} is no list of levels; write 1,2,4,8", param, ctx)
        return levels


@click.command(cls=PatientCommand, short_help="Throughput and efficiency per level.")
@click.argument("preset", type=PRESET)
@click.argument("url", required=False)
@option("--levels", type=Levels(), default="1,2,4,8", show_default=True, help="Levels, from the lowest on.")
@option("--of", type=click.Choice(_OF), default="users", show_default=True, help="What is raised.")
@option("--command", default="", metavar="TEXT", help="Of workers: starts the server with {n} of them; no shell.")
@option("--users", type=click.IntRange(min=1), metavar="N", help="Of workers: users, enough to keep all of them busy.")
@option("-d", "-z", "--duration", type=DURATION, default=10.0, help="Of each level.  [default: 10s]")
@option("--workers", type=WORKERS, help="Worker processes of the generator, or auto.")
@cluster_options
@option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any key of the preset.")
@option("--label", default="", help="A name for the runs.")
@option("--confirm-host", default="", metavar="HOST", help="Yes, load this public host.")
@option("--headless", is_flag=True, help="No screen: a line for each level on stderr.")
@format_option("text", "json", "md", "csv")
@output_option
@warn_only_option
def scaling(
    *,
    preset: str,
    url: str | None,
    levels: tuple[int, ...],
    of: Literal["users", "rate", "workers"],
    command: str,
    users: int | None,
    duration: float,
    workers: int | None,
    cluster: str | None,
    insecure_cluster: bool,
    settings: tuple[str, ...],
    label: str,
    confirm_host: str,
    headless: bool,
    style: str,
    output: Path | None,
    warn_only: bool,
) -> int:
    """Load each level of PRESET at URL, say how efficient it is, and fit the universal scalability law.

    An efficiency below 70 % of that of the lowest level warns, below 50 % fails (exit 13).
    """
    from perftui.cli.failures import tell
    from perftui.cli.outcome import announce, decide, run_reasons
    from perftui.cli.output import check_output, write_output
    from perftui.cli.screen import has_terminal
    from perftui.cli.series import told
    from perftui.cli.series_screen import scale_on_screen
    from perftui.engine.series.scaling import ScalingRequest, scale
    from perftui.presets.loading import load_plan
    from perftui.presets.overrides import Overrides
    from perftui.report.scaling import level_words, render

    check_output(output)
    overrides = Overrides(
        users=users, workers=workers, cluster=absolute_cluster(cluster), insecure_cluster=insecure_cluster
    )
    request = ScalingRequest(
        plan=load_plan(preset, url, overrides, settings),
        levels=levels,
        of=of,
        command=command,
        seconds=duration,
        label=safe_text(label, 1_000),
        confirm_host=confirm_host,
    )
    if not headless and style == "text" and output is None and has_terminal():
        scaled = scale_on_screen(request)
    else:
        with told():
            scaled = scale(request, on_level=lambda level, *_: tell(level_words(level, of)))
    reasons = [reason for run in scaled.runs for reason in run_reasons(run.record)]
    write_output(render(scaled.scaling, style), output)
    for run in scaled.runs:
        tell(f"saved: {run.path}")
    return announce(decide(reasons, warn_only=warn_only))
