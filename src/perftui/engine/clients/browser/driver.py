"""A browser as a driver: `browser = "/"` has Chromium visit a page. A few visitors beside the load, never the load."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from perftui.engine.clients.browser.program import PROGRAMS, find_browser
from perftui.engine.clients.visit_driver import VisitDriver

if TYPE_CHECKING:
    from perftui.engine.clients.browser.client import BrowserClient
    from perftui.engine.clients.client import Driver


def _client() -> type[BrowserClient]:
    from perftui.engine.clients.browser.client import BrowserClient

    return BrowserClient


def _missing() -> str:
    if not find_spec("playwright"):
        return "a browser needs playwright to drive it: pip install 'perftui[pages]'"
    return "" if find_browser() else f"no Chromium is installed here: none of {', '.join(PROGRAMS)} is found"


class BrowserDriver(VisitDriver):
    """Pages in Chromium."""

    remark = "first paint, page load and interactive are what Chromium says of itself, each visit with an empty cache"
    """What must be known about numbers measured by it."""
    ways = frozenset({"proxy"})
    fetches_more = True
    """One visit is many requests: as many as its reply has rows."""


DRIVER: Driver = BrowserDriver(
    name="browser",
    path="Path of a page that Chromium visits and paints.",
    headers="Headers of requests to the target, over its own.",
    client=_client,
    missing=_missing,
)
