"""Cookies that answers set, and which of them a request carries: the standard library's jar, one for each user."""

from __future__ import annotations

from collections.abc import Sequence
from email.message import Message
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any, cast
from urllib.request import Request

MOST_COOKIES = 50
_MOST_KNOWN_PATHS = 64

Headers = Sequence[tuple[bytes, bytes]]


class Jar:
    """The cookies of one user: domain, path, age and Secure are what RFC 6265 says."""

    __slots__ = ("_jar", "_known")

    def __init__(self) -> None:
        self._jar = CookieJar(_POLICY)
        self._known: dict[str, str] = {}
        """What was found for a URL, as long as nothing can change it."""

    def store(self, url: str, headers: Headers) -> None:
        """Keep what the answer to a request for this URL sets, forget what it deletes."""
        values = [value.decode("latin-1") for name, value in headers if name.lower() == b"set-cookie"]
        message = Message()
        for value in values:
            message["Set-Cookie"] = value
        self._jar.extract_cookies(cast("Any", _Answer(message)), Request(url))  # noqa: S310 - asked for nothing, only looked at
        for cookie in list(self._jar)[MOST_COOKIES:]:
            self._jar.clear(cookie.domain, cookie.path, cookie.name)
        self._known.clear()

    def header_for(self, url: str) -> str:
        """The value of the Cookie header of a request for this URL; empty: none."""
        found = self._known.get(url)
        if found is None:
            request = Request(url)  # noqa: S310 - asked for nothing, only looked at
            self._jar.add_cookie_header(request)
            found = request.get_header("Cookie", "")
            if len(self._known) < _MOST_KNOWN_PATHS and all(cookie.expires is None for cookie in self._jar):
                self._known[url] = found
        return found


class _Answer:
    """A response as the jar looks at it."""

    def __init__(self, message: Message) -> None:
        self._message = message

    def info(self) -> Message:
        """Its headers."""
        return self._message


_POLICY = DefaultCookiePolicy(rfc2965=False)
