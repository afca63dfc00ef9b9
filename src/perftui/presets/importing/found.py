"""What importers find in somebody's file: requests, in texts of a preset, and what they leave out."""

from __future__ import annotations

import re
from typing import Any, Literal

from msgspec import Struct

from perftui.model.text import safe_text
from perftui.presets import grammar
from perftui.presets.redaction import Redactor

NO_SERVER = "http://127.0.0.1:8000"
"""Stands where a file names no host."""
_REDACTOR = Redactor()
LONGEST_NAME = 200
"""Characters of an environment variable that a preset names."""
_MOST_SHOWN = 100
"""Characters of the names in a comment on what is left out."""


class FoundRequest(Struct, kw_only=True):
    """One request of an imported file. Texts are preset texts: what is literal in the file is escaped."""

    name: str = ""
    method: str = "GET"
    url: str
    """With its query, as it is sent: nothing in it is decoded."""
    headers: list[tuple[str, str]] = []
    body: str = ""
    """Text of the body, as it is sent."""
    fields: list[tuple[str, str]] = []
    """Form fields where a file has fields, not bytes."""
    document: Any = None
    """JSON where a file has a document, not bytes."""
    parts: list[dict[str, Any]] = []
    """Parts of a multipart body, as a preset has them."""
    body_file: str = ""
    statuses: list[int] = []
    """What the response is expected to have."""
    checks: list[dict[str, Any]] = []
    """More that the response is expected to have."""
    captures: list[dict[str, str]] = []
    think_s: float = 0.0
    think_until_s: float = 0.0
    """The longest wait, when it varies."""
    stage: Literal["load", "before", "after"] = "load"
    """Whether it is part of the load, or sent once around it."""
    group: str = "recorded"
    """Name of the journey that it is a step of."""
    target: dict[str, Any] = {}
    """Keys of [target] that it needs: auth, tls, proxy, timeout."""


class Finding(Struct, kw_only=True):
    """What an importer found in a file."""

    requests: list[FoundRequest] = []
    notes: list[str] = []
    """Told in comments at the top."""
    is_recording: bool = False
    """Whether it holds what a browser asked of other sites as well."""
    is_journey: bool = False
    """Whether the requests are steps of one user, in this order."""
    weights: dict[str, float] = {}
    """Of journeys, by name; 1 where nothing is said."""
    load: dict[str, Any] = {}
    """How much load the file asks for; empty: it says nothing."""
    data: list[dict[str, Any]] = []
    """Files whose columns are values, as a preset has them."""
    title: str = ""
    server: str = ""
    """Scheme, host and port of what the preset is for; empty: where most requests go."""
    omitted: dict[str, list[str]] = {}
    """What is left out, by reason."""
    secrets: dict[str, str] = {}
    """Environment variables by name, and the value of the file that each stands for."""

    def secret(self, name: str, value: str) -> str:
        """The placeholder that stands for a secret of the file from now on: one variable for each value.

        Args:
            name: what the secret is called where it was found.
            value: as it is before it is encoded for its place; it is kept in memory only.
        """
        wanted, number = variable_name(name, "SECRET"), 1
        variable = wanted
        while self.secrets.setdefault(variable, value) != value:
            number += 1
            variable = f"{wanted}_{number}"
        return f"${{env:{variable}}}"

    def omit(self, reason: str, what: str) -> None:
        """Leave something out; all of one reason is told in one line."""
        self.omitted.setdefault(reason, []).append(safe_text(_REDACTOR.text(what), 60))

    def comments(self) -> list[str]:
        """All that a reader of the preset must know, one line each."""
        told = [*dict.fromkeys(self.notes), *(_omission(reason, names) for reason, names in self.omitted.items())]
        return [safe_text(line, 300) for line in told]


def _omission(reason: str, names: list[str]) -> str:
    unique = list(dict.fromkeys(names))
    shown = unique[:1]
    for name in unique[1:]:
        if len(", ".join([*shown, name])) > _MOST_SHOWN:
            break
        shown.append(name)
    more = len(unique) - len(shown)
    return f"left out, {reason}: {', '.join(shown)}{f' and {more:,} more' * bool(more)}"


def split_url(url: str) -> tuple[str, str, str, str | None]:
    """Scheme, host with port, path and query of a URL, as they are written; the query is None without a `?`."""
    scheme, colon, rest = url.partition("#")[0].partition("://")
    if not colon:
        scheme, rest = "", url.partition("#")[0]
    whole, mark, query = rest.partition("?")
    host, slash, path = whole.partition("/")
    return scheme, host.rpartition("@")[2], slash + path, query if mark else None


def short_url(url: str) -> str:
    """A URL for a comment: without user, password and query, which may be secret, or the content of a data: URL."""
    scheme, colon, rest = url.partition(":")
    if not colon or "/" in scheme:  # a path, of whatever host the file names elsewhere
        return url.partition("?")[0]
    if not rest.startswith("//"):
        return f"{scheme}:{rest[:20]}{'…' * (len(rest) > 20)}"
    start, _, path = rest.removeprefix("//").partition("?")[0].partition("/")
    return f"{scheme}://{start.rpartition('@')[2]}/{path}"


def literal(text: str) -> str:
    """Text of the imported file as preset text: nothing in it is a placeholder."""
    return grammar.escape(text)


def variable_name(text: str, default: str) -> str:
    """A name that an environment variable may have, made of what something is called elsewhere."""
    name = re.sub(r"[^A-Z0-9_]+", "_", text.upper()).strip("_")[:LONGEST_NAME] or default
    return f"V_{name}" if name[0].isdecimal() else name
