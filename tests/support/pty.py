"""A real terminal around a program: a pseudo-terminal with a size, read only when the test says so."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

_ESCAPE = re.compile(
    rb"\x1b\[[0-9;:<=>?]*[ -/]*[@-~]"  # CSI
    rb"|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)"  # OSC and the other strings
    rb"|\x1b[ -/]*[0-~]"  # the short ones
)
_PIECE = 65536


class Terminal:
    """A program on a pseudo-terminal. Output waits in the kernel until a method reads it."""

    def __init__(
        self, command: Sequence[str], environment: dict[str, str], *, columns: int, rows: int, cwd: Path | None
    ) -> None:
        self.master, slave = pty.openpty()
        self.modes_before = termios.tcgetattr(slave)
        self._slave = slave
        self.resize(columns, rows)
        self.process = subprocess.Popen(
            list(command),
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment,
            cwd=cwd,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509 - one ioctl, no lock taken
        )
        self.captured = bytearray()
        self._closed = False

    @property
    def text(self) -> str:
        """All that was written so far, without escape sequences: what stood on the screen at any time."""
        return _ESCAPE.sub(b" ", bytes(self.captured)).decode(errors="replace")

    def resize(self, columns: int, rows: int) -> None:
        """Change the size, as a window does."""
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def send(self, keys: str | bytes) -> None:
        """Type."""
        os.write(self.master, keys.encode() if isinstance(keys, str) else keys)

    def read(self, seconds: float = 0.1) -> bytes:
        """Read what comes within the time."""
        start = len(self.captured)
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            if not self._read_piece(left):
                break
        return bytes(self.captured[start:])

    def wait_for(self, text: str, timeout_s: float = 40.0, *, since: int = 0) -> None:
        """Read until the text was written, at or behind the captured byte `since`.

        Raises:
            AssertionError: it was not within the time.
        """
        deadline = time.monotonic() + timeout_s
        while text not in _ESCAPE.sub(b"", bytes(self.captured[since:])).decode(errors="replace"):
            if time.monotonic() > deadline or (not self._read_piece(0.2) and self.process.poll() is not None):
                shown = _ESCAPE.sub(b" ", bytes(self.captured[since:])).decode(errors="replace")
                raise AssertionError(f"{text!r} did not appear within {timeout_s:g} s; seen: {shown[-2000:]!r}")

    def wait(self, timeout_s: float = 40.0) -> int:
        """Read until the program has ended; its exit code.

        Raises:
            AssertionError: it did not end within the time.
        """
        deadline = time.monotonic() + timeout_s
        while self.process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError(f"still running after {timeout_s:g} s; last seen: {self.text[-800:]!r}")
            self._read_piece(0.1)
        self.read(0.2)
        return self.process.returncode

    @property
    def modes_restored(self) -> bool:
        """Whether the terminal's settings are those from before the program."""
        return termios.tcgetattr(self._slave) == self.modes_before

    def hang_up(self) -> None:
        """Close the terminal under the program, as a lost connection does."""
        if not self._closed:
            self._closed = True
            os.close(self._slave)
            os.close(self.master)

    def end(self) -> None:
        """Kill the program when it still runs and close the terminal."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        self.hang_up()

    def _read_piece(self, seconds: float) -> bool:
        """Read once; whether the terminal may still say something."""
        ready, _, _ = select.select([self.master], [], [], seconds)
        if not ready:
            return self.process.poll() is None
        try:
            data = os.read(self.master, _PIECE)
        except OSError:
            return False
        self.captured += data
        return bool(data)


@contextlib.contextmanager
def terminal(
    command: Sequence[str], environment: dict[str, str], *, columns: int = 120, rows: int = 36, cwd: Path | None = None
) -> Iterator[Terminal]:
    """Run a command on a terminal of its own while the block lasts."""
    made = Terminal(command, environment, columns=columns, rows=rows, cwd=cwd)
    try:
        yield made
    finally:
        made.end()


def _take_terminal() -> None:
    # the child is a session leader: this makes the pseudo-terminal its controlling one, so that it gets SIGHUP
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
