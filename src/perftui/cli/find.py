"""`perftui find`: the highest rate, or number of users, at which the objectives hold."""

from __future__ import annotations

from pathlib import Path

import click

from perftui.cli.options import (
    DURATION,
    SHARE,
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

FORMATS = ("text", "json", "toml", "csv", "md", "html", "junit")
_FIRST_RATE = 10.0
"""Of a URL without a preset."""
_MOST = {"rate": 100_000.0, "users": 5_000.0}


@click.command(cls=PatientCommand, short_help="The highest level at which the objectives hold.")
@click.argument("preset", type=PRESET)
@click.argument("url", required=False)
@option(
    "--objective", "objectives", multiple=True, metavar="'METRIC < LIMIT'", help="Instead of the preset's; repeatable."
)
@option("--rate", type=click.FloatRange(min=0, min_open=True), metavar="N", help="Search rates, from this one on.")
@option("--users", type=click.IntRange(min=1), metavar="N", help="Search numbers of users, from this one on.")
@option("--most", type=click.FloatRange(min=1), metavar="N", help="Try no level above this.")
@option("--precision", type=SHARE, default=0.05, help="How closely the limit is to be known.  [default: 5%]")
@option("--step", "step_s", type=DURATION, default=3.0, help="Shortest time for a level.  [default: 3s]")
@option("--confirm", "confirm_s", type=DURATION, default=10.0, help="Shortest time for the answer.  [default: 10s]")
@option("--beyond", is_flag=True, help="Also load half as much again as the answer.")
@option("--workers", type=WORKERS, help="Worker processes, or auto.")
@cluster_options
@option("--timeout", type=DURATION, help="Total deadline of one request.")
@option("-H", "--header", "headers", multiple=True, metavar="K:V", help="Header of every request; repeatable.")
@option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any key of the preset.")
@option("--label", default="", help="A name for the run that is kept.")
@option("--confirm-host", default="", metavar="HOST", help="Yes, load this public host.")
@option("--headless", is_flag=True, help="No screen: a line for each level on stderr.")
@format_option(*FORMATS)
@output_option
@warn_only_option
def find(
    *,
    preset: str,
    url: str | None,
    objectives: tuple[str, ...],
    rate: float | None,
    users: int | None,
    most: float | None,
    precision: float,
    step_s: float,
    confirm_s: float,
    beyond: bool,
    workers: int | None,
    cluster: str | None,
    insecure_cluster: bool,
    timeout: float | None,
    headers: tuple[str, ...],
    settings: tuple[str, ...],
    label: str,
    confirm_host: str,
    headless: bool,
    style: str,
    output: Path | None,
    warn_only: bool,
) -> int:
    """Search the highest level at which the objectives of PRESET hold at URL; PRESET may be a URL itself.

    The level is doubled until it does not hold, then narrowed down and confirmed by a longer run, which is kept. Each
    level is loaded just long enough to be judged. In rate mode requests must also be answered as fast as they come.
    """
    from perftui.cli.failures import tell
    from perftui.cli.headers import parse_headers
    from perftui.cli.output import check_output
    from perftui.cli.screen import has_terminal
    from perftui.cli.series import told, write_series
    from perftui.cli.series_screen import search_on_screen
    from perftui.engine.series.find import FindRequest
    from perftui.engine.series.find import find as search
    from perftui.presets.loading import load_plan
    from perftui.presets.overrides import Overrides
    from perftui.presets.sentences import with_objectives
    from perftui.presets.urls import is_url
    from perftui.report.search import step_words

    if rate is not None and users is not None:
        raise click.UsageError("--rate and --users exclude each other: open loop or closed loop")
    check_output(output)
    if is_url(preset) and url is None and rate is None and users is None:
        rate = _FIRST_RATE
    given = parse_headers(headers)
    overrides = Overrides(
        rate=rate, users=users, workers=workers, headers=given.pairs, secret_headers=given.secret, timeout_s=timeout,
        cluster=absolute_cluster(cluster), insecure_cluster=insecure_cluster,
    )  # fmt: skip
    plan = with_objectives(load_plan(preset, url, overrides, settings), objectives)
    unit = "/s" if plan.load.mode == "rate" else " users"
    request = FindRequest(
        plan=plan,
        most=most or _MOST[plan.load.mode],
        precision=precision,
        step_s=step_s,
        confirm_s=confirm_s,
        beyond=beyond,
        label=safe_text(label, 1_000),
        confirm_host=confirm_host,
    )
    if not headless and style == "text" and output is None and has_terminal():
        run, answered = search_on_screen(request)
    else:
        with told():
            found = search(request, on_step=lambda step: tell(step_words(step, unit)))
        run, answered = found.made.run, bool(found.search.answer)
    return write_series([run], style, output, warn_only=warn_only, answered=answered)
