"""What `perftui run` does with a plan on a terminal: start the run in processes of its own, then show it, or not.

Imports are light until the runner is on its way: it loads what it needs at the same time.
"""

from __future__ import annotations

import importlib
import sys
import threading
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import anyio

from perftui.cli.failures import tell
from perftui.cli.output import check_output
from perftui.cli.screen import show
from perftui.cli.wanted import Wanted
from perftui.engine.runner.launch import start_runner
from perftui.model.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from perftui.store.loading import LoadedRun


def run_detached(wanted: Wanted) -> int:
    """Start the run and print its id."""
    handle = anyio.run(start_runner, wanted.request())
    print(handle.run_id)
    tell(f"started; watch it with: perftui watch {handle.run_id}")
    return ExitCode.OK


def run_on_screen(wanted: Wanted) -> int:
    """Start the run by itself and show it live; the result follows when it ended while it was watched."""
    from perftui.engine.runner.guard import needs_confirmation
    from perftui.tui.start import Start

    check_output(wanted.output)
    if needs_confirmation(wanted.plan) and not wanted.confirm_host:
        return show(Start(screen="confirm", plan=wanted.plan, label=wanted.label, mouse=wanted.mouse), sys.stdout)
    baseline = _baseline(wanted)
    loading = threading.Thread(target=_load_app, daemon=True)
    loading.start()
    handle = anyio.run(start_runner, wanted.request())
    try:
        loading.join()
        code = show(Start(screen="live", run=handle.path, mouse=wanted.mouse), sys.stdout)
    except KeyboardInterrupt:  # before there was a screen to take the key
        from perftui.engine.control.client import ControlClient

        with suppress(UsageError):  # it has ended
            anyio.run(partial(ControlClient(handle.run_id).send, "stop", origin="tui"))
        raise

    from perftui.cli.finish import finish_on_screen
    from perftui.store.liveness import is_live

    if code or is_live(handle.path):
        return code
    return finish_on_screen(wanted, handle.path, baseline)


def _baseline(wanted: Wanted) -> list[LoadedRun]:
    """The runs to compare with, looked up before this run is the latest one."""
    if not wanted.baseline:
        return []
    from perftui.cli.results import chosen_baseline

    return chosen_baseline(wanted.baseline, wanted.plan)


def _load_app() -> None:
    """Import the app; in a thread, while the runner starts."""
    importlib.import_module("perftui.tui.app")
    importlib.import_module("perftui.tui.screens.live")
