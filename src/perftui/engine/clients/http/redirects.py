"""Redirects: where an answer sends its request, and the request that goes there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urljoin, urlsplit

from perftui.engine.clients.http.target import DEFAULT_PORTS, target_of
from perftui.engine.clients.operation import Fault
from perftui.model.text import safe_text

if TYPE_CHECKING:
    from perftui.engine.clients.http.cookies import Jar

_SHOWN = 120
_KEPT = "!#$%&'()*+,/:;=?@[]~"
"""What stays as it is in a Location: all that may stand in a URL, and what is encoded already."""
_BODY_LINE = re.compile(rb"(?im)^(?:content-[a-z-]+|transfer-encoding|expect):[^\r\n]*\r\n")
_COOKIE_LINE = re.compile(rb"(?im)^cookie:[ \t]*([^\r\n]*)\r\n")


def shown_location(status: int, location: bytes) -> str:
    """A redirect for people: `301 to /login`. The query, in which secrets may stand, is left out."""
    where = location.decode("utf-8", "replace").partition("#")[0]
    path, asks, _ = where.partition("?")
    scheme, slashes, rest = path.partition("//")
    if slashes and "@" in rest.partition("/")[0]:
        path = f"{scheme}//{rest.partition('@')[2]}"
    return f"{status} to {safe_text(path, _SHOWN) or 'nowhere'}{'?…' if asks else ''}"


class Onward(NamedTuple):
    """The request to send because of a redirect, and the cookies that go with it; or what is wrong about it."""

    request: bytes = b""
    jar: Jar | None = None
    fault: Fault | None = None


def next_target(request: bytes, origin: str, location: bytes) -> str:
    """Path and query that a redirect of this request leads to.

    Args:
        request: the one that was redirected.
        origin: scheme and host that it went to.
        location: the header of the answer.

    Raises:
        ValueError: it leads to another origin, which nobody asked to load.
    """
    asked = quote(location.decode("utf-8", "replace").strip(), safe=_KEPT)
    url = urljoin(origin + target_of(request), asked)
    if _origin(url) != _origin(origin):
        raise ValueError(f"only {origin} is loaded: name the final URL as the target")
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _origin(url: str) -> tuple[str, str | None, int | None, str | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or DEFAULT_PORTS.get(parts.scheme), parts.username


def redirected(request: bytes, status: int, target: str) -> bytes:
    """The request that goes to the new target: as browsers do, a GET without a body but after 307 and 308."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, _, rows = head.partition(b"\r\n")
    method, old, version = line.split(b" ", 2)
    if status == 303 or (status in {301, 302} and method == b"POST"):
        method, body = (b"HEAD" if method == b"HEAD" else b"GET"), b""
        rows = _BODY_LINE.sub(b"", rows + b"\r\n").removesuffix(b"\r\n")
    absolute = b"" if old.startswith(b"/") else old[: old.index(b"/", old.index(b"://") + 3)]
    return b"%s %s%s %s\r\n%s\r\n\r\n%s" % (method, absolute, target.encode("ascii"), version, rows, body)


def with_cookies(request: bytes, cookies: str) -> bytes:
    """The request with these cookies of the server's instead of older ones of the same names."""
    head, separator, body = request.partition(b"\r\n\r\n")
    rows = head + b"\r\n"
    found = _COOKIE_LINE.search(rows)
    named = {pair.partition("=")[0].strip() for pair in cookies.split(";")}
    held = found[1].decode("latin-1").split(";") if found else []
    kept = [pair.strip() for pair in held if pair.partition("=")[0].strip() not in named]
    line = "; ".join([*kept, *([cookies] if cookies else [])])
    rows = _COOKIE_LINE.sub(b"", rows)
    if line:
        rows += b"Cookie: %s\r\n" % line.encode("latin-1", "replace")
    return rows.removesuffix(b"\r\n") + separator + body
