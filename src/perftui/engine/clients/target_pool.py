"""A pool that is opened for a target of a plan."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from itertools import count
from typing import Any

from perftui.engine.clients.client import Addresses, Done, Sample
from perftui.engine.clients.pool import Pool
from perftui.model.plan import Plan


class TargetPool(Pool):
    """A pool that knows its plan. What a protocol needs beside that is made in `begin`."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        plan: Plan,
        addresses: Addresses,
        *,
        most: int,
        done: Done,
        sample: Sample,
    ) -> None:
        """As clients.client.Driver.connect.

        Raises:
            UsageError: as `begin`.
        """
        super().__init__(loop, plan.target.timeout_s, most=most, done=done, sample=sample)
        self.plan = plan
        self.target = plan.target
        self.addresses = addresses
        self._turn = count()
        self.begin()

    def begin(self) -> None:
        """Make what lanes will need; nothing is opened yet. Here nothing is needed.

        Raises:
            UsageError: the URL, a certificate or a key cannot be used.
        """

    def next_address(self) -> tuple[str, int]:
        """Host and port for the next lane: the addresses of the target in turn."""
        return self.addresses[next(self._turn) % len(self.addresses)]

    def retarget(self, addresses: Addresses) -> None:
        """New lanes go to these addresses."""
        self.addresses = addresses


class SessionPool(TargetPool):
    """A pool whose lanes are sessions of a driver's own making."""

    @abstractmethod
    async def try_session(self, request: Any) -> None:  # noqa: ANN401 - of the driver
        """Open a session, as for this request, and close it: whether the target is there.

        Raises:
            Fault: it is not.
            OSError: the same, from the system.
        """
