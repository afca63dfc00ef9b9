"""What a command line most likely comes to is started before it is read: who types `perftui run` waits less.

A guess: one that turns out wrong costs a process that ends at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from perftui.cli.screen import has_terminal

_NOT_AT_ONCE = ("-h", "--help", "--cluster")
_NO_SCREEN = ("--headless", "--rounds")


@contextmanager
def started_ahead(arguments: Sequence[str]) -> Iterator[None]:
    """Start the process that a run needs next, where the command line means a run; end it where nobody took it."""
    means_run = bool(arguments) and (arguments[0] == "run" or "://" in arguments[0])
    options = {argument.partition("=")[0] for argument in arguments}
    if not means_run or options.intersection(_NOT_AT_ONCE):
        yield
    elif "--detach" in options or (has_terminal() and not options.intersection(_NO_SCREEN)):
        from perftui.engine.runner.ahead import drop_runner, start_runner

        start_runner()
        try:
            yield
        finally:
            drop_runner()
    else:
        from perftui.engine.fleet.ahead import drop_worker, start_worker

        start_worker()
        try:
            yield
        finally:
            drop_worker()
