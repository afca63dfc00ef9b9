"""Text files that somebody else wrote: size and encoding are looked at before anything is believed."""

from __future__ import annotations

from pathlib import Path

from perftui.model.errors import UsageError
from perftui.model.text import safe_text


def read_text(path: Path, most_bytes: int) -> str:
    """The text of a file, without a byte order mark.

    Raises:
        UsageError: not readable, larger than `most_bytes`, or not UTF-8; begins with the path.
    """
    shown = safe_text(str(path))
    try:
        with path.open("rb") as file:
            data = file.read(most_bytes + 1)
    except FileNotFoundError as error:
        raise UsageError(f"{shown}: there is no such file") from error
    except OSError as error:
        raise UsageError(f"{shown}: cannot be read: {error.strerror or error}") from error
    if len(data) > most_bytes:
        size = f"{most_bytes // 1024**2} MiB" if most_bytes >= 1024**2 else f"{most_bytes // 1024} KiB"
        raise UsageError(f"{shown}: larger than {size}")
    return decode_text(data, shown)


def decode_text(data: bytes, shown: str) -> str:
    """The text of bytes, without a byte order mark.

    Raises:
        UsageError: not UTF-8; begins with `shown`.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{shown}: not UTF-8 at byte {error.start:,}; save it as UTF-8") from error
