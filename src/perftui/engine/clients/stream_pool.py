"""Connections to a target that carry bytes of a protocol other than HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from perftui.engine.clients.client import Addresses, Done, Sample
from perftui.engine.clients.dialling import Dialler
from perftui.engine.clients.lane import Lane
from perftui.engine.clients.pool import Pool
from perftui.engine.clients.tls import TlsLane, client_context
from perftui.model.plan import Target


class StreamPool(Pool):
    """A pool whose lanes are connections."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        target: Target,
        addresses: Addresses,
        plain: Callable[[Any], Lane],
        encrypted: Callable[[Any], TlsLane] | None = None,
        *,
        most: int,
        done: Done,
        sample: Sample,
    ) -> None:
        """As clients.client.Driver.connect.

        Args:
            loop: of the worker.
            target: to connect to.
            addresses: of it.
            plain: makes a connection.
            encrypted: makes one with TLS; None where the target's URL means none.
            most: lanes at once.
            done: see client.Done.
            sample: see client.Sample.

        Raises:
            UsageError: a certificate or key cannot be read.
        """
        super().__init__(loop, target.timeout_s, most=most, done=done, sample=sample)
        self.target = target
        self.dialler = Dialler(loop, addresses, target.unix_socket)
        self._plain = plain
        self._encrypted = encrypted
        if encrypted is not None:
            self._context = client_context(target.tls, speaks="")
            self._server_name = target.tls.server_name or urlsplit(target.url).hostname or ""

    def new_lane(self) -> Lane:
        """A connection that is still to be opened."""
        if self._encrypted is None:
            return self._plain(self)
        lane = self._encrypted(self)
        lane.use_tls(self._context, self._server_name)
        return lane

    def retarget(self, addresses: Addresses) -> None:
        """New connections go to these addresses."""
        self.dialler.addresses = addresses
