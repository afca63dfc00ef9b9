"""Which targets a preset has for what was found, and what is said of each once instead of in every request."""

from __future__ import annotations

import base64
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from perftui.presets import grammar
from perftui.presets.importing.found import Finding, FoundRequest, short_url, split_url

MOST_TARGETS = 20
_SECOND_LEVEL = {"co", "com", "org", "net", "ac", "gov", "edu", "or", "ne", "go"}


class Aim(Struct, kw_only=True):
    """One target of the preset, and the requests to it."""

    name: str = ""
    """Empty: the preset's own."""
    server: str
    requests: list[FoundRequest]


def aims_of(requests: Sequence[FoundRequest], finding: Finding) -> list[Aim]:
    """The targets, the preset's own first; servers that nobody meant to load are left out.

    Requests to one server that need other settings of it (a proxy, a timeout) have a target of their own, unless they
    are steps of one user, whose cookies belong to one target.
    """
    for request in requests:
        if any(name.lower() == "connection" and value.lower() == "close" for name, value in request.headers):
            request.target = {**request.target, "keep_alive": False}
    servers = Counter(server_of(request.url) for request in requests)
    chosen = finding.server if finding.server in servers else servers.most_common(1)[0][0]
    if finding.is_recording:
        for server, count in servers.items():
            if not _is_same_site(server, chosen):
                finding.omit("to other sites", f"{server} ({count:,})")
        requests = [request for request in requests if _is_same_site(server_of(request.url), chosen)]
    groups: dict[tuple[str, bytes], list[FoundRequest]] = {}
    for request in requests:
        own = {} if finding.is_journey else {key: value for key, value in request.target.items() if key != "auth"}
        groups.setdefault((server_of(request.url), msgspec.json.encode(own, order="sorted")), []).append(request)
    # The preset's own target is the one that most requests go to.
    order = sorted(groups, key=lambda key: (key[0] != chosen, -len(groups[key])))
    aims: list[Aim] = []
    taken: set[str] = set()
    for server, settings in order:
        if len(aims) < MOST_TARGETS:
            name = _name_of(server, taken) if aims else ""
            aims.append(Aim(name=name, server=server, requests=groups[server, settings]))
        else:
            finding.omit(f"to more than {MOST_TARGETS} servers", f"{server} ({len(groups[server, settings]):,})")
    return aims


def _name_of(server: str, taken: set[str]) -> str:
    """A name for a target, made of its host."""
    name = re.sub(r"[^A-Za-z0-9]+", "-", server.partition("://")[2]).strip("-")[:50] or "other"
    name = name if name[0].isalpha() else f"at-{name}"
    unique, number = name, 1
    while unique in taken:
        number += 1
        unique = f"{name}-{number}"
    taken.add(unique)
    return unique


def settings_of(aim: Aim, finding: Finding) -> dict[str, Any]:
    """Keys of a target's table that all requests to it say alike; what only some say is moved or told."""
    requests = aim.requests
    found: dict[str, Any] = {}
    for key in dict.fromkeys(key for request in requests for key in request.target):
        values = [request.target.get(key) for request in requests]
        first = next(value for value in values if value is not None)
        is_alike = all(value == first for value in values)
        if key == "auth" and (aim.name or not is_alike):
            _say_in_headers(requests, finding)
            continue
        found[key] = first
        for request, value in zip(requests, values, strict=True):
            if value is not None and value != first:
                finding.omit(f"its own {key}, as a target has one", _told(request))
        if not is_alike and None in values:
            finding.notes.append(f"the {key} of some requests is for all of them, as a target has one")
    return found


def _say_in_headers(requests: Sequence[FoundRequest], finding: Finding) -> None:
    """Who some requests are from, in the header that says the same."""
    for request in requests:
        auth: dict[str, Any] = request.target.get("auth", {})
        if pair := auth.get("basic"):
            both = f"{_plain(pair['user'], finding)}:{_plain(pair['password'], finding)}"
            value = finding.secret("BASIC_AUTH", base64.b64encode(both.encode()).decode())
            request.headers.append(("Authorization", f"Basic {value}"))
            finding.notes.append(f"{value[6:-1]} is the base64 text of user:password of {_told(request)}")
        elif bearer := auth.get("bearer"):
            request.headers.append(("Authorization", f"Bearer {bearer}"))
        elif header := auth.get("header"):
            request.headers.append((header["name"], header["value"]))
        elif query := auth.get("query"):
            request.url += f"{'&' if '?' in request.url else '?'}{query['name']}={query['value']}"
        elif auth:
            finding.omit(f"{next(iter(auth))} of some requests only, as a preset has one way", _told(request))


def _plain(text: str, finding: Finding) -> str:
    """What a text of a preset stands for, as far as the file says it."""
    return "".join(
        segment if isinstance(segment, str) else finding.secrets.get(segment.argument, str(segment))
        for segment in grammar.split(text)
    )


def server_of(url: str) -> str:
    """Scheme, host and port of a URL.

    Raises:
        ValueError: it is none.
    """
    urlsplit(url)
    scheme, host, _, _ = split_url(url)
    return f"{scheme.lower()}://{host.lower() if '${' not in host else host}"


def _is_same_site(server: str, other: str) -> bool:
    return next(_sites(server)) == next(_sites(other))


def _sites(server: str) -> Iterator[str]:
    """The part of a host's name that one owner has, such as shop.example of api.shop.example."""
    host = server.partition("://")[2].rpartition(":")[0] or server.partition("://")[2]
    labels = host.split(".")
    if host.endswith("]") or labels[-1].isdecimal():
        yield host  # an address is nobody's domain
    is_deep = len(labels) > 2 and len(labels[-1]) == 2 and labels[-2] in _SECOND_LEVEL
    yield ".".join(labels[-3:] if is_deep else labels[-2:])


def _told(request: FoundRequest) -> str:
    return f"{request.method} {short_url(request.url)}"
