"""HAR recordings: what the network panel of a browser saves. They become a journey, in the order of the recording."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from urllib.parse import urlencode

import msgspec

from perftui.model.errors import UsageError
from perftui.model.text import safe_text
from perftui.presets.importing.bodies import content_type, use_body
from perftui.presets.importing.found import Finding, FoundRequest, literal, short_url
from perftui.presets.importing.targets import server_of
from perftui.presets.importing.whole_preset import preset_of

_ASSETS = (
    ".css", ".js", ".mjs", ".map", ".png", ".jpg", ".jpeg", ".gif", ".svg", ".ico", ".webp", ".avif", ".woff", ".woff2",
    ".ttf", ".otf",
)  # fmt: skip
_LONGEST_WAIT_S = 10.0
_OF_CACHES = {"if-none-match", "if-modified-since"}
_ASSET_TYPES = ("image/", "font/", "text/css", "text/javascript", "application/javascript", "video/", "audio/")


# Recorders write null where they know nothing.


class _Pair(msgspec.Struct, frozen=True):
    name: str
    value: str | None = None
    filename: str | None = msgspec.field(name="fileName", default=None)
    content_type: str | None = msgspec.field(name="contentType", default=None)


class _PostData(msgspec.Struct, frozen=True):
    mime_type: str | None = msgspec.field(name="mimeType", default=None)
    text: str | None = None
    params: list[_Pair] | None = None
    encoding: str | None = None


class _Request(msgspec.Struct, frozen=True):
    method: str
    url: str
    headers: list[_Pair] | None = None
    post_data: _PostData | None = msgspec.field(name="postData", default=None)


class _Content(msgspec.Struct, frozen=True):
    mime_type: str | None = msgspec.field(name="mimeType", default=None)


class _Response(msgspec.Struct, frozen=True):
    status: int | None = None
    """None or 0: there was no answer."""
    headers: list[_Pair] | None = None
    content: _Content | None = None


class _Entry(msgspec.Struct, frozen=True):
    request: _Request
    response: _Response | None = None
    started: str | None = msgspec.field(name="startedDateTime", default=None)
    time_ms: float | str | None = msgspec.field(name="time", default=None)
    resource_type: str | None = msgspec.field(name="_resourceType", default=None)


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
    return preset_of(_Recording(har.log.entries, name).finding(), name, "a HAR recording")


class _Recording:
    """Follows the recording as the browser went through it: its waits and its cookies."""

    def __init__(self, entries: list[_Entry], name: str) -> None:
        self._finding = Finding(is_journey=True, is_recording=True, title=f"Recorded: {name}")
        self._entries = entries
        self._cookies: set[str] = set()
        self._ended: float | None = None

    def finding(self) -> Finding:
        """All requests that a user's own ones are."""
        finding = self._finding
        kept = [entry for entry in self._entries if not _is_asset(entry)] or self._entries
        if parts := len(self._entries) - len(kept):
            finding.notes.append(f"left out, as parts of pages: {parts:,} images, styles, scripts or fonts")
        finding.server = _server(kept)
        for entry in kept:
            status = entry.response.status or 0 if entry.response else None
            reason = _unwanted(entry, status)
            if reason:
                finding.omit(reason, _told(entry.request))
            else:
                finding.requests.append(self._found(entry, status or 0))
            for header in (entry.response.headers if entry.response else None) or ():
                if header.name.lower() == "set-cookie":
                    self._cookies |= {line.partition("=")[0].strip() for line in (header.value or "").split("\n")}
        return finding

    def _found(self, entry: _Entry, status: int) -> FoundRequest:
        request = entry.request
        found = FoundRequest(
            method=request.method.upper(),
            url=literal(request.url.partition("#")[0]),
            headers=[(pair.name, literal(value)) for pair in request.headers or () for value in self._values(pair)],
            # A cached or redirected answer says nothing about the next one.
            statuses=[status] if 200 <= status < 300 else [],
        )
        found.think_s = self._wait(entry)
        if found.think_s > _LONGEST_WAIT_S:
            found.think_s = _LONGEST_WAIT_S
            self._finding.omit(f"what waits have above {_LONGEST_WAIT_S:g} s", _told(request))
        if request.post_data is not None and (lost := _use_data(found, request.post_data)):
            self._finding.omit(lost, _told(request))
        return found

    def _values(self, header: _Pair) -> list[str]:
        """The header's value, if a user sends it: cookies that the recording itself set are new for each user."""
        value = header.value or ""
        if header.name.lower() in _OF_CACHES:
            self._finding.omit("what the browser's cache asked for: the header", header.name)
            return []
        if header.name.lower() != "cookie":
            return [value]
        pairs = [pair.strip() for pair in value.split(";")]
        kept = [pair for pair in pairs if pair.partition("=")[0] not in self._cookies]
        for pair in pairs:
            if pair not in kept:
                self._finding.omit("as each user gets its own, the cookie", pair.partition("=")[0])
        return ["; ".join(kept)] if kept else []

    def _wait(self, entry: _Entry) -> float:
        """Seconds between the last answer and this request."""
        started = _moment(entry.started)
        if started is None:
            return 0.0
        before, self._ended = self._ended, started + _number(entry.time_ms) / 1e3
        return 0.0 if before is None else max(0.0, started - before)


def _unwanted(entry: _Entry, status: int | None) -> str:
    """Why a load test should not repeat a request; empty: it should."""
    headers = {pair.name.lower() for pair in entry.request.headers or ()}
    if entry.resource_type == "preflight" or "access-control-request-method" in headers:
        return "asked by the browser itself"
    if status == 0 and entry.request.url.startswith("http"):
        return "not answered when they were recorded"
    return "answered with an error when they were recorded" if status is not None and status >= 400 else ""


def _use_data(found: FoundRequest, data: _PostData) -> str:
    """Take the body over; returns what is left out of it."""
    kind = data.mime_type or ""
    if not content_type(found) and kind:
        found.headers.append(("Content-Type", literal(kind)))
    text = data.text or ""
    if data.encoding == "base64":
        try:
            text = base64.b64decode(text, validate=True).decode("utf-8", "replace")
        except binascii.Error:
            return "its body, which is not the base64 that it should be"
    if text:
        return use_body(found, text)
    if "multipart" in content_type(found):
        return _use_parts(found, data.params or [])
    return use_body(found, urlencode([(pair.name, pair.value or "") for pair in data.params or ()]))


def _use_parts(found: FoundRequest, pairs: list[_Pair]) -> str:
    files = []
    for pair in pairs:
        part = {"name": literal(pair.name), "value": literal(pair.value or "")}
        if pair.filename:
            part |= {"value": "", "filename": literal(pair.filename)}
            files.append(pair.filename)
        if pair.content_type:
            part["content_type"] = literal(pair.content_type)
        found.parts.append(part)
    return f"the bytes of {', '.join(files)}; write file = ... in that part" if files else ""


def _server(entries: list[_Entry]) -> str:
    """Where the first page came from: analytics may be asked more often than the shop that was recorded."""
    for entry in entries:
        answer = entry.response
        kind = (answer.content.mime_type if answer and answer.content else None) or ""
        if answer and answer.status == 200 and kind.startswith(("text/html", "application/xhtml")):
            try:
                return server_of(literal(entry.request.url))
            except ValueError:
                continue
    return ""


def _told(request: _Request) -> str:
    """A request in a comment, without its query, which may be secret."""
    return f"{request.method} /{short_url(request.url).partition('://')[2].partition('/')[2]}"


def _is_asset(entry: _Entry) -> bool:
    path = entry.request.url.partition("?")[0].lower()
    content = entry.response.content if entry.response else None
    kind = (content.mime_type if content else None) or ""
    return path.endswith(_ASSETS) or kind.lower().startswith(_ASSET_TYPES)


def _moment(text: str | None) -> float | None:
    try:
        return datetime.fromisoformat(text or "").timestamp()
    except (ValueError, OverflowError):
        return None


def _number(value: float | str | None) -> float:
    try:
        return float(value or 0)
    except ValueError:
        return 0.0
