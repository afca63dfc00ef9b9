"""The command `perftui`: what comes before any heavy import, and how errors end."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from perftui import __version__

_WINDOWS = "perftui runs on Linux and macOS; on Windows, use it inside WSL"
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (model/errors.py lists them)."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if sys.platform == "win32":
        print(_WINDOWS, file=sys.stderr)
        return 2
    from perftui.cli.streams import prepare_streams
    from perftui.model.one_thread import ONE_THREAD

    for name, value in ONE_THREAD.items():
        os.environ.setdefault(name, value)
    prepare_streams()
    if given == ["--version"]:
        try:
            print(f"perftui {__version__}", flush=True)
        except OSError as error:  # a full disk, or nobody reads
            from perftui.cli.failures import failed

            return failed(error)
        return 0
    try:
        from perftui.cli.ahead import started_ahead

        with started_ahead(given):
            from perftui.cli.failures import guarded

            return guarded(given)
    except KeyboardInterrupt:  # while modules load
        return _INTERRUPTED
