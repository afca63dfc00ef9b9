"""The demo service's paths.

GET / , /health, /api/items?page=&size=, /api/items/ID, /api/search?q=&size=, /api/stats
POST /api/items; PUT, PATCH and DELETE /api/items/ID
POST /auth/register, /auth/login; GET and DELETE /auth/me
GET /page with its stylesheet, script and images (page.py), /events?every=&count= a stream of events; a chat room over
WebSocket at /chat (room.py)
GET /slow?ms=&jitter= answers later, /fail?rate=&status= fails at that rate. Both take any method.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from perftui.demo.database import Database, Row
from perftui.demo.page import Page
from perftui.demo.room import Rooms, stream

MOST_BODY_BYTES = 1024 * 1024
MOST_PAGE_SIZE = 100
MOST_SLOW_MS = 60_000
_ALL_METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_TEXTS = {"name": 200, "description": 2_000, "category": 50}
_DEFAULTS: Row = {"description": "", "category": "other", "price": 0.0, "quantity": 0}

Endpoint = Callable[[Request], Awaitable[Response]]


class BadRequestError(Exception):
    """Something in the request cannot be used; the text says what."""


class Counted:
    """Counts the requests that reach the application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.requests = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count, then pass on."""
        if scope["type"] == "http":
            self.requests += 1
        await self._app(scope, receive, send)


class Shop:
    """The endpoints, over one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._random = random.Random(1)
        self._started_s = time.monotonic()
        page = Page(database)
        self.counted = Counted(
            Starlette(
                routes=[
                    Route("/", self.index),
                    Route("/health", self.health),
                    Route("/api/items", self.list_items, methods=["GET"]),
                    Route("/api/items", self.create_item, methods=["POST"]),
                    Route("/api/items/{item_id:int}", self.show_item, methods=["GET"]),
                    Route("/api/items/{item_id:int}", self.change_item, methods=["PUT", "PATCH"]),
                    Route("/api/items/{item_id:int}", self.delete_item, methods=["DELETE"]),
                    Route("/api/search", self.search),
                    Route("/api/stats", self.stats),
                    Route("/auth/register", self.register, methods=["POST"]),
                    Route("/auth/login", self.log_in, methods=["POST"]),
                    Route("/auth/me", self.me, methods=["GET"]),
                    Route("/auth/me", self.leave, methods=["DELETE"]),
                    Route("/page", page.document),
                    Route("/page/{name}", page.part),
                    Route("/events", self.events),
                    WebSocketRoute("/chat", Rooms().chat),
                    Route("/slow", self.slow, methods=_ALL_METHODS),
                    Route("/fail", self.fail, methods=_ALL_METHODS),
                ],
                exception_handlers={BadRequestError: _bad_request},
            )
        )

    async def index(self, request: Request) -> Response:
        """What there is."""
        return JSONResponse({"service": "perftui demo", "paths": [route.path for route in request.app.routes]})

    async def health(self, _: Request) -> Response:
        """Whether the service works."""
        return JSONResponse({"status": "ok"})

    async def stats(self, _: Request) -> Response:
        """What the service holds and how much it answered."""
        return JSONResponse(
            {
                "items": self._database.count_items(),
                "users": self._database.count_users(),
                "requests": self.counted.requests,
                "uptime_s": round(time.monotonic() - self._started_s, 3),
            }
        )

    async def list_items(self, request: Request) -> Response:
        """A page of items; an empty one behind the last."""
        number = int(_number(request, "page", 1, 1, 1_000_000))
        size = int(_number(request, "size", 20, 1, MOST_PAGE_SIZE))
        items = self._database.page(number, size)
        return JSONResponse({"items": items, "page": number, "size": size, "total": self._database.count_items()})

    async def search(self, request: Request) -> Response:
        """Items whose name contains `q`."""
        text = request.query_params.get("q", "")
        if not text:
            raise BadRequestError("q is missing")
        items = self._database.search(text, int(_number(request, "size", 20, 1, MOST_PAGE_SIZE)))
        return JSONResponse({"items": items, "count": len(items)})

    async def show_item(self, request: Request) -> Response:
        """One item."""
        item = self._database.item(request.path_params["item_id"])
        return _not_found() if item is None else JSONResponse(item)

    async def create_item(self, request: Request) -> Response:
        """A new item, with its id."""
        item = self._database.create(_DEFAULTS | _item_values(await _json_object(request), whole=True))
        return JSONResponse(item, status_code=201, headers={"Location": f"/api/items/{item['id']}"})

    async def change_item(self, request: Request) -> Response:
        """Replace an item (PUT), or some of its fields (PATCH)."""
        whole = request.method == "PUT"
        values = _item_values(await _json_object(request), whole=whole)
        item = self._database.update(request.path_params["item_id"], (_DEFAULTS if whole else {}) | values)
        return _not_found() if item is None else JSONResponse(item)

    async def delete_item(self, request: Request) -> Response:
        """Remove an item."""
        return Response(status_code=204) if self._database.delete(request.path_params["item_id"]) else _not_found()

    async def register(self, request: Request) -> Response:
        """A new user from e-mail address, password and, if given, name."""
        body = await _json_object(request)
        email, password = _text(body, "email", 200), _text(body, "password", 200)
        name = _text(body, "name", 200) if "name" in body else email.partition("@")[0]
        user = self._database.register(email, name, password)
        if user is None:
            return JSONResponse({"error": "this e-mail address is taken"}, status_code=409)
        return JSONResponse(user, status_code=201)

    async def log_in(self, request: Request) -> Response:
        """A token for `Authorization: Bearer TOKEN`; also as the cookie `session`."""
        body = await _json_object(request)
        token = self._database.log_in(_text(body, "email", 200), _text(body, "password", 200))
        if token is None:
            return _unauthorized("e-mail address or password is wrong")
        response = JSONResponse({"token": token, "token_type": "bearer", "expires_in": 3600})
        response.set_cookie("session", token, httponly=True, samesite="strict")
        return response

    async def me(self, request: Request) -> Response:
        """The user of the token or the cookie."""
        user = self._user_of(request)
        return _unauthorized("log in first") if user is None else JSONResponse(user)

    async def leave(self, request: Request) -> Response:
        """Remove the user of the token or the cookie."""
        user = self._user_of(request)
        if user is None:
            return _unauthorized("log in first")
        self._database.remove_user(user["id"])
        return Response(status_code=204)

    def _user_of(self, request: Request) -> Row | None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            token = request.cookies.get("session", "")
        return self._database.user_of(token.strip())

    async def slow(self, request: Request) -> Response:
        """Answer after `ms`, give or take up to `jitter` milliseconds."""
        wanted_ms = _number(request, "ms", 100, 0, MOST_SLOW_MS)
        jitter_ms = _number(request, "jitter", 0, 0, MOST_SLOW_MS)
        waited_ms = max(0.0, wanted_ms + self._random.uniform(-jitter_ms, jitter_ms))
        await asyncio.sleep(waited_ms / 1000)
        return JSONResponse({"waited_ms": round(waited_ms, 3)})

    async def events(self, request: Request) -> Response:
        """An event every `every` milliseconds: `count` of them, or without end."""
        every_ms = _number(request, "every", 200, 1, MOST_SLOW_MS)
        return stream(every_ms / 1000, int(_number(request, "count", 0, 0, 1_000_000)))

    async def fail(self, request: Request) -> Response:
        """Answer with `status` for the share `rate` of the requests."""
        rate = _number(request, "rate", 0.5, 0, 1)
        status = int(_number(request, "status", 503, 400, 599))
        if self._random.random() < rate:
            return JSONResponse({"error": f"asked to fail with {status}"}, status_code=status)
        return JSONResponse({"status": "ok"})


async def _bad_request(_: Request, error: Exception) -> Response:
    return JSONResponse({"error": str(error)}, status_code=400)


def _not_found() -> Response:
    return JSONResponse({"error": "no such item"}, status_code=404)


def _unauthorized(reason: str) -> Response:
    return JSONResponse({"error": reason}, status_code=401, headers={"WWW-Authenticate": "Bearer"})


def _number(request: Request, name: str, default: float, lowest: float, highest: float) -> float:
    text = request.query_params.get(name)
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        raise BadRequestError(f"{name} is not a number") from None
    if not lowest <= value <= highest:
        raise BadRequestError(f"{name} must be between {lowest:g} and {highest:g}")
    return value


async def _json_object(request: Request) -> Row:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BODY_BYTES:
            raise BadRequestError("the body is too large")
    try:
        value = json.loads(bytes(body))
    except (ValueError, RecursionError):
        raise BadRequestError("the body is not JSON") from None
    if not isinstance(value, dict):
        raise BadRequestError("the body is not a JSON object")
    return value


def _text(body: Row, name: str, longest: int) -> str:
    value: Any = body.get(name)
    if not isinstance(value, str) or not value.strip() or len(value) > longest:
        raise BadRequestError(f"{name} must be a text of 1 to {longest} characters")
    try:
        value.encode()
    except UnicodeEncodeError:
        raise BadRequestError(f"{name} is not Unicode text") from None
    return value


def _item_values(body: Row, *, whole: bool) -> Row:
    """The known fields of an item in a body; others are ignored."""
    values: Row = {
        name: _text(body, name, longest) for name, longest in _TEXTS.items() if body.get(name) not in (None, "")
    }
    for name, kinds, highest in (("price", (int, float), 1e9), ("quantity", (int,), 1e9)):
        value = body.get(name)
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, kinds) or not 0 <= value <= highest:
            raise BadRequestError(f"{name} must be a number from 0 to {highest:g}")
        values[name] = value
    if whole and "name" not in values:
        raise BadRequestError("name is missing")
    if not values:
        raise BadRequestError("no field of an item is given")
    return values
