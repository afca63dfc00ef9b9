"""URLs as people type them: with `http://` or without it."""

from __future__ import annotations

import re

_WITH_PORT = re.compile(r"(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?:\d{1,5}(?=[/?]|$)")
_THIS_MACHINE = re.compile(r"(?:localhost|(?:\d{1,3}\.){3}\d{1,3}|\[[0-9A-Fa-f:.]+\])(?=[/?]|$)", re.IGNORECASE)

_BUILT_IN = {
    **dict.fromkeys(("redis", "rediss"), "cache"),
    **dict.fromkeys(("ws", "wss"), "chat"),
    **dict.fromkeys(("postgresql", "postgres", "mysql", "mariadb", "sqlite"), "database"),
    "file": "files",
}


def is_url(text: str) -> bool:
    """Whether a word of the command line is meant as a URL, not as the name or file of a preset.

    Without a scheme, a port or an address tells: `localhost:8000/x`, `127.0.0.1`, `:8000`.
    """
    return "://" in text or bool(_WITH_PORT.match(text) or _THIS_MACHINE.match(text))


def preset_for(scheme: str) -> str:
    """The built-in preset that loads such URLs; empty for those of HTTP, and where there is none."""
    return _BUILT_IN.get(scheme.lower(), "")


def full_url(text: str) -> str:
    """The URL with its scheme; what is no URL is left to those who check it."""
    if "://" in text or not is_url(text):
        return text
    return f"http://{'127.0.0.1' if text.startswith(':') else ''}{text}"
