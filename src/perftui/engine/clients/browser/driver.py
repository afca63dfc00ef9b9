"""A browser as a driver: `browser = "/"` has Chromium visit a page. A few visitors beside the load, never the load."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from perftui.engine.clients.browser.program import PROGRAMS, find_browser
from perftui.engine.clients.http.driver import DRIVER as HTTP
from perftui.engine.clients.task_driver import TaskDriver
from perftui.presets import texts
from perftui.presets.kinds import Text
from perftui.presets.request_format import ANY_PLACEHOLDER, HEADERS
from perftui.presets.sections import Key

if TYPE_CHECKING:
    from perftui.engine.clients.client import Addresses, Driver
    from perftui.engine.clients.task_client import TaskClient
    from perftui.model.plan import Plan


def _client() -> type[TaskClient]:
    from perftui.engine.clients.browser.client import BrowserClient

    return BrowserClient


def _missing() -> str:
    if not find_spec("playwright"):
        return "a browser needs playwright to drive it: pip install 'perftui[pages]'"
    return "" if find_browser() else f"no Chromium is installed here: none of {', '.join(PROGRAMS)} is found"


class BrowserDriver(TaskDriver):
    """Pages in Chromium."""

    remark = "first paint, page load and interactive are what Chromium says of itself, each visit with an empty cache"
    """What must be known about numbers measured by it."""
    fetches_more = True
    """One visit is many requests: as many as its reply has rows."""

    async def reach(self, plan: Plan, addresses: Addresses) -> Addresses:
        """As clients.client.Driver."""
        return await HTTP.reach(plan, addresses)


def _reads(_: Mapping[str, Any]) -> bool:
    return True


DRIVER: Driver = BrowserDriver(
    name="browser",
    schemes=HTTP.schemes,
    keys={
        "browser": Key(
            Text(allow=ANY_PLACEHOLDER, check=texts.path_problem, most=16_000, pattern="^/"),
            "Path of a page that Chromium visits and paints.",
            required=True,
        ),
        "headers": Key(HEADERS, "Headers of requests to the target, over its own."),
    },
    client=_client,
    only_reads=_reads,
    missing=_missing,
)
