"""The runner's end of the control socket: only its owner reaches it, and no client can hold the runner up."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import anyio
import msgspec
from anyio.abc import SocketStream, TaskStatus
from anyio.streams.buffered import BufferedByteReceiveStream

from perftui.engine.control.messages import MOST_LINE_BYTES, Reply, Request
from perftui.model.errors import PerftuiError, UsageError
from perftui.model.text import safe_text
from perftui.store.safe_reading import safe_json

MOST_CLIENTS = 64
IDLE_S = 30.0
"""Who has sent no command for so long, and is no viewer, is hung up on."""
_CROWDED = f"{MOST_CLIENTS} viewers are connected already; close one of them"
_WRITE_S = 2.0


class ControlServer:
    """Takes requests and answers each."""

    def __init__(self, path: Path, apply: Callable[[Request], None], lost: Callable[[], None]) -> None:
        """Serve at a path.

        Args:
            path: of the socket; a leftover there is replaced.
            apply: does what a request says; raises PerftuiError with the reason when it cannot.
            lost: called when an attached viewer went without saying so.
        """
        self._path = path
        self._apply = apply
        self._lost = lost
        self._clients: dict[SocketStream, None] = {}
        """In the order in which they came."""
        self._viewers: set[SocketStream] = set()

    async def serve(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Serve until cancelled; the socket is removed then.

        Raises:
            UsageError: there can be no socket.
        """
        try:
            with suppress(FileNotFoundError):
                self._path.unlink()
            listener = await anyio.create_unix_listener(self._path, mode=0o600)
        except OSError as error:
            raise UsageError(
                f"{self._path}: the control socket cannot be made: {error.strerror}; see PERFTUI_RUNTIME_DIR"
            ) from error
        try:
            task_status.started()
            async with listener:
                await listener.serve(self._client)
        finally:
            self._path.unlink(missing_ok=True)

    async def _client(self, stream: SocketStream) -> None:
        if not await self._has_room():
            with suppress(anyio.BrokenResourceError, TimeoutError), anyio.fail_after(_WRITE_S):
                await stream.send(msgspec.json.encode(Reply(ok=False, problem=_CROWDED)) + b"\n")
            await stream.aclose()
            return
        self._clients[stream] = None
        try:
            async with stream:
                lines = BufferedByteReceiveStream(stream)
                while True:
                    # a viewer says nothing for hours; whoever else does holds a place for nothing
                    with anyio.fail_after(None if stream in self._viewers else IDLE_S):
                        line = await lines.receive_until(b"\n", MOST_LINE_BYTES)
                    reply = self._answer(line, stream)
                    with anyio.fail_after(_WRITE_S):
                        await stream.send(msgspec.json.encode(reply) + b"\n")
        except (
            anyio.IncompleteRead,
            anyio.DelimiterNotFound,
            anyio.BrokenResourceError,
            anyio.ClosedResourceError,
            TimeoutError,
        ):
            if stream in self._viewers:
                self._lost()
        finally:
            self._viewers.discard(stream)
            self._clients.pop(stream, None)

    async def _has_room(self) -> bool:
        """Whether one more is served; the one that came first and is no viewer makes room for it."""
        if len(self._clients) < MOST_CLIENTS:
            return True
        oldest = next((stream for stream in self._clients if stream not in self._viewers), None)
        if oldest is None:
            return False
        self._clients.pop(oldest)
        await oldest.aclose()
        return True

    def _answer(self, line: bytes, stream: SocketStream) -> Reply:
        try:
            request = msgspec.json.decode(safe_json(line), type=Request)
            if request.kind == "attach":
                self._viewers.add(stream)
            elif request.kind == "detach":
                self._viewers.clear()
            else:
                self._apply(request)
        except (ValueError, RecursionError) as error:
            return Reply(ok=False, problem=f"not a command: {safe_text(str(error))}")
        except PerftuiError as error:
            return Reply(ok=False, problem=str(error))
        return Reply()
