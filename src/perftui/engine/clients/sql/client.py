"""What the clients of databases on the network have in common: where connections go, and how."""

from __future__ import annotations

from typing import Any

from perftui.engine.clients.sql.statements import url_of
from perftui.engine.clients.task_client import TaskClient
from perftui.engine.clients.tls import client_context


class DatabaseClient(TaskClient):
    """Connections by a driver for asyncio."""

    def begin(self) -> None:
        """Read the URL and the certificates.

        Raises:
            UsageError: one cannot be used.
        """
        url = url_of(self.target)
        _, options = url.get_dialect()().create_connect_args(url)
        self._options: dict[str, Any] = dict(options)
        tls = self.target.tls
        self._by_name = bool(tls.ca_file or tls.cert_file or self._options.get("ssl"))
        if tls.ca_file or tls.cert_file or tls.insecure:
            self._options["ssl"] = client_context(tls, speaks="")

    def next_options(self) -> dict[str, Any]:
        """What a new connection is opened with: to the next address, or by name where the name is verified."""
        if not self.addresses or self._by_name:
            return self._options
        host, port = self.next_address()
        return {**self._options, "host": host, "port": port}
