"""`perftui watch`: a live run as it goes, or a finished one again."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from perftui.cli.references import RUN
from perftui.model.text import safe_path

if TYPE_CHECKING:
    from perftui.model.plan import Plan

POLL_S = 0.25
SAVE_S = 10.0


@click.command(short_help="Follow a live run, or replay a finished one.")
@click.argument("run", type=RUN, default="latest")
@click.option("--control", is_flag=True, help="Let the keys steer the run; otherwise they only look.")
@click.option(
    "--lines", is_flag=True, help="One line per interval instead of a screen (the default without a terminal)."
)
@click.option("--no-mouse", is_flag=True, help="Leave the mouse to the terminal.")
def watch(run: str, *, control: bool, lines: bool, no_mouse: bool) -> int:
    """Show RUN, the newest by default. Any number may watch; watching changes nothing."""
    from perftui.cli.screen import has_terminal, show
    from perftui.store.library import RunLibrary

    library = RunLibrary()
    find = library.find_own if control else library.find
    path = (library.newest_live() if run == "latest" else None) or find(run)
    if lines or not has_terminal():
        return _print_lines(path)
    from perftui.tui.start import Start

    return show(Start(screen="watch", run=path, readonly=not control, mouse=not no_mouse), sys.stdout)


def _print_lines(path: Path) -> int:
    """Every interval and event as a line, from the beginning to the end of the run; then its summary."""
    from perftui.cli.failures import tell
    from perftui.model.interval import Event, Interval
    from perftui.model.journal import End, Header
    from perftui.report.progress import InOrder, event_text, interval_text
    from perftui.store.journal import JournalFollower
    from perftui.store.liveness import is_live

    follower = JournalFollower(path)
    plan: Plan | None = None
    ordered = InOrder()

    def show(lines: Iterable[Interval | Event]) -> None:
        for line in lines:
            if isinstance(line, Event):
                print(event_text(line), flush=True)
            elif plan is not None:
                print(interval_text(line, plan), flush=True)

    while True:
        live = is_live(path)
        for line in follower.lines():
            if isinstance(line, Header):
                plan = line.plan
            elif isinstance(line, Interval | Event):
                show(ordered.add(line))
            elif isinstance(line, End):
                show(ordered.rest())
                return _print_summary(path)
        if not live:
            show(ordered.rest())
            if follower.problem:
                tell(follower.problem)
            return _print_summary(path)
        time.sleep(POLL_S)


def _print_summary(path: Path) -> int:
    from perftui.cli.results import open_run
    from perftui.report.text import summary_text
    from perftui.store.liveness import is_live

    # the runner writes the record after the journal's last line
    waited = 0.0
    while is_live(path) and waited < SAVE_S:
        time.sleep(POLL_S)
        waited += POLL_S
    run = open_run(str(path), in_full=False)
    print(f"\n{summary_text(run.record, run.error_samples)}\nSaved: {safe_path(path)}")
    return 0
