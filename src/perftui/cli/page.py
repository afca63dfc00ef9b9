"""`perftui page`: what a visitor sees of a page, in the Chromium that is installed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perftui.cli.options import DURATION, format_option, option, output_option, warn_only_option
from perftui.cli.patient import PatientCommand
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from perftui.model.journal import JournalLine

FORMATS = ("text", "json", "toml", "csv", "md", "html", "junit")


@click.command(cls=PatientCommand, short_help="What a browser sees: first paint, load, long tasks.")
@click.argument("url")
@option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True, help="Visits, each with an empty cache.")
@option(
    "--objective", "objectives", multiple=True, metavar="'METRIC < LIMIT'",
    help="Such as 'first_paint.p50 < 500ms', instead of the one for that time; repeatable.",
)  # fmt: skip
@option("--timeout", type=DURATION, default=30.0, help="Deadline of each visit.  [default: 30s]")
@option("-H", "--header", "headers", multiple=True, metavar="K:V", help="Header of requests to the page's own host.")
@option("--insecure", is_flag=True, help="Accept any certificate.")
@option("--label", default="", help="A name for the run that is kept.")
@option("--baseline", default="", metavar="RUN", help="Compare with this run.")
@option("--confirm-host", default="", metavar="HOST", help="Yes, visit this public host.")
@format_option(*FORMATS)
@output_option
@warn_only_option
def page(
    *,
    url: str,
    rounds: int,
    objectives: tuple[str, ...],
    timeout: float,
    headers: tuple[str, ...],
    insecure: bool,
    label: str,
    baseline: str,
    confirm_host: str,
    style: str,
    output: Path | None,
    warn_only: bool,
) -> int:
    """Have Chromium visit URL some times, and say when it painted first, had loaded, and had become quiet.

    Unless --objective says otherwise, the medians must be below 1 s (first paint), 2 s (load) and 3 s (interactive):
    else the exit code is 13. The run is kept like any other: compare, export and trend take it.
    """
    from perftui.cli.failures import tell
    from perftui.cli.finish import finish
    from perftui.cli.headers import parse_headers
    from perftui.cli.output import check_output, write_output
    from perftui.cli.outputs import Output
    from perftui.cli.results import baseline_of, open_run
    from perftui.cli.wanted import Wanted
    from perftui.engine.runner.run import run_plan
    from perftui.model.interval import Interval
    from perftui.presets.browser_visit import browser_preset
    from perftui.presets.loading import parse_preset
    from perftui.presets.overrides import Overrides
    from perftui.report.visits import visit_words, visits_of, visits_table
    from perftui.store.library import RunFolder

    check_output(output)
    given = parse_headers(headers)
    overrides = Overrides(headers=given.pairs, secret_headers=given.secret, insecure=insecure)
    plan = parse_preset(browser_preset(url, rounds, timeout, objectives), "perftui page", overrides=overrides)
    wanted = Wanted(
        plan=plan,
        label=safe_text(label, 1_000),
        confirm_host=confirm_host,
        baseline=baseline,
        outputs=(Output(style, output),),
        warn_only=warn_only,
    )
    compared = baseline_of(wanted)
    visits: list[dict[str, float]] = []
    folders: list[Path] = []

    def follow(line: JournalLine) -> None:
        if isinstance(line, Interval):
            for visit in visits_of([line]):
                visits.append(visit)
                tell(f"round {len(visits)} of {rounds}: {visit_words(visit)}")

    def started(folder: RunFolder) -> None:
        folders.append(folder.path)
        tell(f"run {folder.id}")

    request = wanted.request(baseline=compared[0].path if compared else None)
    record = run_plan(request, on_line=follow, on_started=started)
    if visits and style == "text" and output is None:
        write_output(visits_table(visits) + "\n\n", None)
    run = open_run(str(folders[-1].with_name(record.id)), in_full=wanted.in_full)
    return finish(wanted, [run], compared)
