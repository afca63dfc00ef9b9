"""A driver of connections that carry one question and one answer at a time: exchange.py."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.declared_driver import DeclaredDriver
from perftui.model.plan import Operation, Plan

if TYPE_CHECKING:
    from perftui.engine.clients.client import Addresses


class ExchangeDriver(DeclaredDriver):
    """A driver that knows a question which costs its target nothing."""

    ways = frozenset({"unix_socket"})
    """As presets.drivers.ways: its pools are StreamPools."""

    def __init__(self, *, hello: Mapping[str, Any], **declared: Any) -> None:  # noqa: ANN401 - as DeclaredDriver
        """As DeclaredDriver.

        Args:
            hello: an operation's keys: what is asked before the start.
            declared: as DeclaredDriver.
        """
        super().__init__(**declared)
        self._hello = hello

    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:
        """As clients.client.Driver: one question, after the password."""
        from perftui.engine.clients.captures import CleanUpValues
        from perftui.engine.clients.greet import greet
        from perftui.engine.clients.rendered import Material
        from perftui.presets.values import ValueStream

        hello = Operation(name="hello", driver=self.name, request=dict(self._hello))
        material = Material(plan.target, ValueStream(), {}, CleanUpValues(frozenset()))
        loop = asyncio.get_running_loop()
        return await greet(
            plan,
            addresses,
            lambda done, sample, good: self.connect(loop, plan, good, most=1, done=done, sample=sample),
            lambda cells: self._operation(plan.target)(hello, cells, material),
        )
