"""HTTP/1.1 over TLS."""

from __future__ import annotations

import ssl

from perftui.engine.clients.http.connection import Connection
from perftui.engine.clients.http.pool import HttpPool
from perftui.engine.clients.tls import TlsLane


class TlsConnection(TlsLane, Connection):
    """A connection whose bytes are encrypted."""

    __slots__ = ()

    def __init__(self, pool: HttpPool, context: ssl.SSLContext, server_name: str) -> None:
        super().__init__(pool)
        self.use_tls(context, server_name)
