"""How connections to databases on the network are opened, whatever the driver."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Any, cast

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.host_class import classify
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.sql.statements import url_of
from perftui.engine.clients.target_pool import TargetPool
from perftui.engine.clients.tls import client_context


def check_still_there(host: str, addresses: Addresses) -> None:
    """Where a driver looks its host up by itself: the name must not have come to mean a place to be asked about.

    Raises:
        Fault: it has, since the guard saw it.
        OSError: it means nothing any more.
    """
    unseen = {"public", "refused"} - {classify(address) for address, _ in addresses}
    for entry in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM) if addresses else ():
        address = str(entry[4][0])
        if (kind := classify(address)) in unseen:
            raise Fault("connect.other", f"{host} has come to mean {address}, a {kind} address", lost=True)


class LoopToAddress:
    """A loop whose connections go where the name was looked up, guarded and confirmed, whatever it means by now.

    A library that verifies a certificate must know the name, and would ask a name server for it again.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, host: str, port: int) -> None:
        self._loop = loop
        self._address = host, port

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - all else is the loop's
        return getattr(self._loop, name)

    async def create_connection(
        self,
        protocol: Callable[[], asyncio.BaseProtocol],
        *_named: object,
        **options: Any,  # noqa: ANN401 - the loop's
    ) -> tuple[asyncio.Transport, asyncio.BaseProtocol]:
        """As the loop's own, to the address; over a socket that is connected already, as it is."""
        if "sock" in options:
            return await self._loop.create_connection(protocol, **options)
        return await self._loop.create_connection(protocol, *self._address, **options)


class ConnectOptions:
    """What a driver's `connect` is called with."""

    def __init__(self, pool: TargetPool) -> None:
        """Read the URL and the certificates of a pool's target.

        Raises:
            UsageError: one cannot be used.
        """
        url = url_of(pool.target)
        _, options = url.get_dialect()().create_connect_args(url)
        self.fixed: dict[str, Any] = dict(options)
        tls = pool.target.tls
        self._by_name = bool(tls.ca_file or tls.cert_file) or any(name.startswith("ssl") for name in options)
        if tls.ca_file or tls.cert_file or tls.insecure:
            self.fixed["ssl"] = client_context(tls, speaks="")
        self._pool = pool

    def next(self) -> tuple[dict[str, Any], asyncio.AbstractEventLoop]:
        """For a new connection to the next address, and the loop to open it on."""
        pool = self._pool
        if not pool.addresses:
            return self.fixed, pool.loop
        host, port = pool.next_address()
        if self._by_name:
            return self.fixed, cast("asyncio.AbstractEventLoop", LoopToAddress(pool.loop, host, port))
        return {**self.fixed, "host": host, "port": port}, pool.loop
