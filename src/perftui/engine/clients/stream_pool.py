"""Connections to a target that carry bytes of a protocol other than HTTP."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

from perftui.engine.clients.client import Addresses
from perftui.engine.clients.dialling import Dialler
from perftui.engine.clients.lane import Lane
from perftui.engine.clients.target_pool import TargetPool
from perftui.engine.clients.tls import TlsLane, client_context


class StreamPool(TargetPool):
    """A pool whose lanes are connections. A protocol says which, plain and with TLS."""

    plain: ClassVar[type[Lane]]
    encrypted: ClassVar[type[TlsLane]]
    encrypted_scheme: ClassVar[str]
    """The scheme of URLs that means TLS."""

    def begin(self) -> None:
        """Know where connections go, and how.

        Raises:
            UsageError: a certificate or key cannot be read.
        """
        self.dialler = Dialler(self.loop, self.addresses, self.target.unix_socket)
        self._tls: Any = None
        if self.target.url.partition(":")[0].lower() == self.encrypted_scheme:
            server_name = self.target.tls.server_name or urlsplit(self.target.url).hostname or ""
            self._tls = client_context(self.target.tls, speaks=""), server_name

    def new_lane(self) -> Lane:
        """A connection that is still to be opened."""
        if self._tls is None:
            return self.plain(self)
        lane = self.encrypted(self)
        lane.use_tls(*self._tls)
        return lane

    def retarget(self, addresses: Addresses) -> None:
        """New connections go to these addresses."""
        self.dialler.addresses = addresses
