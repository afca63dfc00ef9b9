"""What requests take from responses for later ones: captured values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from itertools import count
from typing import TYPE_CHECKING

from perftui.engine.clients.checks import json_text
from perftui.engine.clients.response import Response
from perftui.model.plan import Capture
from perftui.presets.json_path import MISSING, JsonPath
from perftui.presets.patterns import compile_pattern

if TYPE_CHECKING:
    from perftui.engine.clients.users import VirtualUser

MOST_CAPTURE_CHARACTERS = 8192


Find = Callable[[Response], "str | None"]


def compile_captures(
    captures: Sequence[Capture],
) -> Callable[[Response, MutableMapping[str, str]], str | None] | None:
    """A function that stores what it finds in a mapping and returns the name of the first value it does not find.

    Raises:
        ValueError: a regular expression or JSON path is wrong.
    """
    if not captures:
        return None
    finders = [(capture.name, _finder(capture)) for capture in captures]

    def capture_all(response: Response, variables: MutableMapping[str, str]) -> str | None:
        for name, find in finders:
            value = find(response)
            if value is None:
                return name
            variables[name] = value[:MOST_CAPTURE_CHARACTERS]
        return None

    return capture_all


class CleanUpValues:
    """Captured values that the clean-up after the run needs, until the next frame takes them."""

    def __init__(self, names: frozenset[str]) -> None:
        self.names = names
        self._owners = count(1)
        self._pending: dict[int, dict[str, str]] = {}

    def keep(self, user: VirtualUser | None, variables: Mapping[str, str]) -> None:
        """Remember what was captured; a user's later values join its earlier ones, unless a frame took those."""
        owner = 0 if user is None else user.owner
        if not owner:
            owner = next(self._owners)
            if user is not None:
                user.owner = owner
        self._pending[owner] = {name: variables[name] for name in self.names & variables.keys()}

    def take(self) -> tuple[dict[str, str], ...]:
        """What was captured since the last take."""
        taken = tuple(self._pending.values())
        self._pending = {}
        return taken


def _finder(capture: Capture) -> Find:
    if capture.json:
        return _json_finder(JsonPath.compile(capture.json))
    if capture.regex:
        find = compile_pattern(capture.regex)
        return lambda response: find(response.text)
    if capture.cookie:
        wanted = capture.cookie
        return lambda response: _cookie(response, wanted)
    name = capture.header.lower().encode()
    return lambda response: None if (value := response.header(name)) is None else value.decode("latin-1")


def _json_finder(path: JsonPath) -> Find:
    def find(response: Response) -> str | None:
        try:
            value = path.find(response.document())
        except ValueError:
            return None
        return None if value is MISSING or value is None else json_text(value)

    return find


def _cookie(response: Response, name: str) -> str | None:
    """The value of a cookie as the answer sets it; the last one where it does so twice."""
    found = None
    headers: Sequence[tuple[bytes, bytes]] = getattr(response, "headers", ())  # only HTTP has some
    for header, value in headers:
        if header.lower() == b"set-cookie":
            key, separator, content = value.decode("latin-1").partition(";")[0].partition("=")
            if separator and key.strip() == name:
                found = content.strip()
    return found
