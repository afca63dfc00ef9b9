"""The standard streams as every command may expect them: open, and able to take any text."""

from __future__ import annotations

import io
import os
import sys


def prepare_streams() -> None:
    """Open to nowhere what the caller closed (`>&-`), and let no character end a command.

    Results are UTF-8 whatever the locale says, for the programs that read them; a terminal of another encoding shows
    `?` for what it lacks.
    """
    # in this order each takes the lowest free number, its own: no journal or socket becomes descriptor 1 or 2
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123 - as long as we live
    for stream in (sys.stdout, sys.stderr):  # the app draws on the second
        if isinstance(stream, io.TextIOWrapper) and stream.encoding.lower() not in {"utf-8", "utf8"}:
            stream.reconfigure(encoding=stream.encoding if stream.isatty() else "utf-8", errors="replace")


def leave_stdout() -> None:
    """Nobody reads any more (`| head`, a closed terminal): write to nowhere, or Python would complain when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
