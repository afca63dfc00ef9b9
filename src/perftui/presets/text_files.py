"""Text files that somebody else wrote: size and encoding are looked at before anything is believed."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from perftui.model.errors import UsageError
from perftui.model.text import safe_text

MOST_UPLOAD_BYTES = 64 * 1024 * 1024
"""Of a file that is sent: each worker holds it in memory."""


def read_text(path: Path, most_bytes: int, *, may_be_pipe: bool = False) -> str:
    """The text of a file, without a byte order mark.

    Args:
        path: the file.
        most_bytes: what is larger is refused.
        may_be_pipe: whether a pipe will do: for what stands on the command line, such as `<(...)` of a shell.

    Raises:
        UsageError: not readable, no file, larger than `most_bytes`, or not UTF-8; begins with the path.
    """
    return decode_text(read_data(path, most_bytes, may_be_pipe=may_be_pipe), safe_text(str(path)))


def read_data(path: Path, most_bytes: int, *, may_be_pipe: bool = False) -> bytes:
    """The bytes of a file.

    Raises:
        UsageError: as read_text.
    """
    shown = safe_text(str(path))
    if problem := file_problem(path, most_bytes, may_be_pipe=may_be_pipe):
        raise UsageError(f"{shown}: {problem}")
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except OSError as error:
        raise UsageError(f"{shown}: cannot be read: {error.strerror or error}") from error
    if len(data) > most_bytes:
        raise UsageError(f"{shown}: larger than {_size(most_bytes)}")
    return data


def file_problem(path: Path, most_bytes: int, *, may_be_pipe: bool = False) -> str:
    """Why a file is not opened: a pipe may hang for ever, a device may never end; empty when it can be."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return "there is no such file"
    except (OSError, ValueError) as error:
        return f"cannot be read: {getattr(error, 'strerror', None) or error}"
    if not stat.S_ISREG(found.st_mode):
        return "" if may_be_pipe and stat.S_ISFIFO(found.st_mode) else "is not a file"
    if not os.access(path, os.R_OK):
        return f"cannot be read: {os.strerror(errno.EACCES)}"
    return f"larger than {_size(most_bytes)}" if found.st_size > most_bytes else ""


def _size(most_bytes: int) -> str:
    return f"{most_bytes // 1024**2} MiB" if most_bytes >= 1024**2 else f"{most_bytes // 1024} KiB"


def decode_text(data: bytes, shown: str) -> str:
    """The text of bytes, without a byte order mark.

    Raises:
        UsageError: not UTF-8; begins with `shown`.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown}: not UTF-8 at byte {error.start:,}; save it as UTF-8") from error
