"""Steering a live run from another process of the same user."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import Literal

import anyio
import msgspec
from anyio.abc import ByteStream, SocketStream, TaskStatus
from anyio.streams.buffered import BufferedByteReceiveStream

from perftui.engine.control.messages import MOST_LINE_BYTES, CommandKind, Reply, Request
from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.store.paths import socket_path

ANSWER_S = 5.0


class ControlClient:
    """Sends commands to the runner of one run."""

    def __init__(self, run_id: str) -> None:
        self._run_id = run_id

    async def send(
        self,
        kind: CommandKind,
        *,
        level: float | None = None,
        text: str = "",
        origin: Literal["tui", "ctl"] = "ctl",
    ) -> None:
        """Have the runner do something, and wait until it says that it did.

        Args:
            kind: what.
            level: for `level`: arrivals per second, or users; for `scale`: the factor.
            text: for `mark`.
            origin: who asks; becomes part of the event.

        Raises:
            UsageError: the run is not running, or the runner refuses the command in words.
        """
        if kind in {"level", "scale"} and (level is None or not math.isfinite(level) or level < 0):
            what = "a number of requests per second, or of users" if kind == "level" else "a factor, such as 1.2"
            raise UsageError(f"{kind}: give {what}")
        async with await self._connect() as stream:
            await _ask(stream, Request(kind=kind, level=level, text=safe_text(text), origin=origin))

    async def hold(self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED) -> None:
        """Be the viewer whose loss matters to a plan with on_disconnect = "stop", until the run ends.

        When the process dies, or this is cancelled without `release` before it, the runner takes the viewer for lost.

        Args:
            task_status: started once the runner knows of this viewer.

        Raises:
            UsageError: the run is not running.
        """
        async with await self._connect() as stream:
            await _ask(stream, Request(kind="attach", origin="tui"))
            task_status.started()
            with suppress(anyio.EndOfStream, anyio.BrokenResourceError):
                while True:
                    await stream.receive()

    async def release(self) -> None:
        """Viewers may go from now on: the run goes on to its end whatever its plan says about lost viewers.

        Raises:
            UsageError: the run is not running.
        """
        async with await self._connect() as stream:
            await _ask(stream, Request(kind="detach", origin="tui"))

    async def _connect(self) -> SocketStream:
        try:
            with anyio.fail_after(ANSWER_S):
                return await anyio.connect_unix(socket_path(self._run_id))
        except (OSError, TimeoutError) as error:
            raise UsageError(f"{safe_text(self._run_id)}: is not running") from error


async def _ask(stream: ByteStream, request: Request) -> None:
    try:
        with anyio.fail_after(ANSWER_S):
            await stream.send(msgspec.json.encode(request) + b"\n")
            line = await BufferedByteReceiveStream(stream).receive_until(b"\n", MOST_LINE_BYTES)
        reply = msgspec.json.decode(line, type=Reply)
    except (OSError, TimeoutError, anyio.BrokenResourceError, anyio.IncompleteRead) as error:
        raise UsageError("the run ended before it answered") from error
    except (anyio.DelimiterNotFound, msgspec.DecodeError) as error:
        raise UsageError("the run gave no answer that makes sense; is it of another version of perftui?") from error
    if not reply.ok:
        raise UsageError(safe_text(reply.problem))
