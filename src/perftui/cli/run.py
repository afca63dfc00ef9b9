"""`perftui run`: load a target, on screen or headless."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from perftui.cli.options import (
    DURATION,
    SHARE,
    WORKERS,
    format_option,
    option,
    output_option,
    strict_option,
    warn_only_option,
)
from perftui.cli.patient import PatientCommand
from perftui.cli.references import PRESET, RUN
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from perftui.model.plan import Plan

FORMATS = ("text", "json", "toml", "csv", "md", "html", "junit")
_LONGEST_LABEL = 1_000
_EXIT_CODES = """\b
Exit codes
  0  fine                       12  run invalid, or not comparable
  2  mistake; nothing was sent  13  an objective failed
 10  regression                 14  target unreachable before the start
 11  inconclusive (--strict)    15  stopped by the safety guard
"""


@click.command(cls=PatientCommand, epilog=_EXIT_CODES, short_help="Load a target with a preset.")
@click.argument("preset", type=PRESET)
@click.argument("url", required=False)
@option("--rate", type=click.FloatRange(min=0, min_open=True), metavar="N", help="Arrivals per second (open loop).")
@option("--users", type=click.IntRange(min=1), metavar="N", help="Users that each wait for their answer (closed loop).")
@option("-d", "--duration", type=DURATION, help="How long the load lasts, warm-up not included: 30s, 5m.")
@option("--warmup", type=DURATION, help="Load before it, kept out of the summary.")
@option("--workers", type=WORKERS, help="Worker processes, or auto.")
@option("--timeout", type=DURATION, help="Total deadline of one request.")
@option("--max-requests", type=click.IntRange(min=1), metavar="N", help="Stop after this many requests.")
@option(
    "-H",
    "--header",
    "headers",
    multiple=True,
    metavar="K:V",
    help="Header of every request; repeatable. @FILE reads them from a file.",
)
@option(
    "--set",
    "settings",
    multiple=True,
    metavar="KEY=VALUE",
    help="Any key of the preset, such as load.arrivals=poisson.",
)
@option(
    "--rounds",
    type=click.IntRange(1, 100),
    default=1,
    metavar="N",
    help="So many runs, each with fresh workers and connections; without a screen.",
)
@option("--label", default="", help="A name for the run, such as a version or a commit.")
@option(
    "--baseline",
    type=RUN,
    default="",
    help="Compare with this run; `chosen` is the one of `perftui baseline set`.",
)
@option("--threshold", type=SHARE, default=0.2, help="Change that counts as a regression.  [default: 20%]")
@option("--headless", is_flag=True, help="No screen: progress on stderr, result on stdout.")
@option("--detach", is_flag=True, help="Print the run's id and return; the run goes on by itself.")
@format_option(*FORMATS)
@output_option
@warn_only_option
@strict_option
@option("--confirm-host", default="", metavar="HOST", help="Yes, load this public host.")
@option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
def run(
    *,
    preset: str,
    url: str | None,
    rate: float | None,
    users: int | None,
    duration: float | None,
    warmup: float | None,
    workers: int | None,
    timeout: float | None,
    max_requests: int | None,
    headers: tuple[str, ...],
    settings: tuple[str, ...],
    rounds: int,
    label: str,
    baseline: str,
    threshold: float,
    headless: bool,
    detach: bool,
    style: str,
    output: Path | None,
    warn_only: bool,
    strict: bool,
    confirm_host: str,
    no_mouse: bool,
) -> int:
    """Load URL (or the preset's own target) with PRESET, a name or a file.

    A URL with a path replaces the preset's operations by one with that path. Without a terminal, or with
    --headless, progress goes to stderr and the result to stdout. Loopback and private hosts start at once;
    public ones need --confirm-host.
    """
    from perftui.cli.headers import parse_headers
    from perftui.cli.screen import has_terminal
    from perftui.cli.wanted import Wanted
    from perftui.presets.loading import load_plan
    from perftui.presets.overrides import Overrides

    if rate is not None and users is not None:
        raise click.UsageError("--rate and --users exclude each other: open loop or closed loop")
    if detach and (headless or rounds > 1 or output or baseline):
        raise click.UsageError(
            "--detach goes without --headless, --rounds, --output and --baseline: nobody waits for the result"
        )
    given = parse_headers(headers)
    plan: Plan = load_plan(
        preset,
        url,
        Overrides(
            rate=rate,
            users=users,
            duration_s=duration,
            warmup_s=warmup,
            workers=workers,
            headers=given.pairs,
            secret_headers=given.secret,
            timeout_s=timeout,
            max_requests=max_requests,
        ),
        settings,
    )
    wanted = Wanted(
        plan=plan,
        label=safe_text(label, _LONGEST_LABEL),
        confirm_host=confirm_host,
        baseline=baseline,
        threshold=threshold,
        rounds=rounds,
        style=style,
        output=output,
        warn_only=warn_only,
        strict=strict,
        mouse=not no_mouse,
    )
    if detach:
        from perftui.cli.session import run_detached

        return run_detached(wanted)
    if headless or rounds > 1 or not has_terminal() or (style != "text" and output is None):
        from perftui.cli.headless import run_headless

        return run_headless(wanted)
    from perftui.cli.session import run_on_screen

    return run_on_screen(wanted)
