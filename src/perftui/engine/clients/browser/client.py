"""Has Chromium visit pages, and asks it what it measured: first paint, load, the end of the last long task."""

from __future__ import annotations

import asyncio
import os
import re
from contextlib import suppress
from time import perf_counter_ns
from typing import Any
from urllib.parse import urlsplit

import msgspec
from playwright.async_api import Browser, BrowserContext, Error, Page, Playwright, async_playwright

from perftui.engine.clients.browser.program import find_browser
from perftui.engine.clients.http.request import auth_headers
from perftui.engine.clients.http.target import Endpoint
from perftui.engine.clients.metadata import METADATA_ADDRESSES, METADATA_NAMES
from perftui.engine.clients.reply import Fault, Reply
from perftui.engine.clients.task_client import TaskClient, TaskLane
from perftui.metrics.recorder import CellRecorder
from perftui.model.text import safe_text

QUIET_S = 1.0
"""After the load, and after the last long task, before anything is read."""
_LOOK_S = 0.1
_VIEWPORT = (1280, 800)
_OBSERVE = """
globalThis.__longTaskEnd = 0;
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) __longTaskEnd = Math.max(__longTaskEnd, entry.startTime + entry.duration);
}).observe({ type: "longtask", buffered: true });
"""
_READ = """() => {
  const [visit] = performance.getEntriesByType("navigation");
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  const parts = performance.getEntriesByType("resource");
  return {
    now: performance.now(), paint: paint ? paint.startTime : null, load: visit.loadEventEnd,
    ready: visit.domContentLoadedEventEnd, task: __longTaskEnd, bytes: visit.transferSize,
    parts: parts.slice(0, 1000).map((part) => ({
      url: part.name, ms: part.duration, bytes: part.transferSize, status: part.responseStatus || 0,
    })),
  };
}"""
_CLASSES = {
    "ERR_CONNECTION_REFUSED": "connect.refused", "ERR_NAME_NOT_RESOLVED": "dns.not_found",
    "ERR_CONNECTION_RESET": "reset", "ERR_EMPTY_RESPONSE": "closed", "ERR_CONNECTION_CLOSED": "closed",
    "ERR_CERT_AUTHORITY_INVALID": "tls.untrusted", "ERR_CERT_COMMON_NAME_INVALID": "tls.hostname",
    "ERR_CERT_DATE_INVALID": "tls.expired", "ERR_TOO_MANY_REDIRECTS": "page.redirects",
}  # fmt: skip
_NET_ERROR = re.compile(r"net::(ERR_\w+)")


class _Part(msgspec.Struct, frozen=True):
    url: str
    ms: float
    bytes: float
    status: int
    """0: of another host, which does not let it be known."""


class _Figures(msgspec.Struct, frozen=True):
    """What the page's own Performance API says. Milliseconds since the visit began."""

    now: float
    paint: float | None
    load: float
    ready: float
    task: float
    bytes: float
    parts: list[_Part]


class Session:
    """A browser that runs."""

    def __init__(self, playwright: Playwright, browser: Browser) -> None:
        self.playwright = playwright
        self.browser = browser


class BrowserClient(TaskClient):
    """Each session is a browser; each visit has an empty cache."""

    session_connects = False

    async def open_session(self) -> Session:
        """Start the browser that is installed.

        Raises:
            Fault: it does not start.
        """
        program = find_browser()
        if program is None:
            raise Fault("client.driver", "no Chromium is installed here")
        playwright = await async_playwright().start()
        try:
            browser = await playwright.chromium.launch(
                executable_path=program,
                args=self._arguments(),
                chromium_sandbox=os.geteuid() != 0,  # it refuses to run as root with one
                handle_sigint=False,
                handle_sigterm=False,
                handle_sighup=False,
            )
        except Error as error:
            await playwright.stop()
            raise Fault("client.driver", f"Chromium does not start: {safe_text(error.message, 300)}") from error
        return Session(playwright, browser)

    def _arguments(self) -> list[str]:
        """The target's host is where the look-up before the start found it, whatever a name server says now.

        What a page names beside it is for Chromium to find, but what gives a cloud's credentials is never asked.
        """
        rules = [f"MAP {_shown(place)} ~NOTFOUND" for place in (*METADATA_ADDRESSES, *METADATA_NAMES)]
        host = urlsplit(self.target.url).hostname or ""
        if self.addresses and not self.target.proxy and host != self.addresses[0][0]:
            rules.append(f"MAP {host} {_shown(self.addresses[0][0])}")
        return [f"--host-resolver-rules={','.join(rules)}"]

    async def close_session(self, session: Session) -> None:
        """End the browser."""
        with suppress(Error):
            await session.browser.close()
        await session.playwright.stop()

    async def carry(self, lane: TaskLane) -> Reply:
        """One visit, counted in the cell of the lane."""
        return await self._visit(lane.session, lane.request, lane.cell, lane.started_ns)

    async def exchange(self, session: Session, request: dict[str, Any]) -> Reply:
        """As TaskClient, with nothing counted."""
        cell = CellRecorder("browser", "measure", rate_mode=False)
        return await self._visit(session, request, cell, perf_counter_ns())

    async def _visit(self, session: Session, request: dict[str, Any], cell: CellRecorder, started_ns: int) -> Reply:
        endpoint = Endpoint.of(self.target)
        proxy = self.target.proxy
        try:
            context = await session.browser.new_context(
                viewport={"width": _VIEWPORT[0], "height": _VIEWPORT[1]},
                ignore_https_errors=self.target.tls.insecure,
                proxy={"server": proxy} if proxy else None,
            )
            try:
                page = await context.new_page()
                await self._identify(context, page, endpoint, request)
                await page.add_init_script(_OBSERVE)
                url = f"{endpoint.origin}{endpoint.prefix}{request['browser']}"
                return await _measured(page, url, endpoint, cell, started_ns)
            finally:
                with suppress(Error):
                    await context.close()
        except Error as error:
            found = _NET_ERROR.search(error.message)
            error_class = _CLASSES.get(found[1] if found else "", "page.failed")
            raise Fault(error_class, safe_text(error.message.partition("\n")[0], 300)) from error

    async def _identify(self, context: BrowserContext, page: Page, endpoint: Endpoint, request: dict[str, Any]) -> None:
        """Headers go to the target only, not to whoever else the page names, or an answer sends to.

        Playwright's own way of setting headers keeps them through redirects to others.
        """
        named = {**self.target.headers, **auth_headers(self.target.auth), **request.get("headers", {})}
        headers = {name: value if isinstance(value, str) else ", ".join(value) for name, value in named.items()}
        if not headers:
            return
        chromium = await context.new_cdp_session(page)
        own = {name.lower() for name in headers}

        async def go_on(paused: dict[str, Any]) -> None:
            asked = paused["request"]
            sent = {"requestId": paused["requestId"]}
            if asked["url"].startswith(f"{endpoint.origin}/"):
                kept = {name: value for name, value in asked["headers"].items() if name.lower() not in own}
                sent["headers"] = [{"name": name, "value": value} for name, value in {**kept, **headers}.items()]
            with suppress(Error):  # the visit is over
                await chromium.send("Fetch.continueRequest", sent)

        chromium.on("Fetch.requestPaused", go_on)
        await chromium.send("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})


async def _measured(page: Page, url: str, endpoint: Endpoint, cell: CellRecorder, started_ns: int) -> Reply:
    """Go there, wait until the page is quiet, and read. The visit's time is the load's, as the browser has it."""
    answer = await page.goto(url, wait_until="load", timeout=0)  # the lane's deadline ends it
    if answer is not None:
        cell.count_status(answer.status, ok=answer.status < 400)
    if answer is None or answer.status >= 400:
        status = 0 if answer is None else answer.status
        raise Fault(f"http.{status}" if status else "page.failed", f"status {status}" if status else "no answer")
    if urlsplit(page.url).hostname != endpoint.host.lower():
        raise Fault("page.elsewhere", f"the page sends to {safe_text(page.url, 100)}, which is another host")
    while True:
        figures = msgspec.convert(await page.evaluate(_READ), _Figures)
        if figures.load and figures.now >= max(figures.load, figures.task) + QUIET_S * 1000:
            break
        await asyncio.sleep(_LOOK_S)
    if figures.paint is None:
        raise Fault("page.no_paint", "nothing was painted")
    interactive = max(figures.paint, figures.ready, figures.task)
    for name, value_ms in (("first_paint", figures.paint), ("page_load", figures.load), ("interactive", interactive)):
        cell.add_own_time(name, round(value_ms * 1e6))
    if figures.task:
        cell.add_own_time("last_long_task", round(figures.task * 1e6))
    total = round(figures.bytes + sum(part.bytes for part in figures.parts))
    cell.count("pages")
    cell.count("page_requests", 1 + len(figures.parts))
    cell.count("page_bytes", total)
    for part in figures.parts:
        if part.status:
            cell.count_status(part.status, ok=part.status < 400)
        cell.add_asset(_name(part.url, endpoint), round(part.ms * 1e6))
    said = {
        "first_paint_ms": round(figures.paint, 1), "page_load_ms": round(figures.load, 1),
        "interactive_ms": round(interactive, 1), "last_long_task_ms": round(figures.task, 1),
        "page_requests": 1 + len(figures.parts), "page_bytes": total,
    }  # fmt: skip
    return Reply(said, body_bytes=total, rows=1 + len(figures.parts), ended_ns=started_ns + round(figures.load * 1e6))


def _name(url: str, endpoint: Endpoint) -> str:
    parts = urlsplit(url)
    path = parts.path or "/"
    return safe_text(path if parts.hostname == endpoint.host else f"{parts.hostname}{path}", 60)


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host
