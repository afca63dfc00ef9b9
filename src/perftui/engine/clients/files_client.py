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
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from perftui.engine.clients.own_thread import OwnThread
from perftui.engine.clients.reply import Fault, Reply
from perftui.engine.clients.task_client import TaskClient
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
Did = tuple[object, int]
"""What an action gives, and the bytes it read."""


class FilesClient(TaskClient):
    """Sessions with a thread each; all work in one folder."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as TaskClient
        super().__init__(*arguments, **options)
        self._folder: Path | None = None
        self._noise = secrets.token_bytes(1 << 20)

    async def open_session(self) -> OwnThread:
        """A thread; the first one makes the folder.

        Raises:
            Fault: the folder cannot be made.
        """
        if self._folder is None:
            below = unquote(urlsplit(self.target.url).path) or None
            try:
                self._folder = Path(tempfile.mkdtemp(prefix="perftui-", dir=below))
            except OSError as error:
                raise Fault("connect.other", f"{safe_text(str(below))}: {error.strerror}", lost=True) from error
        return OwnThread(self.loop, "files")

    async def exchange(self, session: OwnThread, request: dict[str, Any]) -> Reply:
        """One action, in the session's thread."""
        path = self._place(request["path"])
        action: Callable[[Path, dict[str, Any]], Did] = getattr(self, f"_{request['file']}")
        try:
            (value, read_bytes), ended_ns = await session.run(lambda: action(path, request))
        except OSError as error:
            error_class = _CLASSES.get(error.errno or 0, "file.other")
            detail = f"{request['file']} {safe_text(request['path'])}: {error.strerror}"
            raise Fault(error_class, detail) from error
        return Reply(value, body_bytes=read_bytes, ended_ns=ended_ns)

    async def close_session(self, session: OwnThread) -> None:
        """End the thread after what it does."""
        session.close()

    async def close(self) -> None:
        """End every session and remove the folder."""
        await super().close()
        folder, self._folder = self._folder, None
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)

    def _place(self, path: str) -> Path:
        """The path below the folder; a placeholder may have made it anything."""
        assert self._folder is not None
        place = Path(os.path.normpath(self._folder / path.lstrip("/")))
        if not place.is_relative_to(self._folder):
            raise Fault("file.outside", f"{safe_text(path)} is outside of the target's folder; it was not touched")
        return place

    def _data(self, request: dict[str, Any]) -> bytes:
        if "text" in request:
            return str(request["text"]).encode()
        size = int(request.get("size", _DEFAULT_BYTES))
        noise = self._noise
        return noise[:size] if size <= len(noise) else (noise * (size // len(noise) + 1))[:size]

    def _read(self, path: Path, _request: dict[str, Any]) -> Did:
        with path.open("rb", buffering=0) as file:
            data = file.read(_MOST_READ_BYTES) or b""
        return data, len(data)

    def _write(self, path: Path, request: dict[str, Any]) -> Did:
        return self._put(path, request, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def _append(self, path: Path, request: dict[str, Any]) -> Did:
        return self._put(path, request, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def _put(self, path: Path, request: dict[str, Any], flags: int) -> Did:
        data = self._data(request)
        try:
            descriptor = os.open(path, flags | os.O_NOFOLLOW, 0o600)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, flags | os.O_NOFOLLOW, 0o600)
        try:
            written = os.write(descriptor, data)
            while written < len(data):
                written += os.write(descriptor, data[written:])
            if request.get("fsync"):
                os.fsync(descriptor)
            size = os.fstat(descriptor).st_size
        finally:
            os.close(descriptor)
        return {"written": written, "size": size}, 0

    def _list(self, path: Path, _request: dict[str, Any]) -> Did:
        names = sorted(os.listdir(path))  # noqa: PTH208 - names, not paths
        return names, 0

    def _stat(self, path: Path, _request: dict[str, Any]) -> Did:
        found = path.stat()
        return {"size": found.st_size, "modified": found.st_mtime, "folder": path.is_dir()}, 0

    def _delete(self, path: Path, _request: dict[str, Any]) -> Did:
        path.unlink()
        return None, 0
