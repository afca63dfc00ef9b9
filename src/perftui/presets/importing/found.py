"""What importers find in somebody's file: requests, in texts of a preset."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from perftui.presets import grammar

NO_SERVER = "http://127.0.0.1:8000"
"""Stands where a file names no host."""


class FoundRequest(Struct, kw_only=True):
    """One request of an imported file. Texts are preset texts: what is literal in the file is escaped."""

    name: str = ""
    method: str = "GET"
    url: str
    """With its query."""
    headers: list[tuple[str, str]] = []
    body: str = ""
    """Text of the body."""
    fields: list[tuple[str, str]] = []
    """Form fields, already decoded."""
    parts: list[dict[str, Any]] = []
    """Parts of a multipart body, as a preset has them."""
    body_file: str = ""
    statuses: list[int] = []
    """What the response is expected to have."""
    captures: list[dict[str, str]] = []
    think_s: float = 0.0


class Finding(Struct, kw_only=True):
    """What an importer found in a file."""

    requests: list[FoundRequest] = []
    target: dict[str, Any] = {}
    """Further keys of [target]: auth, tls, proxy, timeout."""
    notes: list[str] = []
    """Told in comments at the top."""
    is_journey: bool = False
    """Whether the requests are steps of one user, in this order."""
    title: str = ""


def literal(text: str) -> str:
    """Text of the imported file as preset text: nothing in it is a placeholder."""
    return grammar.escape(text)
