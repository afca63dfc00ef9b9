"""What `perftui run` does with a plan on a terminal: start the run in processes of its own and show it, or not.

The screen comes first: runner and workers load their modules while the app loads its own.
"""

from __future__ import annotations

import sys
from contextlib import closing, suppress
from functools import partial
from typing import TYPE_CHECKING

from perftui.cli.failures import tell
from perftui.cli.otlp import LivePush
from perftui.cli.output import check_output
from perftui.cli.screen import show
from perftui.cli.wanted import Wanted
from perftui.model.errors import ExitCode, UsageError
from perftui.tui.first_paint import Curtain, first_paint
from perftui.tui.start import Start

if TYPE_CHECKING:
    from perftui.engine.runner.launch import PendingRun
    from perftui.store.loading import LoadedRun

_FIRST_S = 0.5
"""So long the app waits with loading itself, which is what takes most of a core, for the run to begin."""


def run_detached(wanted: Wanted) -> int:
    """Start the run and print its id."""
    import anyio

    from perftui.engine.runner.launch import start_runner

    handle = anyio.run(start_runner, wanted.request())
    print(handle.run_id)
    tell(f"started; watch it with: perftui watch {handle.run_id}")
    return ExitCode.OK


def run_on_screen(wanted: Wanted) -> int:
    """Start the run by itself and show it live; the result follows when it ended while it was watched."""
    for output in wanted.outputs:
        check_output(output.path)
    with first_paint(Start(screen="live", plan=wanted.plan)) as curtain:
        return _run_behind(curtain, wanted)


def _run_behind(curtain: Curtain, wanted: Wanted) -> int:
    from perftui.engine.runner.guard import needs_confirmation
    from perftui.engine.runner.launch import PendingRun

    if needs_confirmation(wanted.plan) and not wanted.confirm_host:
        asking = Start(screen="confirm", plan=wanted.plan, label=wanted.label, mouse=wanted.mouse)
        return show(asking, sys.stdout, curtain)
    baseline = _baseline(wanted)
    pending = PendingRun()
    pending.give(wanted.request(baseline=baseline[0].path if baseline else None))
    pending.settle(_FIRST_S)
    try:
        begin = Start(screen="live", pending=pending, plan=wanted.plan, mouse=wanted.mouse)
        with closing(LivePush(wanted.otlp)) as pushed:
            pushed.follow(lambda: pending.wait().path)
            code = show(begin, sys.stdout, curtain)
    except BaseException:  # Ctrl-C before there was a screen to take the key, or a defect of the app
        _stop(pending)
        raise
    if not pending.has_answered:  # the screen was left before there was anything to see
        pending.cancel()
        return code or ExitCode.INTERRUPTED
    handle = pending.wait()

    from perftui.cli.finish import finish_on_screen
    from perftui.store.liveness import is_live

    if code or is_live(handle.path):
        return code
    return finish_on_screen(wanted, handle.path, baseline)


def _stop(pending: PendingRun) -> None:
    """Nobody will see the run: it is stopped, or does not begin."""
    if not pending.has_answered:
        pending.cancel()
        return
    import anyio

    from perftui.engine.control.client import ControlClient

    with suppress(UsageError):  # it has ended, or never began
        anyio.run(partial(ControlClient(pending.wait().run_id).send, "stop", origin="tui"))


def _baseline(wanted: Wanted) -> list[LoadedRun]:
    """The runs to compare with, looked up before this run is the latest one."""
    if not wanted.baseline:
        return []
    from perftui.cli.results import baseline_of

    return baseline_of(wanted)
