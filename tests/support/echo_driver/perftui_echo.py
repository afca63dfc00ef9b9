"""A driver as a stranger would write it: lines of text to a server that sends them back."""

from __future__ import annotations

import asyncio

from perftui.engine.clients.kit import ANY_PLACEHOLDER, Fault, Key, Reply, TaskClient, TaskDriver, Text

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class EchoClient(TaskClient):
    async def open_session(self) -> Streams:
        return await asyncio.open_connection(*self.addresses[0])

    async def exchange(self, session: Streams, request: dict[str, str]) -> Reply:
        reader, writer = session
        writer.write(request["say"].encode() + b"\n")
        line = await reader.readline()
        if not line.endswith(b"\n"):
            raise Fault("closed", "the server closed the connection", lost=True)
        return Reply(line.decode().rstrip("\n"), body_bytes=len(line))

    async def close_session(self, session: Streams) -> None:
        session[1].close()


DRIVER = TaskDriver(
    name="echo",
    schemes={"echo": 7},
    keys={"say": Key(Text(allow=ANY_PLACEHOLDER), "The line to send.", required=True)},
    client=lambda: EchoClient,
)
