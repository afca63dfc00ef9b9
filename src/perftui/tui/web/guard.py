"""Who may come in: whoever has the key that was printed, from a page of ours, under a name of ours.

Any page a person visits can send requests to addresses of their own machine. So a request must name this server in its
Host (a name that was pointed here by somebody else is refused), must not come from another page (Origin), and must
bring the key: once in the URL that was printed, then as a cookie.
"""

from __future__ import annotations

import secrets
from ipaddress import ip_address
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

COOKIE = "perftui"
KEY = "key"
"""Name of the query parameter that brings the key."""
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""The page may ask nobody but this server. The terminal in it makes style elements of its own."""
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


class Guard:
    """Lets in or says why not, before anything else looks at a request."""

    def __init__(self, names: frozenset[str]) -> None:
        """Make a key.

        Args:
            names: names and addresses, besides those of loopback, under which this server is known.
        """
        self.key = secrets.token_urlsafe(24)
        self._names = names

    def middleware(self) -> Middleware:
        """For the application."""

        @web.middleware
        async def guarded(request: web.Request, handler: Handler) -> web.StreamResponse:
            why = self.refusal(request)
            if why:
                return web.Response(status=403, text=f"{why}\n", headers=_HEADERS)
            if KEY in request.query and request.method == "GET":
                # the key leaves the address line: it would be seen there, and kept in the history
                rest = {name: value for name, value in request.query.items() if name != KEY}
                where = {"Location": str(request.rel_url.with_query(rest))}
                answer: web.StreamResponse = web.Response(status=303, headers=_HEADERS | where)
                answer.set_cookie(COOKIE, self.key, httponly=True, samesite="Lax", path="/")
                return answer
            answer = await handler(request)
            if not answer.prepared:
                answer.headers.update(_HEADERS)
            return answer

        return guarded

    def refusal(self, request: web.Request) -> str:
        """Why a request is not answered; empty when it is."""
        if not self._is_ours(request.host):
            return "perftui serve is not known under this name; use the address that it printed"
        origin = request.headers.get("Origin", "")
        is_socket = request.headers.get("Upgrade", "").lower() == "websocket"
        if (origin or is_socket) and not _same(origin, request):
            return "this page is not perftui's; open the address that perftui serve printed"
        given = request.query.get(KEY) or request.cookies.get(COOKIE, "")
        if not secrets.compare_digest(given.encode("utf-8", "replace"), self.key.encode()):
            return "open the whole address that perftui serve printed: it holds the key"
        return ""

    def _is_ours(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".").lower() if _is_plain(host) else ""
        except ValueError:  # brackets around what is no address
            return False
        return name in self._names or is_loopback(name)


def is_loopback(name: str) -> bool:
    """Whether a host is this machine as only this machine sees it."""
    try:
        return name == "localhost" or ip_address(name).is_loopback
    except ValueError:
        return False


def _is_plain(host: str) -> bool:
    return not set(host) & set("@/?#\\ ")


def _same(origin: str, request: web.Request) -> bool:
    # the port may be another than the one we listen on: a tunnel over SSH has its own
    return origin.lower() == f"{request.scheme}://{request.host}".lower()
