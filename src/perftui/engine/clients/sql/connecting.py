"""How connections to databases on the network are opened, whatever the driver."""

from __future__ import annotations

from typing import Any

from perftui.engine.clients.sql.statements import url_of
from perftui.engine.clients.target_pool import TargetPool
from perftui.engine.clients.tls import client_context


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

    def next(self) -> dict[str, Any]:
        """For a new connection: to the next address, or by name where the name is verified."""
        if not self._pool.addresses or self._by_name:
            return self.fixed
        host, port = self._pool.next_address()
        return {**self.fixed, "host": host, "port": port}
