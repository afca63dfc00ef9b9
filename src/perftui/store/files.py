"""Files that only their owner reads, written whole or not at all."""

from __future__ import annotations

import codecs
import os
import stat
from pathlib import Path

from perftui.model.errors import UsageError

PRIVATE_FILE = 0o600
PRIVATE_DIRECTORY = 0o700
_OTHERS_WRITE = 0o022
_NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class FileCalls:
    """The system calls that may fail on a bad disk, in one place so that a test can make the n-th fail."""

    def write(self, descriptor: int, data: bytes) -> int:
        """Write bytes; may write fewer."""
        return os.write(descriptor, data)

    def fsync(self, descriptor: int) -> None:
        """Wait until the disk has it."""
        os.fsync(descriptor)

    def replace(self, source: Path, target: Path) -> None:
        """Rename over an existing file."""
        source.replace(target)

    def truncate(self, descriptor: int, length: int) -> None:
        """Cut a file."""
        os.ftruncate(descriptor, length)


SYSTEM_CALLS = FileCalls()


def make_private_directory(path: Path) -> None:
    """Make a folder with mode 0700, and its parents, whatever the umask. An existing one must be ours, and stays so.

    Raises:
        UsageError: it is a symbolic link, no folder, belongs to somebody else, or others may write there.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir(mode=PRIVATE_DIRECTORY)
    except FileExistsError:
        if not path.parent.is_dir():
            raise UsageError(f"{path.parent}: is not a folder; see PERFTUI_DATA_DIR, PERFTUI_RUNTIME_DIR") from None
        check_private_directory(path)
        if path.stat().st_mode & _OTHERS_WRITE:
            raise UsageError(f"{path}: other users may write there; close it with: chmod go-w {path}") from None
    except OSError as error:
        raise UsageError(
            f"{path}: cannot be made: {error.strerror}; see PERFTUI_DATA_DIR, PERFTUI_RUNTIME_DIR"
        ) from error


def check_private_directory(path: Path) -> None:
    """Refuse a folder that somebody else could have put there.

    Raises:
        UsageError: it is a symbolic link, no folder, or belongs to somebody else.
    """
    try:
        found = path.lstat()
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}") from error
    if stat.S_ISLNK(found.st_mode):
        raise UsageError(f"{path}: is a symbolic link; perftui keeps runs only in a real folder")
    if not stat.S_ISDIR(found.st_mode):
        raise UsageError(f"{path}: is not a folder")
    if found.st_uid != os.getuid():
        raise UsageError(f"{path}: belongs to another user")


def open_new(path: Path, access: int = os.O_WRONLY) -> int:
    """A descriptor of a new file with mode 0600, whatever the umask; symbolic links are not followed.

    Args:
        path: the file; it must not exist.
        access: how it is opened.

    Raises:
        OSError: it exists, or cannot be made.
    """
    descriptor = os.open(path, _NEW_FILE | access, PRIVATE_FILE)
    try:
        os.fchmod(descriptor, PRIVATE_FILE)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def write_atomic(path: Path, data: bytes, calls: FileCalls = SYSTEM_CALLS) -> None:
    """Replace a file by new content: readers see the old or the new, never a part, also after a power failure.

    Raises:
        OSError: the disk refused; the old content is still there.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.unlink(missing_ok=True)
    try:
        descriptor = open_new(temporary)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[calls.write(descriptor, bytes(rest)) :]
            calls.fsync(descriptor)
        finally:
            os.close(descriptor)
        calls.replace(temporary, path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_directory(path.parent, calls)


def sync_directory(path: Path, calls: FileCalls = SYSTEM_CALLS) -> None:
    """Make names in a folder durable.

    Raises:
        OSError: the disk refused.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        calls.fsync(descriptor)
    finally:
        os.close(descriptor)


def without_mark(data: bytes, shown: str) -> bytes:
    """The bytes of a text that somebody saved, without a byte order mark.

    Raises:
        UsageError: it is UTF-16.
    """
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UsageError(f"{shown}: is UTF-16, as some shells write; save it as UTF-8")
    return data.removeprefix(codecs.BOM_UTF8)


def read_limited(path: Path, limit_bytes: int) -> bytes:
    """The content of a regular file that is no symbolic link.

    Raises:
        UsageError: it cannot be read, or is larger than the limit.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise UsageError(f"{path}: is not a file")
        with os.fdopen(descriptor, "rb") as file:
            data = file.read(limit_bytes + 1)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from error
    if len(data) > limit_bytes:
        raise UsageError(f"{path}: is larger than {limit_bytes // 1024**2} MiB; it is not read")
    return data
