"""`perftui page`: what a visitor sees of a page, in the Chromium that is installed."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perftui.cli.options import DURATION, SHARE, option, strict_option, warn_only_option
from perftui.cli.outputs import Output, outputs_options
from perftui.cli.patient import PatientCommand
from perftui.cli.references import RUN
from perftui.model.text import safe_text
from perftui.report.formats import OF_COMPARISONS

if TYPE_CHECKING:
    from perftui.cli.wanted import Wanted
    from perftui.model.journal import JournalLine


@click.command(cls=PatientCommand, short_help="What a browser sees: first paint, load, long tasks.")
@click.argument("url")
@option("--rounds", type=click.IntRange(1, 100), default=5, show_default=True, help="Visits, each with an empty cache.")
@option(
    "--objective", "objectives", multiple=True, metavar="'METRIC < LIMIT'",
    help="Such as 'first_paint.p50 < 500ms', instead of the one for that time; repeatable.",
)  # fmt: skip
@option("--timeout", type=DURATION, default=30.0, help="Deadline of each visit.  [default: 30s]")
@option("-H", "--header", "headers", multiple=True, metavar="K:V", help="Header of requests to the page's own host.")
@option("-k", "--insecure", is_flag=True, help="Accept any certificate; the run says so.")
@option("--set", "settings", multiple=True, metavar="KEY=VALUE", help="Any key of a preset, such as target.proxy=URL.")
@option("--label", default="", help="A name for the run that is kept.")
@option(
    "--baseline", type=RUN, default="", help="Compare with this run; `chosen` is the one of `perftui baseline set`."
)
@option("--threshold", type=SHARE, default=0.2, help="Change that counts as a regression.  [default: 20%]")
@outputs_options(*OF_COMPARISONS)
@warn_only_option
@strict_option
@option("--otlp", default="", metavar="URL", help="Push what was measured to an OpenTelemetry collector (extra).")
@option("--confirm-host", default="", metavar="HOST", help="Yes, visit this public host.")
def page(
    *,
    url: str,
    rounds: int,
    objectives: tuple[str, ...],
    timeout: float,
    headers: tuple[str, ...],
    insecure: bool,
    settings: tuple[str, ...],
    label: str,
    baseline: str,
    threshold: float,
    outputs: tuple[Output, ...],
    warn_only: bool,
    strict: bool,
    otlp: str,
    confirm_host: str,
) -> int:
    """Have Chromium visit URL some times, and say when it painted first, had loaded, and had become quiet.

    Unless --objective says otherwise, the medians must be below 1 s (first paint), 2 s (load) and 3 s (interactive):
    else the exit code is 13. The run is kept like any other: compare, export and trend take it.
    """
    from perftui.cli.headers import parse_headers
    from perftui.cli.otlp import check_otlp
    from perftui.cli.outcome import unless_blocking
    from perftui.cli.output import check_output
    from perftui.cli.wanted import Wanted
    from perftui.presets.browser_visit import browser_preset
    from perftui.presets.loading import parse_preset
    from perftui.presets.overrides import Overrides

    for document in outputs:
        check_output(document.path)
    check_otlp(otlp)
    given = parse_headers(headers)
    overrides = Overrides(headers=given.pairs, secret_headers=given.secret, insecure=insecure)
    text = browser_preset(url, rounds, timeout, objectives)
    wanted = Wanted(
        plan=parse_preset(text, "perftui page", overrides=overrides, settings=settings),
        label=safe_text(label, 1_000),
        confirm_host=confirm_host,
        baseline=baseline,
        threshold=threshold,
        outputs=outputs,
        warn_only=warn_only,
        strict=strict,
        otlp=otlp,
    )
    return unless_blocking(partial(_visit, wanted, rounds), warn_only=warn_only)


def _visit(wanted: Wanted, rounds: int) -> int:
    """Have the visits made, tell each, and give the result."""
    from perftui.cli.failures import tell
    from perftui.cli.finish import finish
    from perftui.cli.output import write_output
    from perftui.cli.results import baseline_of, open_run
    from perftui.engine.runner.run import run_plan
    from perftui.model.interval import Interval
    from perftui.report.visits import visit_words, visits_of, visits_table
    from perftui.store.library import RunFolder

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
    if visits and Output("text") in wanted.outputs:
        write_output(visits_table(visits) + "\n\n", None)
    run = open_run(str(folders[-1].with_name(record.id)), in_full=wanted.in_full)
    return finish(wanted, [run], compared)
