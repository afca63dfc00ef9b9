"""What requests need of the target: one preset says it once, so what only some of them need is moved or told."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from perftui.presets import grammar
from perftui.presets.importing.found import Finding, FoundRequest, short_url


def use_targets(requests: Sequence[FoundRequest], finding: Finding) -> None:
    """Put into the finding's target what all requests say alike, and tell of the rest."""
    keys = dict.fromkeys(key for request in requests for key in request.target)
    for key in keys:
        values = [request.target.get(key) for request in requests]
        first = next(value for value in values if value is not None)
        if all(value == first for value in values):
            if finding.target.setdefault(key, first) != first:
                finding.omit(f"their own {key}, as a preset has one", "all")
        elif key == "auth" and finding.target.get(key) is None:
            _say_in_headers(requests, finding)
        else:
            finding.target.setdefault(key, first)
            for request, value in zip(requests, values, strict=True):
                if value is not None and value != finding.target[key]:
                    finding.omit(f"its own {key}, as a preset has one", _told(request))
            if None in values:
                finding.notes.append(f"the {key} of some requests is for all of them, as a preset has one")


def _say_in_headers(requests: Sequence[FoundRequest], finding: Finding) -> None:
    """Users of some requests only, in the header that says the same."""
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
        elif auth:
            finding.omit(f"{next(iter(auth))} of some requests only, as a preset has one way", _told(request))


def _plain(text: str, finding: Finding) -> str:
    """What a text of a preset stands for, as far as the file says it."""
    return "".join(
        segment if isinstance(segment, str) else finding.secrets.get(segment.argument, str(segment))
        for segment in grammar.split(text)
    )


def _told(request: FoundRequest) -> str:
    return f"{request.method} {short_url(request.url)}"
