"""Pages as a driver: `page = "/"` fetches the document and what it names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.visit_driver import VisitDriver
from perftui.presets.kinds import ListOf
from perftui.presets.request_format import NAME
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.client import Driver
    from perftui.engine.clients.page.client import PageClient
    from perftui.engine.clients.page.operation import PagePreparer


def _client() -> type[PageClient]:
    from perftui.engine.clients.page.client import PageClient

    return PageClient


def _preparer() -> type[PagePreparer]:
    from perftui.engine.clients.page.operation import PagePreparer

    return PagePreparer


class PageDriver(VisitDriver):
    """Pages, by the connections of HTTP."""

    remark = "a page here is its document and what that names: no scripts run, no CSS url() is read, nothing is painted"
    """What must be known about numbers measured by it."""
    fetches_more = True
    """One visit is many requests: as many as its reply has rows."""

    def further_targets(self, request: Mapping[str, Any]) -> tuple[str, ...]:
        """Names of the targets that an operation goes to besides its own."""
        return tuple(request.get("hosts", ()))


DRIVER: Driver = PageDriver(
    name="page",
    path="Path of a document that is fetched with what it names: stylesheets, scripts, images, frames.",
    headers="Headers of the document's request, over those of the target.",
    keys={
        "hosts": Key(
            ListOf(NAME, single=True, least=1, most=50),
            "Names of [targets] whose parts of the page are fetched, too; those of other hosts are left alone.",
        ),
    },
    client=_client,
    preparer=_preparer,
)
