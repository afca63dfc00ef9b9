"""A driver of operations that begin at a path of an HTTP target: pages, streams of events, visits of a browser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.http.driver import DRIVER as HTTP
from perftui.engine.clients.task_driver import TaskDriver
from perftui.presets import texts
from perftui.presets.kinds import Text
from perftui.presets.request_format import ANY_PLACEHOLDER, HEADERS
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.captures import CleanUpValues
    from perftui.engine.clients.client import Addresses, Preparer
    from perftui.model.plan import Plan
    from perftui.presets.values import ValueStream


class VisitDriver(TaskDriver):
    """Targets are those of HTTP, and whether they are there is asked as HTTP asks it."""

    ways = HTTP.ways

    def __init__(
        self,
        *,
        name: str,
        path: str,
        headers: str,
        keys: Mapping[str, Key] | None = None,
        preparer: Callable[[], Callable[..., Preparer]] | None = None,
        **declared: Any,  # noqa: ANN401 - as TaskDriver
    ) -> None:
        """As TaskDriver.

        Args:
            name: as DeclaredDriver; the key of the path.
            path: what is at it, for people.
            headers: what the key `headers` is for, for people.
            keys: further ones.
            preparer: gives the class of what prepares operations that are no mere tables; made as `preparer` is called.
            declared: as TaskDriver.
        """
        path_kind = Text(allow=ANY_PLACEHOLDER, check=texts.path_problem, most=16_000, pattern="^/")
        super().__init__(
            name=name,
            schemes=HTTP.schemes,
            keys={name: Key(path_kind, path, required=True), "headers": Key(HEADERS, headers), **(keys or {})},
            only_reads=lambda _: True,
            **declared,
        )
        self._preparer = preparer

    def preparer(  # type: ignore[override]  # not always of tables
        self, plan: Plan, values: ValueStream, variables: Mapping[str, str], clean_up: CleanUpValues
    ) -> Preparer:
        """As clients.client.Driver."""
        if self._preparer is None:
            return super().preparer(plan, values, variables, clean_up)
        return self._preparer()(plan, values, variables, clean_up)

    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:
        """As clients.client.Driver."""
        return await HTTP.reach(plan, addresses)
