"""HAR recordings: what the network panel of a browser saves. They become a journey, in the order of the recording."""

from __future__ import annotations

from datetime import datetime

import msgspec

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets.importing.found import Finding, FoundRequest, literal
from perftui.presets.importing.whole_preset import preset_of

MOST_REQUESTS = 200
_ASSETS = (
    ".css",
    ".js",
    ".mjs",
    ".map",
    ".png",
    ".jpg",
    ".jpeg",
    ".gif",
    ".svg",
    ".ico",
    ".webp",
    ".woff",
    ".woff2",
    ".ttf",
)
_ASSET_TYPES = ("image/", "font/", "text/css", "text/javascript", "application/javascript", "video/", "audio/")


class _Pair(msgspec.Struct, frozen=True):
    name: str
    value: str = ""


class _PostData(msgspec.Struct, frozen=True):
    mime_type: str = msgspec.field(name="mimeType", default="")
    text: str = ""
    params: list[_Pair] = []


class _Request(msgspec.Struct, frozen=True):
    method: str
    url: str
    headers: list[_Pair] = []
    post_data: _PostData | None = msgspec.field(name="postData", default=None)


class _Content(msgspec.Struct, frozen=True):
    mime_type: str = msgspec.field(name="mimeType", default="")


class _Response(msgspec.Struct, frozen=True):
    status: int = 0
    content: _Content = _Content()


class _Entry(msgspec.Struct, frozen=True):
    request: _Request
    response: _Response = _Response()
    started: str = msgspec.field(name="startedDateTime", default="")
    time_ms: float = msgspec.field(name="time", default=0.0)


class _Log(msgspec.Struct, frozen=True):
    entries: list[_Entry]


class _Har(msgspec.Struct, frozen=True):
    log: _Log


def import_har(text: str, name: str = "imported") -> str:
    """The preset of a HAR recording: one journey with the waits of the recording; assets of pages are left out.

    Raises:
        UsageError: not HAR, or no request in it can be used.
    """
    try:
        har = msgspec.json.decode(text.removeprefix("\ufeff"), type=_Har)
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"not a HAR file: {safe_text(str(error), 120)}") from error
    finding = Finding(requests=[], target={}, notes=[], is_journey=True, title=f"Recorded: {name}")
    kept = [entry for entry in har.log.entries if not _is_asset(entry)] or har.log.entries
    if left_out := len(har.log.entries) - len(kept):
        finding.notes.append(f"left out, as parts of pages: {left_out:,} images, styles, scripts or fonts")
    if len(kept) > MOST_REQUESTS:
        finding.notes.append(f"left out: {len(kept) - MOST_REQUESTS:,} requests after the first {MOST_REQUESTS}")
    before = None
    for entry in kept[:MOST_REQUESTS]:
        found = _found(entry.request, entry.response.status)
        started = _moment(entry.started)
        if before is not None and started is not None:
            found.think_s = max(0.0, started - before)
        before = started + entry.time_ms / 1e3 if started is not None else None
        finding.requests.append(found)
    return preset_of(finding, name, "a HAR recording")


def _found(request: _Request, status: int) -> FoundRequest:
    found = FoundRequest(
        method=request.method.upper(),
        url=literal(request.url.partition("#")[0]),
        headers=[(pair.name, literal(pair.value)) for pair in request.headers],
        fields=[],
        parts=[],
        # A cached or redirected answer says nothing about the next one.
        statuses=[status] if 200 <= status < 300 else [],
        captures=[],
    )
    data = request.post_data
    if data is None:
        return found
    names = [pair.name for pair in data.params]
    if data.params and len(set(names)) == len(names) and "multipart" not in data.mime_type:
        found.fields = [(literal(pair.name), literal(pair.value)) for pair in data.params]
    elif data.params:
        found.parts = [{"name": pair.name, "value": literal(pair.value)} for pair in data.params]
    else:
        found.body = literal(data.text)
        if not any(name.lower() == "content-type" for name, _ in found.headers) and data.mime_type:
            found.headers.append(("Content-Type", data.mime_type))
    return found


def _is_asset(entry: _Entry) -> bool:
    path = entry.request.url.partition("?")[0].lower()
    return path.endswith(_ASSETS) or entry.response.content.mime_type.lower().startswith(_ASSET_TYPES)


def _moment(text: str) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp()
    except (ValueError, OverflowError):
        return None
