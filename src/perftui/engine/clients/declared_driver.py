"""A driver that is declared, not written: what its operations say, and the classes behind it."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from perftui.model.plan import Plan, Target
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.captures import CleanUpValues
    from perftui.engine.clients.client import Addresses, Done, Sample
    from perftui.engine.clients.rendered import RenderedOperation, RenderedPreparer
    from perftui.engine.clients.target_pool import TargetPool
    from perftui.presets.values import ValueStream


class DeclaredDriver(ABC):
    """A driver. How it asks whether its target is there, its kind says: task_driver.py, exchange_driver.py."""

    def __init__(
        self,
        *,
        name: str,
        schemes: Mapping[str, int],
        keys: Mapping[str, Key],
        client: Callable[[Plan], type[TargetPool]],
        operation: Callable[[Target], type[RenderedOperation]],
        only_reads: Callable[[Mapping[str, Any]], bool] = lambda _: False,
        missing: Callable[[], str] = lambda: "",
        check: Callable[[Target], None] = lambda _: None,
        default_url: str = "",
    ) -> None:
        """Describe the driver.

        Args:
            name: one word; the name of its entry point.
            schemes: of URLs, with their default ports; 0 where there is nothing to look up.
            keys: of an operation; the first one makes a table an operation of this driver.
            client: gives the class for a plan, imported when it is needed.
            operation: gives the class of the operations of a target.
            only_reads: whether an operation with these keys certainly changes nothing.
            missing: what must be installed before it works, in words.
            check: raises UsageError for a target that cannot be used.
            default_url: of a target that needs none.
        """
        self.name = name
        self.schemes = schemes
        self.keys = keys
        self._client = client
        self._operation = operation
        self.only_reads = only_reads
        self.missing = missing
        self.check_target = check
        """Raises UsageError for a target that cannot be used; registry.check_targets asks before anything is sent."""
        self.default_url = default_url

    def located(self, request: Mapping[str, Any], directory: Path) -> dict[str, Any]:  # noqa: ARG002 - of the interface
        """As presets.drivers.DriverFormat: it names no files."""
        return dict(request)

    def preparer(
        self, plan: Plan, values: ValueStream, variables: Mapping[str, str], clean_up: CleanUpValues
    ) -> RenderedPreparer:
        """As clients.client.Driver."""
        from perftui.engine.clients.rendered import Material, RenderedPreparer

        self.check_target(plan.target)
        return RenderedPreparer(self._operation(plan.target), Material(plan.target, values, variables, clean_up))

    def connect(
        self,
        loop: asyncio.AbstractEventLoop,
        plan: Plan,
        addresses: Addresses,
        *,
        most: int,
        done: Done,
        sample: Sample,
    ) -> TargetPool:
        """As clients.client.Driver."""
        return self._client(plan)(loop, plan, addresses, most=most, done=done, sample=sample)

    @abstractmethod
    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:
        """As clients.client.Driver."""
