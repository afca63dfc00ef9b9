"""Visits pages: the document, then what it names, by at most six connections to a host, as a browser has them."""

from __future__ import annotations

import asyncio
from time import perf_counter_ns
from typing import Any
from urllib.parse import urlsplit

from perftui.engine.clients.http.reader import ResponseReader
from perftui.engine.clients.http.target import DEFAULT_PORTS, target_of
from perftui.engine.clients.http.visit import Visit
from perftui.engine.clients.http.visitor import Ticket, Visitor
from perftui.engine.clients.page.assets import MOST_ASSETS, Documents, joined
from perftui.engine.clients.page.operation import PageOperation, Place
from perftui.engine.clients.page.reply import PageReply, Part
from perftui.engine.clients.reply import Fault
from perftui.engine.clients.task_client import TaskClient, TaskLane
from perftui.metrics.recorder import CellRecorder
from perftui.model.text import safe_text

CONNECTIONS = 6
"""To one host at once, of one visitor."""
MOST_REDIRECTS = 10
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_CLASSES = 50
"""Assets that have an error class of their own."""
_NAME_CHARACTERS = 60
_REQUESTS = "page_requests"
_MOST_FRAMES = 3
"""Documents within documents within documents that are looked through."""


class Browser:
    """What a visitor holds: connections to each host. Nothing is kept of what was fetched."""

    def __init__(self) -> None:
        self.visitors: dict[str, Visitor] = {}
        self.cell = CellRecorder("page", "measure", rate_mode=False)
        """Bytes, requests and statuses of the visit that goes on."""


class PageClient(TaskClient):
    """Each session is a visitor with connections of its own."""

    session_connects = False

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401 - as TaskClient
        super().__init__(*arguments, **options)
        self._documents = Documents()
        self._browsers: set[Browser] = set()
        self._classes: set[str] = set()

    @property
    def open_now(self) -> int:
        """Connections that are open or opening."""
        return sum(visitor.open_now for browser in self._browsers for visitor in browser.visitors.values())

    async def open_session(self) -> Browser:
        """A visitor, without a connection yet."""
        browser = Browser()
        self._browsers.add(browser)
        return browser

    async def close_session(self, session: Browser) -> None:
        """Close the connections of a visitor."""
        await asyncio.gather(*(visitor.close() for visitor in session.visitors.values()))
        self._count_opened(session)
        self._browsers.discard(session)

    async def carry(self, lane: TaskLane) -> PageReply:
        """Visit a page; what was fetched counts, whatever became of it."""
        browser, cell = lane.session, lane.cell
        body_bytes = 0
        try:
            reply = await self._visit(browser, lane.request, cell)
            body_bytes = reply.body_bytes
            cell.add_own_time("page_load", perf_counter_ns() - lane.started_ns)
        finally:
            moved = browser.cell.cut()
            if moved is not None:
                cell.sent += moved.sent
                cell.received += moved.received - body_bytes  # which the lane adds
                for status, number in moved.statuses.items():
                    cell.statuses[status] = cell.statuses.get(status, 0) + number
                for name, amount in moved.amounts.items():
                    cell.count(name, amount)
            self._count_opened(browser)
        return reply

    async def exchange(self, session: Browser, request: Visit) -> PageReply:
        """As TaskClient, with nothing counted."""
        return await self._visit(session, request, CellRecorder("page", "measure", rate_mode=False))

    def _count_opened(self, browser: Browser) -> None:
        self.opened += sum(visitor.take_opened() for visitor in browser.visitors.values())

    async def _visit(self, browser: Browser, visit: Visit, cell: CellRecorder) -> PageReply:
        started_ns = perf_counter_ns()
        before = browser.cell.amounts.get(_REQUESTS, 0)
        page: PageOperation = visit.operation
        path = target_of(visit.data)
        found = await self._follow(browser, visit, page.own, path, visit.data, whole=True)
        if isinstance(found, str):
            raise Fault("page.elsewhere", f"{safe_text(path, 80)} sends to {safe_text(found, 80)}, which is left alone")
        ticket, url = found
        document = _answer(ticket)
        first_ns = perf_counter_ns() - started_ns
        parts: list[Part] = []
        if page.accepts(document.status):
            parts = await self._parts(browser, visit, document, url, {url})
        asked = browser.cell.amounts[_REQUESTS] - before
        reply = PageReply(document, parts, asked, (first_ns, perf_counter_ns() - started_ns - first_ns))
        self._count(reply, parts, cell)
        for part in parts:
            if part.fault is not None:
                raise Fault(*self._class_of(part.name, *part.fault), response=reply)
        return reply

    def _count(self, reply: PageReply, parts: list[Part], cell: CellRecorder) -> None:
        cell.count("pages")
        cell.count("page_bytes", reply.body_bytes)
        for part in parts:
            if part.ticket is not None:
                cell.add_asset(part.name, part.ticket.service_ns)
            elif part.fault is None:
                cell.leave_alone(part.name)

    def _class_of(self, name: str, error_class: str, detail: str) -> tuple[str, str]:
        """A failed asset gives its name to the class, unless it was this machine that failed."""
        if error_class.startswith("client."):
            return error_class, detail
        if name not in self._classes and len(self._classes) >= _MOST_CLASSES:
            return "asset:(others)", f"{name}: {detail}"
        self._classes.add(name)
        return f"asset:{name}", detail

    async def _parts(
        self, browser: Browser, visit: Visit, document: ResponseReader, url: str, asked: set[str], *, depth: int = 0
    ) -> list[Part]:
        """Fetch what a document names and nobody has asked for yet, and what documents in its frames name."""
        named = self._documents.named(document.body, document.text if document.body else "", url)
        assets = [asset for asset in named.assets if asset not in asked][: max(0, MOST_ASSETS - len(asked))]
        asked.update(assets)
        frames = named.frames if depth < _MOST_FRAMES else frozenset()

        async def fetch(asset: str) -> list[Part]:
            if asset not in frames:
                return [await self._part(browser, visit, asset)]
            part = await self._part(browser, visit, asset, whole=True)
            if part.ticket is None or part.fault is not None or not _is_document(_answer(part.ticket)):
                return [part]
            return [part, *await self._parts(browser, visit, _answer(part.ticket), asset, asked, depth=depth + 1)]

        async with asyncio.TaskGroup() as tasks:
            fetching = [tasks.create_task(fetch(asset)) for asset in assets]
        return [part for task in fetching for part in task.result()]

    async def _part(self, browser: Browser, visit: Visit, url: str, *, whole: bool = False) -> Part:
        """Fetch one asset, if its host may be asked."""
        place = visit.operation.places.get(_origin(url))
        if place is None:
            return Part(_host(url), None)
        name = _name(place, url)
        target = _target(url)
        try:
            request = visit.operation.request_of(place, target, visit.user)
            found = await self._follow(browser, visit, place, target, request, whole=whole)
        except Fault as fault:
            return Part(name, None, (fault.error_class, f"{fault.error_class}: {fault.detail}"))
        if isinstance(found, str):
            return Part(found, None)
        ticket, _ = found
        status = _answer(ticket).status
        return Part(name, ticket, (f"http.{status}", f"status {status}") if status >= 400 else None)

    async def _follow(
        self, browser: Browser, visit: Visit, place: Place, target: str, request: bytes, *, whole: bool
    ) -> tuple[Ticket, str] | str:
        """Ask, and go where the answer sends to: the last answer and its URL, or the host that may not be asked."""
        time_ns = 0
        for _ in range(MOST_REDIRECTS + 1):
            browser.cell.count(_REQUESTS)
            ticket = await self._at(browser, visit, place).ask(request, browser.cell, whole=whole)
            ticket.service_ns = time_ns = time_ns + ticket.service_ns
            answer = _answer(ticket)
            browser.cell.count_status(answer.status, ok=answer.status < 400)
            url = place.endpoint.origin + target
            if not place.name:
                visit.operation.learn_cookies(answer, target, visit.user)
            location = answer.header(b"location")
            if answer.status not in _REDIRECTS or location is None:
                return ticket, url
            url = joined(url, location.decode("latin-1"))
            to = visit.operation.places.get(_origin(url)) if url else None
            if to is None:
                return _host(url) if url else "no URL"
            place, target = to, _target(url)
            request = visit.operation.request_of(place, target, visit.user)
        raise Fault("page.redirects", f"{safe_text(target, 100)}: more than {MOST_REDIRECTS} answers that send on")

    def _at(self, browser: Browser, visit: Visit, place: Place) -> Visitor:
        found = browser.visitors.get(place.name)
        if found is None:
            target = self.plan.targets[place.name] if place.name else self.target
            addresses = self.further.get(place.name, ()) if place.name else self.addresses
            digest = None if place.name else visit.operation.digest
            found = Visitor(self.loop, target, addresses, most=CONNECTIONS, digest=digest)
            browser.visitors[place.name] = found
        return found


def _answer(ticket: Ticket) -> ResponseReader:
    assert ticket.answer is not None
    return ticket.answer


def _is_document(answer: ResponseReader) -> bool:
    return (answer.header(b"content-type") or b"").lower().startswith((b"text/html", b"application/xhtml"))


def _origin(url: str) -> str:
    """As Endpoint.origin writes it."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    try:
        host = host if host.isascii() else host.encode("idna").decode()
    except UnicodeError:  # no name of a host, and so nobody's
        host = safe_text(host, _NAME_CHARACTERS)
    shown = f"[{host}]" if ":" in host else host
    port = parts.port
    return f"{parts.scheme}://{shown}" + ("" if port in {None, DEFAULT_PORTS[parts.scheme]} else f":{port}")


def _host(url: str) -> str:
    return safe_text(_origin(url).partition("://")[2], _NAME_CHARACTERS)


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _name(place: Place, url: str) -> str:
    """The end of its path, which tells most; after the host where that is not the page's own."""
    path = urlsplit(url).path or "/"
    text = f"{_host(url)}{path}" if place.name else path
    return safe_text(text if len(text) <= _NAME_CHARACTERS else f"…{text[1 - _NAME_CHARACTERS :]}", _NAME_CHARACTERS)
