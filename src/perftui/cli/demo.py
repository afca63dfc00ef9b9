"""`perftui demo`: the bundled demo service, and a run against it."""

from __future__ import annotations

import signal
import time
from typing import TYPE_CHECKING

import click

from perftui.cli.options import DURATION, format_option
from perftui.cli.references import PRESET

if TYPE_CHECKING:
    from perftui.demo.server import Demo
    from perftui.model.plan import Plan
    from perftui.presets.overrides import Overrides

_POLL_S = 0.5


@click.command(short_help="The bundled demo service, and a run against it.")
@click.option("--serve", is_flag=True, help="Only the service, until Ctrl-C.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="Port on 127.0.0.1; by default a free one."
)
@click.option(
    "--database", metavar="FILE", default="", help="SQLite file to make for its data, for presets of databases."
)
@click.option("--postgres", metavar="URL", default="", help="PostgreSQL database to put its items into as well.")
@click.option("--redis", metavar="URL", default="", help="Redis server to keep items in: /cached/items/ID.")
@click.option("--preset", type=PRESET, default="read", show_default=True, help="What is run against it.")
@click.option("-d", "-z", "--duration", type=DURATION, help="How long the load lasts.")
@click.option("--warmup", type=DURATION, help="Load before it, kept out of the summary.")
@click.option("--headless", is_flag=True, help="No screen (the default without a terminal).")
@format_option("text", "json")
def demo(
    *,
    serve: bool,
    port: int,
    database: str,
    postgres: str,
    redis: str,
    preset: str,
    duration: float | None,
    warmup: float | None,
    headless: bool,
    style: str,
) -> int:
    """Start the demo service on this machine, load it and show the run. Nothing is left running."""
    from perftui.cli.failures import tell
    from perftui.demo.server import DemoError, start_demo
    from perftui.model.errors import UsageError
    from perftui.presets.overrides import Overrides

    try:
        with start_demo(port, database, postgres=postgres, redis=redis) as service:
            if serve:
                print(service.url, flush=True)
                tell("the demo service runs until Ctrl-C")
                ends = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
                signal.pthread_sigmask(signal.SIG_BLOCK, ends)
                signal.sigwait(ends)
                return 0
            return _load(
                _plan(preset, service, Overrides(duration_s=duration, warmup_s=warmup)), style, headless=headless
            )
    except DemoError as error:
        raise UsageError(f"the demo service did not start: {error}") from error


def _plan(preset: str, service: Demo, overrides: Overrides) -> Plan:
    import msgspec

    from perftui.presets.loading import load_plan

    plan = load_plan(preset, service.url, overrides)
    return msgspec.structs.replace(plan, target=msgspec.structs.replace(plan.target, pid=service.pid))


def _load(plan: Plan, style: str, *, headless: bool) -> int:
    from perftui.cli.outputs import Output
    from perftui.cli.screen import has_terminal
    from perftui.cli.wanted import Wanted

    wanted = Wanted(plan=plan, outputs=(Output(style),))
    if headless or style != "text" or not has_terminal():
        from perftui.cli.headless import run_headless

        return run_headless(wanted)
    from perftui.cli.session import run_on_screen

    code = run_on_screen(wanted)
    _wait_for_runs(plan.where)
    return code


def _wait_for_runs(url: str) -> None:
    """Keep the service while a run that was left alone still needs it."""
    from perftui.cli.failures import tell
    from perftui.store.library import RunLibrary

    library = RunLibrary()
    told = False
    while any(row.status == "running" and row.url == url for row in library.list()):
        if not told:
            tell("the demo service stays until the run has ended; Ctrl-C ends both")
            told = True
        time.sleep(_POLL_S)
