"""The clients of a worker, one for each target of the plan and driver, looked at together."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from perftui.engine.clients.client import Addresses, Ahead, Client
from perftui.engine.clients.pool import Pool
from perftui.engine.clients.registry import Way


class Clients:
    """Sums over the clients, and what is done to all of them."""

    def __init__(self, by_way: Mapping[Way, Client], addresses: Mapping[str, Addresses]) -> None:
        """Take the clients together.

        Args:
            by_way: each with its target and driver.
            addresses: of the targets by name, for those that go to more than their own.
        """
        self._by_way = dict(by_way)
        self.all = tuple(self._by_way.values())
        self._addresses = dict(addresses)
        for client in self.all:
            if isinstance(client, Pool):
                client.further = self._addresses

    def of(self, way: Way) -> Client:
        """The client of that target and driver."""
        return self._by_way[way]

    def let_run_ahead(self, ahead: Ahead) -> None:
        """Lanes that can may take several requests of a user at once."""
        for client in self.all:
            client.ahead = ahead

    @property
    def waiting(self) -> int:
        """Requests that wait for a lane."""
        return sum(client.waiting for client in self.all)

    @property
    def in_flight(self) -> int:
        """Requests on the way."""
        return sum(client.in_flight for client in self.all)

    @property
    def open_now(self) -> int:
        """Lanes that are open or opening."""
        return sum(client.open_now for client in self.all)

    def take_opened(self) -> tuple[int, int, int]:
        """Connections opened, requests that one was opened for, and reconnects since the last call."""
        taken = (
            sum(client.opened for client in self.all),
            sum(client.assigned for client in self.all),
            sum(client.reconnects for client in self.all),
        )
        for client in self.all:
            client.opened = client.assigned = client.reconnects = 0
        return taken

    def expire(self, now_ns: int) -> None:
        """Give up what is past its deadline."""
        for client in self.all:
            client.expire(now_ns)

    def drop_waiting(self) -> None:
        """What found no lane before the end of the load is not sent any more."""
        for client in self.all:
            client.drop_waiting()

    def retarget(self, target: str, addresses: Addresses) -> None:
        """New connections to a target go to these addresses."""
        self._addresses[target] = addresses
        for (name, _), client in self._by_way.items():
            if name == target:
                client.retarget(addresses)

    def cancel(self) -> None:
        """Give up everything, waiting and on the way."""
        for client in self.all:
            client.cancel()

    async def close(self) -> list[str]:
        """Cancel everything and wait until nothing is open any more; what is worth knowing of it."""
        await asyncio.gather(*(client.close() for client in self.all))
        return [note for client in self.all if isinstance(client, Pool) for note in client.notes]
