"""Where runs, configuration and sockets live. The environment variables PERFTUI_*_DIR override each."""

from __future__ import annotations

import hashlib
import os
import tempfile
import warnings
from pathlib import Path

import platformdirs

from perftui.model.errors import UsageError
from perftui.store.files import make_private_directory

_APP = "perftui"
_MOST_SOCKET_PATH_BYTES = 100
"""sun_path holds 108 bytes on Linux and 104 on macOS, its end included."""


def runs_directory() -> Path:
    """The folder of all runs; not created.

    Raises:
        UsageError: nobody says where, and this user has no home.
    """
    chosen = os.environ.get("PERFTUI_DATA_DIR", "")
    if chosen:
        return Path(chosen).absolute() / "runs"
    try:
        return platformdirs.user_data_path(_APP, appauthor=False) / "runs"
    except RuntimeError as error:
        raise UsageError(
            f"user {os.getuid()} has no home directory to keep runs in; name a folder: PERFTUI_DATA_DIR=/some/folder"
        ) from error


def runtime_directory() -> Path:
    """The folder of control sockets; not created."""
    chosen = os.environ.get("PERFTUI_RUNTIME_DIR", "")
    if chosen:
        path = Path(chosen).absolute()
        return path / f"{_APP}-{os.getuid()}" if _is_shared(path) else path
    if os.environ.get("XDG_RUNTIME_DIR") or not hasattr(os, "getuid"):
        with warnings.catch_warnings(action="ignore"):  # of another user, as under sudo: there is a fallback
            return platformdirs.user_runtime_path(_APP, appauthor=False)
    return _short_directory()


def socket_path(run_id: str) -> Path:
    """The control socket of a run. Its folder is made, private to the user.

    Raises:
        UsageError: the folder belongs to somebody else, or is a symbolic link.
    """
    path = runtime_directory() / f"{run_id}.sock"
    if len(os.fsencode(path)) > _MOST_SOCKET_PATH_BYTES:
        digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:24]
        path = _short_directory() / f"{digest}.sock"
    make_private_directory(path.parent)
    return path


def existing_part(folder: Path) -> Path:
    """The folder, or its nearest parent that exists and may be looked at."""
    # Path.exists raises where os.path.exists says no: in a folder that is closed to us
    return next(path for path in (folder, *folder.parents) if os.path.exists(path))  # noqa: PTH110 - see above


def _is_shared(folder: Path) -> bool:
    """Whether a folder is there and not ours alone, such as /tmp."""
    try:
        found = folder.stat()
    except OSError:
        return False
    return found.st_uid != os.getuid() or bool(found.st_mode & 0o077)


def _short_directory() -> Path:
    try:
        temporary = tempfile.gettempdir()
    except FileNotFoundError:  # a disk that is read-only but for one folder
        return runs_directory().parent / "run"
    return Path(temporary) / f"{_APP}-{os.getuid()}"
