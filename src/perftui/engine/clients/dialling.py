"""Opening connections: to a Unix socket, or to the addresses of a target in turn."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import count

from perftui.engine.clients.client import Addresses


class Dialler:
    """Knows where connections go."""

    def __init__(self, loop: asyncio.AbstractEventLoop, addresses: Addresses, unix_socket: str = "") -> None:
        self._loop = loop
        self.addresses = addresses
        """Used in turn."""
        self._unix_socket = unix_socket
        self._turn = count()

    async def dial(self, protocol: Callable[[], asyncio.Protocol]) -> None:
        """Open a connection: to the socket, or to the next address and, where that refuses, to the ones after it.

        Raises:
            OSError: none of them took it; the first problem.
        """
        if self._unix_socket:
            await self._loop.create_unix_connection(protocol, self._unix_socket)
            return
        problem: OSError | None = None
        first = next(self._turn)
        for offset in range(len(self.addresses)):
            host, port = self.addresses[(first + offset) % len(self.addresses)]
            try:
                await self._loop.create_connection(protocol, host, port)
            except OSError as error:
                problem = problem or error
            else:
                return
        raise problem or OSError("the target has no address")
