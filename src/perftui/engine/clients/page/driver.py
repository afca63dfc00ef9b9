"""Pages as a driver: `page = "/"` fetches the document and what it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.http.driver import DRIVER as HTTP
from perftui.engine.clients.task_driver import TaskDriver
from perftui.presets import texts
from perftui.presets.kinds import ListOf, Text
from perftui.presets.request_format import ANY_PLACEHOLDER, HEADERS, NAME
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.captures import CleanUpValues
    from perftui.engine.clients.client import Addresses, Driver, Preparer
    from perftui.engine.clients.task_client import TaskClient
    from perftui.model.plan import Plan
    from perftui.presets.values import ValueStream


def _client() -> type[TaskClient]:
    from perftui.engine.clients.page.client import PageClient

    return PageClient


class PageDriver(TaskDriver):
    """Pages, by the connections of HTTP."""

    remark = "a page here is its document and what that names: no scripts run, no CSS url() is read, nothing is painted"
    """What must be known about numbers measured by it."""
    fetches_more = True
    """One visit is many requests: as many as its reply has rows."""

    def further_targets(self, request: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the targets that an operation goes to besides its own."""
        return tuple(request.get("hosts", ()))

    def preparer(  # type: ignore[override]  # not of its own tables
        self, plan: Plan, values: ValueStream, variables: Mapping[str, str], clean_up: CleanUpValues
    ) -> Preparer:
        """As clients.client.Driver."""
        from perftui.engine.clients.page.operation import PagePreparer

        return PagePreparer(plan, values, variables, clean_up)

    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:
        """As clients.client.Driver."""
        return await HTTP.reach(plan, addresses)


DRIVER: Driver = PageDriver(
    name="page",
    schemes=HTTP.schemes,
    keys={
        "page": Key(
            Text(allow=ANY_PLACEHOLDER, check=texts.path_problem, most=16_000, pattern="^/"),
            "Path of a document that is fetched with what it names: stylesheets, scripts, images, frames.",
            required=True,
        ),
        "headers": Key(HEADERS, "Headers of the document's request, over those of the target."),
        "hosts": Key(
            ListOf(NAME, single=True, least=1, most=50),
            "Names of [targets] whose parts of the page are fetched, too; those of other hosts are left alone.",
        ),
    },
    client=_client,
    only_reads=lambda _: True,
)
