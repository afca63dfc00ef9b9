"""Cookies that answers set."""

from __future__ import annotations

from collections.abc import MutableMapping, Sequence

MOST_COOKIES = 50


def cookies_of(headers: Sequence[tuple[bytes, bytes]]) -> dict[str, str]:
    """Names and values of the cookies that a response sets; an empty value where it deletes one.

    Attributes other than Max-Age=0 and a date in the past are not looked at: all requests go to one origin.
    """
    found: dict[str, str] = {}
    for name, value in headers:
        if name.lower() != b"set-cookie":
            continue
        pair, _, attributes = value.decode("latin-1").partition(";")
        key, separator, content = pair.partition("=")
        if separator and key.strip():
            lowered = attributes.lower().replace(" ", "")
            deleted = "max-age=0" in lowered or "max-age=-" in lowered or "expires=thu,01jan1970" in lowered
            found[key.strip()] = "" if deleted else content.strip()
    return found


def store_cookies(headers: Sequence[tuple[bytes, bytes]], cookies: MutableMapping[str, str]) -> None:
    """Keep what a response sets, forget what it deletes."""
    for name, value in cookies_of(headers).items():
        if not value:
            cookies.pop(name, None)
        elif name in cookies or len(cookies) < MOST_COOKIES:
            cookies[name] = value
