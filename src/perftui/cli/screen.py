"""Opening the app from a command, and what it leaves in the scrollback."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from perftui.tui.start import Start


def has_terminal() -> bool:
    """Whether a person sits at both ends: keys from stdin, a screen on stdout that can move its cursor."""
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM", "") not in {"", "dumb"}


def show(start: Start, stream: TextIO) -> int:
    """Open the app; what it leaves is printed to the stream. Returns its exit code."""
    from perftui.tui.app import run_app

    left = run_app(start)
    if left.text:
        print(left.text.rstrip("\n"), file=stream, flush=True)
    return left.code
