"""Does things to files below one folder, each session in a thread of its own.

With the URL `file://` the folder is a new one in the system's place for temporary files, and it is removed at the end.
With `file:///some/folder` a new folder is made in that one: nothing outside of it is touched, and it is removed, too.
"""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from stat import S_ISDIR
from threading import Lock
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from perftui.engine.clients.operation import Sent
from perftui.engine.clients.rendering import Renderer
from perftui.engine.clients.reply import Fault, Reply
from perftui.engine.clients.task_driver import TaskOperation
from perftui.engine.clients.thread_client import ThreadClient
from perftui.model.text import safe_text

_DEFAULT_BYTES = 4096
_MOST_READ_BYTES = 64 * 1024 * 1024
_CLASSES = {
    errno.ENOENT: "file.not_found",
    errno.EEXIST: "file.exists",
    errno.EACCES: "file.denied",
    errno.EPERM: "file.denied",
    errno.EROFS: "file.read_only",
    errno.ENOSPC: "file.disk_full",
    errno.EDQUOT: "file.disk_full",
    errno.EISDIR: "file.is_folder",
    errno.ENOTDIR: "file.no_folder",
    errno.EMFILE: "client.descriptors",
    errno.ENFILE: "client.descriptors",
}
_PIECE_BYTES = 256 * 1024
_MOST_PLACES = 4096
_NOISE_BYTES = 1024 * 1024
_ANEW = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
_AT_THE_END = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW


class Request(NamedTuple):
    """What is to be done, with the bytes to write."""

    action: str
    path: str
    data: bytes
    fsync: bool
    table: Mapping[str, Any]
    """As the preset has it, for people."""


Action = Callable[[str, Request, bool], Reply | None]
"""Does something at a place; the last argument is ThreadClient.exchange's `lean`."""


class FileOperation(TaskOperation):
    """An operation of files: its bytes are made once where they are the same."""

    __slots__ = ()

    def _made_by(self, render: Renderer) -> Renderer:
        return lambda values, variables: _request_of(render(values, variables))

    def describe(self, request: Request) -> Sent:
        """As TaskOperation."""
        return super().describe(request.table)


def _request_of(table: Mapping[str, Any]) -> Request:
    data = str(table["text"]).encode() if "text" in table else _noise(int(table.get("size", _DEFAULT_BYTES)))
    return Request(table["file"], table["path"], data, bool(table.get("fsync")), table)


@lru_cache(maxsize=8)
def _noise(size: int) -> bytes:
    """Bytes that cannot be packed; long ones repeat."""
    noise = secrets.token_bytes(min(size, _NOISE_BYTES))
    return noise if size == len(noise) else (noise * (size // len(noise) + 1))[:size]


class FilesClient(ThreadClient):
    """Sessions with nothing but a thread each; all work in one folder."""

    def begin(self) -> None:
        """Make room for the folder."""
        super().begin()
        self._folder = ""
        self._making = Lock()
        self._places: dict[str, str] = {}
        self._actions: dict[str, Action] = {
            "read": _read, "write": _write, "append": _append, "list": _list, "stat": _stat, "delete": _delete,
        }  # fmt: skip

    def open_session(self) -> None:
        """The first one makes the folder.

        Raises:
            Fault: it cannot be made.
        """
        with self._making:
            if self._folder:
                return
            below = unquote(urlsplit(self.target.url).path) or None
            try:
                self._folder = os.path.realpath(tempfile.mkdtemp(prefix="perftui-", dir=below))
            except OSError as error:
                raise Fault("connect.other", f"{safe_text(str(below))}: {error.strerror}", lost=True) from error

    def exchange(self, _session: None, request: Request, lean: bool) -> Reply | None:  # noqa: FBT001 - as ThreadClient
        """One action."""
        path = request.path
        place = self._places.get(path) or self._place(path)
        try:
            return self._actions[request.action](place, request, lean)
        except OSError as error:
            error_class = _CLASSES.get(error.errno or 0, "file.other")
            raise Fault(error_class, f"{request.action} {safe_text(path)}: {error.strerror}") from error

    async def close(self) -> None:
        """End every session and remove the folder."""
        await super().close()
        folder, self._folder = self._folder, ""
        if folder:
            shutil.rmtree(folder, ignore_errors=True)

    def _place(self, path: str) -> str:
        """The path below the folder; a placeholder may have made it anything."""
        place = os.path.normpath(f"{self._folder}/{path}")
        if place != self._folder and not place.startswith(self._folder + os.sep):
            raise Fault("file.outside", f"{safe_text(path)} is outside of the target's folder; it was not touched")
        if len(self._places) < _MOST_PLACES:
            self._places[path] = place
        return place


def _write(place: str, request: Request, lean: bool) -> Reply | None:  # noqa: FBT001 - as exchange
    return _put(place, request, _ANEW, lean)


def _append(place: str, request: Request, lean: bool) -> Reply | None:  # noqa: FBT001 - as exchange
    return _put(place, request, _AT_THE_END, lean)


def _put(place: str, request: Request, flags: int, lean: bool) -> Reply | None:  # noqa: FBT001 - as exchange
    data = request.data
    try:
        descriptor = os.open(place, flags, 0o600)
    except FileNotFoundError:
        Path(place).parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(place, flags, 0o600)
    try:
        written = os.write(descriptor, data)
        while written < len(data):
            written += os.write(descriptor, data[written:])
        if request.fsync:
            os.fsync(descriptor)
        return None if lean else Reply({"written": written, "size": os.fstat(descriptor).st_size})
    finally:
        os.close(descriptor)


def _read(place: str, _request: Request, _lean: bool) -> Reply:  # noqa: FBT001 - as exchange
    descriptor = os.open(place, os.O_RDONLY)
    try:
        data = piece = os.read(descriptor, _PIECE_BYTES)
        while len(piece) == _PIECE_BYTES and len(data) < _MOST_READ_BYTES:
            piece = os.read(descriptor, _PIECE_BYTES)
            data += piece
    finally:
        os.close(descriptor)
    return Reply(data, body_bytes=len(data))


def _list(place: str, _request: Request, _lean: bool) -> Reply:  # noqa: FBT001 - as exchange
    return Reply(sorted(os.listdir(place)))  # noqa: PTH208 - names, not paths


def _stat(place: str, _request: Request, lean: bool) -> Reply | None:  # noqa: FBT001 - as exchange
    found = os.stat(place)  # noqa: PTH116 - no Path is made for a call that takes a microsecond
    if lean:
        return None
    return Reply({"size": found.st_size, "modified": found.st_mtime, "folder": S_ISDIR(found.st_mode)})


def _delete(place: str, _request: Request, lean: bool) -> Reply | None:  # noqa: FBT001 - as exchange
    os.unlink(place)  # noqa: PTH108 - as above
    return None if lean else Reply()
