"""What stands on the terminal while Textual is loaded: a person who typed a command sees at once that it works.

Free of Textual. The app paints over it; when the app cannot start, the terminal is as it was before.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import TextIO

from perftui.model.errors import ExitCode
from perftui.model.text import safe_text
from perftui.tui.start import Start, opening_lines

_TO_APP_SCREEN = "\x1b[?1049h\x1b[?25l\x1b[2J\x1b[H"
_BACK = "\x1b[?25h\x1b[?1049l"
_BOLD, _PLAIN = "\x1b[1m", "\x1b[0m"


class Curtain:
    """The first paint, until the app takes over."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_up = False

    def raise_(self, lines: Sequence[str]) -> None:
        """Paint a title and the lines below it."""
        columns, rows = os.get_terminal_size(self._stream.fileno())
        title, *rest = (safe_text(line, columns)[:columns] for line in lines)
        self._is_up = True
        painted = "\r\n".join([f"{_BOLD}{title}{_PLAIN}", *rest[: rows - 1]])
        self._write(_TO_APP_SCREEN + painted)

    def lift(self) -> None:
        """The app paints from now on, and leaves the screen by itself."""
        self._is_up = False

    def drop(self) -> None:
        """The app will not come: the terminal as it was."""
        if self._is_up:
            self._is_up = False
            self._write(_BACK)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


@contextmanager
def first_paint(start: Start) -> Iterator[Curtain]:
    """Paint what the app will begin with; leave the terminal clean, whatever ends the block before the app is there."""
    stream = sys.__stderr__  # where Textual draws
    curtain = Curtain(stream if stream is not None else sys.stderr)
    if stream is None or not stream.isatty():
        yield curtain
        return
    before = signal.signal(signal.SIGTERM, _terminated)
    try:
        curtain.raise_(opening_lines(start))
        yield curtain
    finally:
        curtain.drop()
        signal.signal(signal.SIGTERM, before)


def _terminated(_number: int, _frame: FrameType | None) -> None:
    sys.exit(ExitCode.TERMINATED)
