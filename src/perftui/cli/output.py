"""Where a command's data goes: stdout, or a file that is whole or not there."""

from __future__ import annotations

import errno
import os
import shutil
import sys
import tempfile
from pathlib import Path

import click

from perftui.cli.failures import tell
from perftui.cli.streams import leave_stdout
from perftui.model.errors import PerftuiError, UsageError

_PIPE_WIDTH = 400
_NOBODY_READS = {errno.EPIPE, errno.EIO}
_LEAST_WIDTH = 60


def write_output(text: str, output: Path | None) -> None:
    """Print the text, or put it into the file in one step.

    Raises:
        PerftuiError: stdout takes no more, such as on a full disk.
        UsageError: the file cannot be written.
    """
    if output is None:
        try:
            sys.stdout.write(text if text.endswith("\n") else text + "\n")
            sys.stdout.flush()
        except OSError as error:
            leave_stdout()
            if error.errno not in _NOBODY_READS:
                raise PerftuiError(f"stdout: cannot be written: {(error.strerror or str(error)).lower()}") from error
        return
    try:
        _write_file(output.absolute(), text.encode())
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {(error.strerror or str(error)).lower()}") from error
    tell(f"written: {output}")


def _write_file(path: Path, data: bytes) -> None:
    if _is_device(path):
        path.write_bytes(data)
        return
    from perftui.store.files import write_atomic

    umask = os.umask(0o077)
    os.umask(umask)
    file = path.resolve()  # a link stays one
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o666 & ~umask
    write_atomic(file, data)
    file.chmod(mode)


def _is_device(path: Path) -> bool:
    """Whether it is something that cannot be replaced by a file: /dev/null, /dev/stdout, a pipe of the shell."""
    return path.exists() and not path.is_file()


def check_output(output: Path | None) -> None:
    """Find out before a long run whether its result can be written.

    Raises:
        UsageError: the folder of the file does not exist, or is closed to this user.
    """
    if output is None:
        return
    folder = output.absolute().parent
    if not folder.is_dir():
        raise UsageError(f"{output}: the folder {folder} does not exist")
    try:
        if _is_device(output):
            if not os.access(output, os.W_OK):
                raise PermissionError(errno.EACCES, "this user cannot write there")
            return
        # tried out: for root and on read-only disks, modes say nothing
        file = output.resolve()
        with tempfile.NamedTemporaryFile(prefix=".perftui-", dir=file.parent):
            if not file.exists():
                file.touch(exist_ok=False)
                file.unlink()
    except OSError as error:
        raise UsageError(f"{output}: cannot be written: {(error.strerror or str(error)).lower()}") from error


def width() -> int:
    """Columns for tables: the terminal's, or what COLUMNS says; nothing is cut for a pipe."""
    if not sys.stdout.isatty() and "COLUMNS" not in os.environ:
        return _PIPE_WIDTH
    return max(_LEAST_WIDTH, shutil.get_terminal_size((80, 24)).columns)


def confirmed(question: str, *, yes: bool, instead: str) -> bool:
    """Ask before something is lost.

    Raises:
        UsageError: nobody can be asked, and `--yes` was not given.
    """
    if yes:
        return True
    if not sys.stdin.isatty():
        raise UsageError(f"{instead}; without a terminal, say --yes")
    return click.confirm(question, default=False, err=True)
