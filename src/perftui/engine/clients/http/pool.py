"""The connections of a worker to one HTTP target."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING

from perftui.engine.clients.client import Addresses, Done, Sample
from perftui.engine.clients.dialling import Dialler
from perftui.engine.clients.http.target import Endpoint
from perftui.engine.clients.pool import Pool
from perftui.model.plan import Target

if TYPE_CHECKING:
    from perftui.engine.clients.http.connection import Connection


class HttpPool(Pool):
    """A pool whose lanes are HTTP/1.1 connections."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        target: Target,
        addresses: Addresses,
        *,
        most: int,
        done: Done,
        sample: Sample,
    ) -> None:
        """As clients.client.Driver.connect.

        Raises:
            UsageError: a certificate, key or URL cannot be used.
        """
        super().__init__(loop, target.timeout_s, most=most, done=done, sample=sample)
        endpoint = Endpoint.of(target)
        self.keep_alive = target.keep_alive
        self.most_body = target.max_body_bytes
        self.dialler = Dialler(loop, addresses, endpoint.unix_socket)
        self._connect = _connector(endpoint, target)

    def new_lane(self) -> Connection:
        """A connection that is still to be opened."""
        return self._connect(self)

    def retarget(self, addresses: Addresses) -> None:
        """New connections go to these addresses."""
        self.dialler.addresses = addresses

    def resend(self, lost: Connection) -> None:
        """Send the request of a lost connection again, on a new one."""
        self.reconnects += 1
        self.move(lost)

    def move(self, left: Connection) -> None:
        """Give the request of a connection that cannot carry it to a new one."""
        connection = self._connect(self)
        connection.take_over(left)
        left.leave()
        self.open(connection)


def _connector(endpoint: Endpoint, target: Target) -> Callable[[HttpPool], Connection]:
    """What makes connections to this target.

    Raises:
        UsageError: a certificate or key cannot be read.
    """
    if not endpoint.tls:
        from perftui.engine.clients.http.connection import Connection

        return Connection
    from perftui.engine.clients.http.secure import TlsConnection
    from perftui.engine.clients.http.tunnel import TunnelConnection
    from perftui.engine.clients.tls import client_context

    context: ssl.SSLContext = client_context(target.tls)
    server_name = target.tls.server_name or endpoint.host
    if endpoint.proxy is not None:
        return lambda pool: TunnelConnection(pool, context, server_name, endpoint)
    return lambda pool: TlsConnection(pool, context, server_name)
