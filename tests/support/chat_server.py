"""A WebSocket server on the `websockets` library: answers, pushes, closes and breaks as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from support.own_loop import own_loop


class ChatServer:
    """Counts what it was sent."""

    def __init__(self) -> None:
        self.messages = 0
        self.connections = 0
        self.open = 0
        self.most_open = 0
        self.binary = 0
        """Messages in binary frames."""
        self.headers: list[dict[str, str]] = []
        self.port = 0

    async def handle(self, connection: ServerConnection) -> None:
        """Answer one connection."""
        self.connections += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        assert connection.request is not None
        self.headers.append(dict(connection.request.headers.raw_items()))
        try:
            async for message in connection:
                self.messages += 1
                self.binary += isinstance(message, bytes)
                await self._answer(connection, message)
        except ConnectionClosed:
            pass
        finally:
            self.open -= 1

    async def _answer(self, connection: ServerConnection, message: str | bytes) -> None:
        text = message if isinstance(message, str) else message.decode("latin-1")
        verb, _, rest = text.partition(" ")
        match verb:
            case "close":
                await connection.close(int(rest), "as you wish")
            case "cut":
                connection.transport.abort()
            case "sleep":
                await asyncio.sleep(float(rest))
                await connection.send(text)
            case "parts":
                await connection.send(["a", "b", "c"])
            case "flood":
                await connection.send("x" * int(rest))
            case "pushes":
                for number in range(int(rest)):
                    await connection.send(str(number))
            case _ if text.startswith("{"):
                await connection.send(json.dumps({"push": "somebody came"}))
                await connection.send(json.dumps({"id": json.loads(text).get("id"), "said": "hello"}))
            case _:
                await connection.send(message)


@contextmanager
def chat_server(**options: object) -> Iterator[ChatServer]:
    """A server on a free port, for as long as the block lasts."""
    server = ChatServer()

    @asynccontextmanager
    async def serving() -> AsyncIterator[asyncio.Server]:
        async with serve(server.handle, "127.0.0.1", 0, **options) as listening:  # type: ignore[arg-type]  # handed on
            yield listening.server

    with own_loop(serving) as server.port:
        yield server
