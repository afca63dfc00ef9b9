"""The way to a cluster, opened when it is needed first and kept for the runs that follow: a log-in takes seconds."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import anyio

from perftui.engine.fleet.dask_link import connected, machines_of
from perftui.engine.fleet.dask_settings import need_dask
from perftui.model.errors import UsageError
from perftui.presets.cluster import parse_cluster

if TYPE_CHECKING:
    from distributed import Client

_SETTLE_S = 0.1
"""What broke while nothing ran on the loop is known only after it ran for a moment."""


class Link:
    """To one cluster. All runs that use it are on one event loop, one after the other."""

    def __init__(self, where: str, *, insecure: bool = False) -> None:
        """Prepare; nothing is connected yet.

        Args:
            where: `local:2`, `tcp://host:8786`, …
            insecure: also over a network without TLS.

        Raises:
            UsageError: packages are missing, or that is no cluster.
        """
        need_dask()
        try:
            self._place = parse_cluster(where)
        except ValueError as error:
            raise UsageError(f"--cluster {where}: {error}") from error
        self._insecure = insecure
        self._stack = AsyncExitStack()
        self._client: Client | None = None
        self._addresses: list[str] = []

    @property
    def is_private(self) -> bool:
        """Whether what is sent stays on this machine, or is encrypted."""
        return not self._insecure or self._place.kind != "scheduler" or self._place.address.startswith("tls://")

    async def open(self) -> tuple[Client, list[str]]:
        """A client of the scheduler, and the addresses of its Dask workers. Opened anew where something has changed.

        Raises:
            PerftuiError: the cluster cannot be used, in words.
        """
        if self._client is not None and not await self._is_as_it_was(self._client):
            await self.close()
        if self._client is None:
            client = await self._stack.enter_async_context(connected(self._place, insecure=self._insecure))
            self._addresses = await machines_of(client)
            self._client = client
        return self._client, self._addresses

    async def _is_as_it_was(self, client: Client) -> bool:
        """Machines that came are looked at like the first ones; where one is gone, all are asked again."""
        await anyio.sleep(_SETTLE_S)
        if client.status != "running":
            return False
        try:
            return await machines_of(client) == self._addresses
        except OSError:  # the scheduler is gone, and its client does not know yet
            return False

    async def close(self) -> None:
        """Leave it; a scheduler and Dask workers of our own end."""
        self._client = None
        await self._stack.aclose()
