"""The server: textual-serve's, behind the guard, with a page that asks nobody else for anything."""

from __future__ import annotations

import asyncio
import logging
import shlex
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from functools import partial
from pathlib import Path
from typing import cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from textual_serve.app_service import AppService
from textual_serve.server import Server

from perftui.model.text import safe_text
from perftui.tui.web.guard import KEY, Guard, is_loopback
from perftui.tui.web.visitor import Visitor

MOST_VISITORS = 8
"""Each is a process of its own."""
MOST_CONNECTIONS = 64
"""Besides those of visitors: of pages that are loading, and of whoever reaches the port."""
_BACKLOG = 32
_PAGE = Path(__file__).parent / "page"
_PATIENCE_S = 1.0
"""How long visitors may take to go at the end."""


class WebServer(Server):
    """Serves the app to those whom the guard lets in."""

    def __init__(self, host: str, port: int, *, may_change: bool) -> None:
        """Prepare; nothing listens yet.

        Args:
            host: address to listen on.
            port: port to listen on; 0: a free one.
            may_change: whether visitors may start, steer, save and delete, not only look.
        """
        command = [sys.executable, "-m", "perftui.tui.web", *(["--may-change"] if may_change else [])]
        super().__init__(f"exec {shlex.join(command)}", host, port, title="perftui", templates_path=_PAGE)
        self.guard = Guard(frozenset() if is_loopback(host) else _names_of(host))
        self._visitors: set[web.RequestHandler] = set()
        """Their connections."""
        self._farewells: set[asyncio.Task[None]] = set()

    async def _make_app(self) -> web.Application:
        app = await super()._make_app()
        app.middlewares.append(self.guard.middleware())
        app.router.add_static("/page", _PAGE)
        return app

    async def on_startup(self, app: web.Application) -> None:
        """Say nothing: the command says where it listens."""

    async def handle_websocket(self, request: web.Request) -> web.WebSocketResponse:
        """Start an app for the visitor, unless there are too many."""
        if len(self._visitors) >= MOST_VISITORS:
            raise web.HTTPServiceUnavailable(text=f"{MOST_VISITORS} visitors are here already\n")
        self._visitors.add(request.protocol)
        try:
            return await super().handle_websocket(request)
        finally:
            self._visitors.discard(request.protocol)

    async def _process_messages(self, websocket: web.WebSocketResponse, app_service: AppService) -> None:
        """Hand on what a visitor's page sends, and see the app off when it is over."""
        try:
            await super()._process_messages(cast("web.WebSocketResponse", Visitor(websocket)), app_service)
        finally:
            farewell = asyncio.create_task(_see_off(app_service))
            self._farewells.add(farewell)
            farewell.add_done_callback(self._farewells.discard)

    async def listen(self, says: Callable[[str], None]) -> None:
        """Serve until SIGINT, SIGTERM or SIGHUP.

        Args:
            says: is given the URL, with the key, once it is answered.

        Raises:
            OSError: nobody can listen there.
        """
        done = asyncio.Event()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, done.set)
        runner = web.AppRunner(await self._make_app(), access_log=None, shutdown_timeout=_PATIENCE_S)
        await runner.setup()
        listener: asyncio.Server | None = None
        try:
            accept = partial(self._accept, runner)
            listener = await asyncio.get_running_loop().create_server(accept, self.host, self.port, backlog=_BACKLOG)
            port = listener.sockets[0].getsockname()[1]
            says(f"http://{_in_url(self.host)}:{port}/?{KEY}={self.guard.key}")
            with redirect_stdout(sys.stderr):  # where textual-serve writes what an app complained about
                await done.wait()
        finally:
            if listener is not None:
                listener.close()
            await runner.cleanup()

    def _accept(self, runner: web.AppRunner) -> web.RequestHandler:
        """Take a connection. Whoever opens many and says nothing keeps nobody out: the oldest of no visitor goes."""
        server = runner.server
        assert server is not None
        idle = [one for one in server.connections if one not in self._visitors]
        for oldest in idle[: max(0, len(idle) + 1 - MOST_CONNECTIONS)]:
            oldest.force_close()
        return server()


async def _see_off(app: AppService) -> None:
    """An app that does not leave when it is told, such as one that has much to do yet, loses its visitor's end."""
    await asyncio.sleep(_PATIENCE_S)
    app.stdin.close()


def serve(server: WebServer, says: Callable[[str], None]) -> None:
    """Serve until the process is asked to end.

    Raises:
        OSError: nobody can listen there.
    """
    for name in ("textual-serve", "aiohttp.server"):
        log = logging.getLogger(name)
        log.addHandler(_OneLine())
        log.propagate = False
    asyncio.run(server.listen(says))


class _OneLine(logging.Handler):
    """What goes wrong with a visitor's connection, in a line and without a traceback.

    Nothing of requests that are none: whoever reaches the port can send them, as many as he likes.
    """

    def emit(self, record: logging.LogRecord) -> None:
        """Write it."""
        if record.exc_info and isinstance(record.exc_info[1], HttpProcessingError):
            return
        sys.stderr.write(f"perftui serve: {safe_text(record.getMessage())}\n")


def _names_of(host: str) -> frozenset[str]:
    """How others call this machine when it listens on an address that they reach."""
    name = socket.gethostname().lower()
    names = {host.lower(), name, socket.getfqdn(name).lower()}
    return frozenset(names | _addresses() if host in {"0.0.0.0", "::"} else names)


def _addresses() -> set[str]:
    import psutil

    return {address.address.partition("%")[0] for each in psutil.net_if_addrs().values() for address in each}


def _in_url(host: str) -> str:
    shown = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(host, host)
    return f"[{shown}]" if ":" in shown else shown
