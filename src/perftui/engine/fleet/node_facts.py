"""What a machine of a cluster is and has, and where it keeps the files of a plan."""

from __future__ import annotations

import atexit
import os
import platform
import resource
import shutil
import tempfile
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil
from msgspec import Struct

from perftui.model.text import safe_text

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - the folder made in it is this user's only


_PREFIX = "perftui-files-"


class NodeFacts(Struct, frozen=True, kw_only=True):
    """As the machine itself says."""

    host: str
    boot_id: str
    """Tells whether two processes read one clock; empty: not known."""
    perftui: str
    python: str
    uvloop: str
    cores: int
    memory_bytes: int
    files: int
    """The most files that a process may open; 0: no limit."""
    kernel: str


def facts() -> NodeFacts:
    """Of this machine."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    return NodeFacts(
        host=safe_text(platform.node(), 64),
        boot_id=boot_id(),
        perftui=_version("perftui"),
        python=platform.python_version(),
        uvloop=_version("uvloop"),
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        memory_bytes=psutil.virtual_memory().total,
        files=0 if hard == resource.RLIM_INFINITY else hard,
        kernel=f"{platform.system()} {platform.release()}",
    )


def boot_id() -> str:
    """Which start of which machine this is."""
    try:
        return _BOOT_ID.read_text("ascii").strip()
    except (OSError, ValueError):
        return ""


def unpack_files(files: dict[str, bytes], old: str = "") -> tuple[str, dict[str, str]]:
    """Write files into a folder of their own, in memory where the system has such a place.

    Args:
        files: contents by the path they have on the runner's machine.
        old: folder to remove first; empty: none.

    Returns:
        The folder, empty where there are no files, and the path of each file in it. What was in one folder still is.
    """
    if old:
        shutil.rmtree(old, ignore_errors=True)
    if not files:
        return "", {}
    below = _IN_MEMORY if os.access(_IN_MEMORY, os.W_OK) else Path(tempfile.gettempdir())
    _remove_orphans(below)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=below))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # the runner may be gone before it says that it leaves
    places: dict[str, str] = {}
    together = {parent: str(number) for number, parent in enumerate(dict.fromkeys(Path(path).parent for path in files))}
    for path, content in files.items():
        place = folder / together[Path(path).parent] / Path(path).name
        place.parent.mkdir(mode=0o700, exist_ok=True)
        place.touch(mode=0o600)
        place.write_bytes(content)
        places[path] = str(place)
    return str(folder), places


def _remove_orphans(below: Path) -> None:
    """Remove what processes left that were killed: nobody else will, and it may be a password."""
    for folder in below.glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).partition("-")[0]
        with suppress(OSError):
            if owner.isdecimal() and folder.lstat().st_uid == os.getuid() and not psutil.pid_exists(int(owner)):
                shutil.rmtree(folder, ignore_errors=True)


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
