"""Opening the app from a command, and what it leaves in the scrollback."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from perftui.tui.first_paint import Curtain
    from perftui.tui.start import Start


def has_terminal() -> bool:
    """Whether a person sits at both ends: keys from stdin, a screen on stdout that can move its cursor."""
    return sys.stdin.isatty() and sys.stdout.isatty() and not _is_dumb()


def missing_terminal() -> str:
    """Why the app cannot open here, and what to do instead."""
    why = ""
    if sys.stdin.isatty() and sys.stdout.isatty() and _is_dumb():
        why = f" that moves its cursor (TERM is {os.environ.get('TERM', '')!r})"
    return f"the app needs a terminal{why}; without one, use: perftui run PRESET URL --headless"


def _is_dumb() -> bool:
    return os.environ.get("TERM", "") in {"", "dumb"}


def show(start: Start, stream: TextIO, painted: Curtain | None = None) -> int:
    """Open the app; what it leaves is printed to the stream. Returns its exit code.

    Args:
        start: what the app begins with.
        stream: for the scrollback.
        painted: the first paint, where it is up already.
    """
    from perftui.tui.first_paint import first_paint

    with first_paint(start) if painted is None else nullcontext(painted) as curtain:
        from perftui.tui.app import run_app

        left = run_app(start, curtain.lift)
    if left.text:
        print(left.text.rstrip("\n"), file=stream, flush=True)
    return left.code
