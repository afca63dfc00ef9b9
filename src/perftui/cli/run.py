"""`perftui run`: load a target, on screen or headless."""

from __future__ import annotations

from functools import partial

import click

from perftui.cli.load_options import HABITS, LoadOptions, load_options
from perftui.cli.options import SHARE, option, strict_option, warn_only_option
from perftui.cli.other_tools import LoadCommand
from perftui.cli.outputs import Output, outputs_options
from perftui.cli.references import PRESET, RUN
from perftui.model.text import safe_text
from perftui.report.formats import OF_COMPARISONS

_LONGEST_LABEL = 1_000
_EXIT_CODES = """\b
Exit codes
  0  fine                       12  run invalid, or not comparable
  2  mistake; nothing was sent  13  an objective failed
 10  regression                 14  target unreachable before the start
 11  inconclusive (--strict)    15  stopped by the safety guard
"""


@click.command(cls=LoadCommand, epilog=f"{HABITS}\n{_EXIT_CODES}", short_help="Load a target with a preset.")
@click.argument("preset", type=PRESET)
@click.argument("url", required=False)
@load_options
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
@outputs_options(*OF_COMPARISONS)
@warn_only_option
@strict_option
@option("--otlp", default="", metavar="URL", help="Push what was measured to an OpenTelemetry collector (extra).")
@option("--confirm-host", default="", metavar="HOST", help="Yes, load this public host.")
@option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
def run(
    *,
    preset: str,
    url: str | None,
    load: LoadOptions,
    settings: tuple[str, ...],
    rounds: int,
    label: str,
    baseline: str,
    threshold: float,
    headless: bool,
    detach: bool,
    outputs: tuple[Output, ...],
    warn_only: bool,
    strict: bool,
    otlp: str,
    confirm_host: str,
    no_mouse: bool,
) -> int:
    """Load URL (or the preset's own target) with PRESET, a name or a file; or a URL alone.

    A URL alone is loaded by 50 users for 10 s after a warm-up of 2 s. With a preset, a URL with a path replaces
    the preset's operations by one with that path. Without a terminal, or with --headless, progress goes to
    stderr and the result to stdout. Loopback and private hosts start at once; public ones need --confirm-host.
    """
    from perftui.cli.otlp import check_otlp
    from perftui.cli.outcome import unless_blocking
    from perftui.cli.screen import has_terminal
    from perftui.cli.wanted import Wanted
    from perftui.presets.loading import load_plan
    from perftui.presets.urls import is_url

    if detach and (headless or rounds > 1 or outputs != (Output("text"),) or baseline):
        raise click.UsageError(
            "--detach goes without --headless, --rounds, --output and --baseline: nobody waits for the result"
        )
    check_otlp(otlp)
    plan = load_plan(preset, url, load.overrides(), settings)
    wanted = Wanted(
        plan=plan,
        label=safe_text(label, _LONGEST_LABEL),
        confirm_host=confirm_host,
        baseline=baseline,
        threshold=threshold,
        rounds=rounds,
        outputs=outputs,
        warn_only=warn_only,
        strict=strict,
        otlp=otlp,
        mouse=not no_mouse,
        is_new=is_url(preset) and url is None,
    )
    if detach:
        from perftui.cli.session import run_detached

        return run_detached(wanted)
    if headless or rounds > 1 or not has_terminal() or wanted.prints_data:
        from perftui.cli.headless import run_headless

        return unless_blocking(partial(run_headless, wanted), warn_only=warn_only)
    from perftui.cli.session import run_on_screen

    return unless_blocking(partial(run_on_screen, wanted), warn_only=warn_only)
